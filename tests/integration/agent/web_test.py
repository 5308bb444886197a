"""The agent's pages as a client on the network meets them."""

import http.client
import json
import subprocess
import unittest

from agent import Agent, SECONDS, BINARY, WORKLOAD, require_agent, unique
from harness.requirements import find_program


class WebTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = unique("web")
        cls.agent = cls.enterClassContext(Agent.exec(WORKLOAD, "print", "hello", "1", flags=["--name", cls.name]))
        cls.agent.wait_until_ready()
        cls.address = cls.agent.url.removeprefix("http://")

    def request(self, method, path, host=None):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection(self.address, timeout=SECONDS)
        self.addCleanup(connection.close)
        connection.request(method, path, headers={"Host": host} if host else {})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()

    def test_metrics_are_in_prometheus_text_format(self):
        status, headers, body = self.request("GET", "/metrics")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        self.assertIn(f'leakguard_workload_up{{workload="{self.name}"}} 1\n', body)

    @unittest.skipUnless(find_program("promtool"), "promtool is not installed")
    def test_promtool_finds_nothing_wrong_with_the_metrics(self):
        body = self.request("GET", "/metrics")[2]
        answer = subprocess.run([find_program("promtool"), "check", "metrics"], input=body, text=True,
                                capture_output=True, timeout=SECONDS, check=False)
        self.assertEqual((answer.returncode, answer.stdout + answer.stderr), (0, ""))

    def test_the_status_is_json(self):
        status, headers, body = self.request("GET", "/api/v1/status")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        self.assertEqual(json.loads(body)["workloads"][0]["name"], self.name)

    def test_a_page_that_is_not_there_is_404(self):
        for path in ("/nothing", "/api/v1/workloads/nobody", "/api/v1/workloads/", "/metrics/more"):
            self.assertEqual(self.request("GET", path)[0], 404, path)

    def test_a_request_under_a_foreign_name_is_refused(self):
        port = self.address.partition(":")[2]
        for path in ("/", "/metrics", "/api/v1/status", f"/api/v1/workloads/{self.name}/history", "/-/healthy"):
            status, _, body = self.request("GET", path, host=f"rebound.example:{port}")
            self.assertEqual((status, self.name in body), (421, False), path)
            self.assertIn("web.allowed_hosts", body)
        for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
            self.assertEqual(self.request("GET", "/api/v1/status", host=host)[0], 200, host)

    def test_nothing_can_be_done_over_http(self):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            status, headers, _ = self.request(method, "/api/v1/actions")
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"), method)

    def test_head_has_no_body(self):
        status, _, body = self.request("HEAD", "/metrics")
        self.assertEqual((status, body), (200, ""))

    def test_the_status_page_loads_nothing_from_elsewhere(self):
        status, headers, body = self.request("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertNotIn("https://", body)

    def test_health_and_readiness(self):
        self.assertEqual(self.request("GET", "/-/healthy")[0], 200)
        self.assertEqual(self.request("GET", "/-/ready")[0], 200)

    def test_the_agent_measures_itself(self):
        self.assertGreater(self.agent.metric("process_resident_memory_bytes"), 1 << 20)
        self.assertGreater(self.agent.metric("process_open_fds"), 3)

    def test_a_port_that_is_taken_is_a_clear_error(self):
        answer = subprocess.run([BINARY, "exec", "--listen", self.address, "--", WORKLOAD, "exit", "0"],
                                capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual(answer.returncode, 1)
        self.assertRegex(answer.stderr, rf"cannot listen.*{self.address}.*in use")


if __name__ == "__main__":
    require_agent()
    unittest.main()
