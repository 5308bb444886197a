"""TLS, client certificates and passwords of the agent's pages, as clients meet them. The cases are those that Prometheus'
exporter-toolkit tests its own server with, as far as they are about a server of HTTP/1.1."""

import base64
import http.client
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest
import warnings

from agent import Agent, BINARY, SECONDS, WORKLOAD, ask, require_agent, unique
from harness.process import free_port, http_get, wait_until
from harness.requirements import find_program

TLS = os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "tests/fixtures/tls")
SERVER = f"{{cert_file: {TLS}/server.pem, key_file: {TLS}/server.key"
# "open sesame"
ALICE = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"
AES_128, AES_256 = "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"


def client(certificate=None, highest=None, ciphers=None, curve=None):
    """A TLS client that trusts the test CA."""
    context = ssl.create_default_context(cafile=f"{TLS}/ca.pem")
    if certificate:
        context.load_cert_chain(f"{TLS}/{certificate}.pem", f"{TLS}/{certificate}.key")
    if highest:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = highest
            context.set_ciphers("ALL:@SECLEVEL=0")  # else the client itself would refuse an old version
    if ciphers:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
    if curve:
        context.set_ecdh_curve(curve)
    return context


class TlsTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def serve(self, web):
        """An agent with that web configuration; waits until it answers connections."""
        self.web = f"{self.folder}/web.yml"
        with open(self.web, "w", encoding="utf-8") as file:
            file.write(web)
        self.count = getattr(self, "count", 0) + 1
        agent = self.enterContext(Agent.exec(WORKLOAD, "print", "hello", "1", flags=[
            "--name", unique(f"tls-{self.id().rpartition('.')[2][5:40]}-{self.count}"), "--web-config-file", self.web]))
        agent.wait_for_line("listening", SECONDS)
        self.port = int(agent.url.rpartition(":")[2])
        return agent

    def get(self, context=None, path="/-/healthy", headers=None, host="localhost"):
        """(status, headers, body, cipher) over TLS with a context, else in plain text."""
        if context is None:
            connection = http.client.HTTPConnection(host, self.port, timeout=SECONDS)
        else:
            connection = http.client.HTTPSConnection(host, self.port, timeout=SECONDS, context=context)
        try:
            connection.request("GET", path, headers=headers or {})
            cipher = connection.sock.cipher()[0] if context else None
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode(), cipher
        finally:
            connection.close()

    def assert_served(self, context):
        self.assertEqual(self.get(context)[0], 200)

    # TLS 1.3 clients learn of a refusal with their first read.
    def assert_not_served(self, context):
        with self.assertRaises((ssl.SSLError, ConnectionError, http.client.BadStatusLine)):
            self.get(context)

    def test_a_client_of_http_is_told_to_use_https(self):
        self.serve(f"tls_server_config: {SERVER}}}\n")
        status, _, body, _ = self.get()
        self.assertEqual(status, 400)
        self.assertIn("https://", body)

    def test_a_client_of_https_fails_where_there_is_no_tls(self):
        self.serve("")
        self.assert_not_served(client())
        self.assert_served(None)

    def test_only_a_client_that_trusts_the_certificate_is_content(self):
        self.serve(f"tls_server_config: {SERVER}}}\n")
        self.assert_served(client())
        self.assert_not_served(ssl.create_default_context())

    def test_tls_1_2_and_1_3_are_spoken_and_nothing_below(self):
        self.serve(f"tls_server_config: {SERVER}}}\n")
        self.assert_served(client(highest=ssl.TLSVersion.TLSv1_2))
        self.assert_served(client(highest=ssl.TLSVersion.TLSv1_3))
        with self.assertRaisesRegex(ssl.SSLError, "(?i)alert protocol version"):
            self.get(client(highest=ssl.TLSVersion.TLSv1_1))

    def test_versions_are_as_configured(self):
        self.serve(f"tls_server_config: {SERVER}, min_version: TLS13}}\n")
        self.assert_not_served(client(highest=ssl.TLSVersion.TLSv1_2))
        self.assert_served(client())

    def test_cipher_suites_and_their_order_are_the_servers(self):
        suites = "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]"
        self.serve(f"tls_server_config: {SERVER}, {suites}}}\n")
        self.assertEqual(self.get(client(ciphers=f"{AES_128}:{AES_256}"))[3], AES_256)
        self.assertEqual(self.get(client(ciphers=AES_128))[3], AES_128)
        self.assert_not_served(client(ciphers="ECDHE-ECDSA-CHACHA20-POLY1305"))

    def test_suites_of_tls_1_3_alone_leave_none_for_tls_1_2(self):
        self.serve(f"tls_server_config: {SERVER}, cipher_suites: [TLS_AES_128_GCM_SHA256]}}\n")
        self.assert_served(client())
        self.assert_not_served(client(highest=ssl.TLSVersion.TLSv1_2))

    def test_the_order_may_be_the_clients(self):
        suites = ("cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256], "
                  "prefer_server_cipher_suites: false")
        self.serve(f"tls_server_config: {SERVER}, {suites}}}\n")
        self.assertEqual(self.get(client(ciphers=f"{AES_128}:{AES_256}"))[3], AES_128)

    def test_curves_are_as_configured(self):
        self.serve(f"tls_server_config: {SERVER}, curve_preferences: [CurveP521]}}\n")
        self.assert_served(client(curve="secp521r1"))
        self.assert_not_served(client(curve="secp384r1"))

    def test_any_certificate_will_do_where_one_is_only_required(self):
        self.serve(f"tls_server_config: {SERVER}, client_auth_type: RequireAnyClientCert}}\n")
        self.assert_served(client("stranger"))
        self.assert_not_served(client())

    def test_a_certificate_that_is_verified_must_be_signed(self):
        self.serve(f"tls_server_config: {SERVER}, client_auth_type: RequireAndVerifyClientCert, "
                   f"client_ca_file: {TLS}/ca.pem}}\n")
        self.assert_served(client("client"))
        self.assert_not_served(client("stranger"))
        self.assert_not_served(client())

    def test_a_certificate_that_is_given_is_verified(self):
        self.serve(f"tls_server_config: {SERVER}, client_auth_type: VerifyClientCertIfGiven, "
                   f"client_ca_file: {TLS}/ca.pem}}\n")
        self.assert_served(client())
        self.assert_served(client("client"))
        self.assert_not_served(client("stranger"))

    def test_a_certificate_must_have_a_name_that_is_allowed(self):
        verify = f"client_auth_type: RequireAndVerifyClientCert, client_ca_file: {TLS}/ca.pem"
        for name in ("client.test", "client@test", "192.0.2.7", "spiffe://test/client"):
            with self.subTest(name):
                self.serve(f"tls_server_config: {{cert_file: {TLS}/server.pem, key_file: {TLS}/server.key, {verify}, "
                           f"client_allowed_sans: [nobody, '{name}']}}\n")
                self.assert_served(client("client"))
        self.serve(f"tls_server_config: {SERVER}, {verify}, client_allowed_sans: [other.test, test]}}\n")
        self.assert_not_served(client("client"))

    def test_headers_are_added(self):
        self.serve("http_server_config: {headers: {X-Frame-Options: deny, Strict-Transport-Security: max-age=9}}\n")
        headers = self.get()[1]
        self.assertEqual((headers["X-Frame-Options"], headers["Strict-Transport-Security"]), ("deny", "max-age=9"))

    def test_requests_over_the_rate_are_refused(self):
        self.serve("rate_limit: {interval: 1h, burst: 2}\n")
        self.assertEqual([self.get()[0] for _ in range(3)], [200, 200, 429])

    def test_every_page_needs_a_password(self):
        self.serve(f"basic_auth_users: {{alice: {ALICE}}}\n")
        for path in ("/", "/metrics", "/-/healthy", "/-/ready", "/api/v1/status", "/nothing"):
            status, headers, _, _ = self.get(path=path)
            self.assertEqual(status, 401, path)
            self.assertIn("Basic realm", headers["WWW-Authenticate"])

        def with_password(user, password):
            token = base64.b64encode(f"{user}:{password}".encode()).decode()
            return self.get(headers={"Authorization": f"Basic {token}"})[0]

        self.assertEqual(with_password("alice", "open sesame"), 200)
        for user, password in (("alice", "wrong"), ("bob", "open sesame"), ("", ""), ("alice", "")):
            self.assertEqual(with_password(user, password), 401, user)

    def test_a_wrong_file_is_refused_at_the_start(self):
        with open(f"{self.folder}/web.yml", "w", encoding="utf-8") as file:
            file.write("tls_server_config: {cert_file: nowhere.pem, key_file: nowhere.key}\n")
        answer = ask("exec", "--listen", f"127.0.0.1:{free_port()}", "--web-config-file", f"{self.folder}/web.yml", "--",
                     WORKLOAD, "exit", "0")
        self.assertEqual(answer.returncode, 78, answer.stderr)
        self.assertIn("nowhere.pem: No such file", answer.stderr + answer.stdout)

    def test_one_that_never_ends_its_handshake_keeps_nobody_out(self):
        agent = self.serve(f"tls_server_config: {SERVER}}}\n")
        for _ in range(70):  # more than there are places
            silent = socket.create_connection(("localhost", self.port), timeout=SECONDS)
            self.addCleanup(silent.close)
            silent.send(b"\x16\x03\x01")
        self.assert_served(client())
        self.assertIsNone(agent.exit_code())

    def test_open_addresses_need_tls_and_a_password(self):
        def check(web, listen="0.0.0.0:10780"):
            for name, text in (("web.yml", web), ("leakguard.yml", f"agent: {{listen: ['{listen}'], "
                                                                   f"web_config_file: {self.folder}/web.yml}}\n")):
                with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            return ask("check-config", f"{self.folder}/leakguard.yml")

        for web, missing in (("", "tls_server_config"), (f"basic_auth_users: {{a: {ALICE}}}\n", "tls_server_config"),
                             (f"tls_server_config: {SERVER}}}\n", "basic_auth_users")):
            answer = check(web)
            self.assertEqual(answer.returncode, 78, web)
            self.assertIn(missing, answer.stderr)
        self.assertEqual(check(f"tls_server_config: {SERVER}}}\nbasic_auth_users: {{a: {ALICE}}}\n").returncode, 0)
        self.assertEqual(check(f"tls_server_config: {SERVER}, client_auth_type: RequireAndVerifyClientCert, "
                               f"client_ca_file: {TLS}/ca.pem}}\n").returncode, 0)


class DaemonTest(unittest.TestCase):
    """`run` with a configuration, its reload, and `status`."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        for name in ("server.pem", "server.key"):
            shutil.copy(f"{TLS}/{name}", self.folder)
        self.port = free_port()
        self.write("web.yml", "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
                              f"basic_auth_users: {{alice: {ALICE}}}\n")
        self.write("leakguard.yml",
                   f"agent: {{listen: [127.0.0.1:{self.port}], state_dir: {self.folder}/state, sample_interval: 200ms, "
                   f"web_config_file: {self.folder}/web.yml}}\nengine: {{socket: /nowhere/docker.sock}}\nworkloads: []\n")
        self.write("password", "open sesame\n")
        self.agent = self.enterContext(Agent([BINARY, "run", "--config", f"{self.folder}/leakguard.yml"], self.port))
        self.agent.wait_for_line("listening", SECONDS)

    def write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def certificate(self):
        return ssl.get_server_certificate(("127.0.0.1", self.port))

    def test_status_finds_the_agent_by_its_configuration(self):
        with_password = ["--user", "alice", "--password-file", f"{self.folder}/password"]
        config = ["--config", f"{self.folder}/leakguard.yml"]
        answer = wait_until(lambda: (lambda a: a if a.returncode == 0 else None)(ask("status", *config, *with_password)),
                            SECONDS, "the status")
        self.assertIn("no workloads are configured", answer.stdout)
        refused = ask("status", *config)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("--password-file", refused.stderr)
        by_address = ask("status", "--address", f"https://localhost:{self.port}", "--ca-file", f"{TLS}/ca.pem", *with_password)
        self.assertEqual(by_address.returncode, 0, by_address.stderr)
        plain = ask("status", "--address", f"localhost:{self.port}", *with_password)
        self.assertNotIn("http://", plain.stderr)
        distrusted = ask("status", "--address", f"https://localhost:{self.port}", *with_password)
        self.assertEqual(distrusted.returncode, 4)
        self.assertIn("certificate", distrusted.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_status_needs_no_right_to_read_the_private_key(self):
        os.chmod(self.folder, 0o755)
        os.chmod(f"{self.folder}/server.key", 0o600)
        shutil.copy(BINARY, f"{self.folder}/leakguard")  # the build folder may be closed to others
        answer = subprocess.run([f"{self.folder}/leakguard", "status", "--config", f"{self.folder}/leakguard.yml", "--user",
                                 "alice", "--password-file", f"{self.folder}/password"],
                                user=65534, capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual(answer.returncode, 0, answer.stderr)

    def test_status_repeats_what_the_agent_refuses(self):
        answer = ask("status", "--address", f"http://localhost:{self.port}")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("answered with status 400: This port requires HTTPS", answer.stderr)

    def test_sighup_shows_a_new_certificate_and_a_wrong_one_changes_nothing(self):
        before = self.certificate()
        shutil.copy(f"{TLS}/client.pem", f"{self.folder}/server.pem")
        self.agent.send(signal.SIGHUP)  # the key does not belong to it
        self.agent.wait_for_line("invalid configuration; the previous one stays in force", SECONDS)
        self.assertEqual(self.certificate(), before)
        shutil.copy(f"{TLS}/client.key", f"{self.folder}/server.key")
        self.agent.send(signal.SIGHUP)
        wait_until(lambda: self.certificate() != before, SECONDS, "the new certificate")

    def test_an_address_that_waits_for_a_restart_keeps_its_protection(self):
        with open(f"{self.folder}/leakguard.yml", encoding="utf-8") as file:
            config = file.read()
        self.write("leakguard.yml", config.replace(str(self.port), str(free_port())).replace(
            f", web_config_file: {self.folder}/web.yml", ""))
        for times in (1, 2):
            self.agent.send(signal.SIGHUP)
            self.agent.wait_for_line("configuration reloaded", SECONDS, count=times)
            self.assertEqual(http_get(f"http://localhost:{self.port}/api/v1/status")[0], 400, "plain text")

    def test_sighup_changes_the_users(self):
        self.write("web.yml", "tls_server_config: {cert_file: server.pem, key_file: server.key}\n"
                              f"basic_auth_users: {{bob: {ALICE}}}\n")
        self.agent.send(signal.SIGHUP)
        self.agent.wait_for_line("configuration reloaded", SECONDS)
        for user, code in (("alice", 1), ("bob", 0)):
            answer = ask("status", "--config", f"{self.folder}/leakguard.yml", "--user", user, "--password-file",
                         f"{self.folder}/password")
            self.assertEqual(answer.returncode, code, answer.stderr)

    @unittest.skipUnless(find_program("prometheus"), "prometheus is not installed")
    def test_prometheus_scrapes_it(self):
        port = free_port()
        self.write("prometheus.yml", f"""
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: leakguard
    scheme: https
    tls_config: {{ca_file: {TLS}/ca.pem, server_name: localhost}}
    basic_auth: {{username: alice, password: open sesame}}
    static_configs: [{{targets: ['127.0.0.1:{self.port}']}}]
""")
        prometheus = self.enterContext(Agent(
            [find_program("prometheus"), f"--config.file={self.folder}/prometheus.yml",
             f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{port}"], port))
        prometheus.wait_for_http(f"http://127.0.0.1:{port}/-/ready", SECONDS)
        wait_until(lambda: '"value":[' in prometheus.get("/api/v1/query?query=leakguard_build_info")[1], SECONDS,
                   "the agent's metrics in Prometheus")


if __name__ == "__main__":
    require_agent()
    unittest.main()
