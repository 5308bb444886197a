"""The compose files: understood by docker-compose 1.29, with the incident's caps in them."""

import os
import shutil
import subprocess
import tempfile
import unittest

import yaml

from harness.requirements import find_program, require_programs

CONFIGS = os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "configs")
MIB = 1 << 20


def services_of(name):
    """The services as docker-compose itself understands the file, from a copy so that nothing is written here."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(f"{CONFIGS}/{name}", folder)
        answer = subprocess.run([find_program("docker-compose"), "--file", f"{folder}/{name}", "config"],
                                capture_output=True, text=True, timeout=60, check=False)
    if answer.returncode != 0:
        raise AssertionError(answer.stderr)
    return yaml.safe_load(answer.stdout)["services"]


def as_bytes(size):
    units = {"m": MIB, "g": MIB << 10}
    return int(size[:-1]) * units[size[-1]] if str(size)[-1] in units else int(size)


class ComposeFiles(unittest.TestCase):
    def assert_caps_of_the_incident(self, service):
        self.assertEqual(float(service["cpus"]), 0.8)
        self.assertEqual(as_bytes(service["mem_limit"]), 700 * MIB)
        self.assertEqual(as_bytes(service["mem_reservation"]), 512 * MIB)

    def assert_sidecar_sees_engine_and_cgroups(self, service):
        mounts = " ".join(service["volumes"])
        self.assertIn("/var/run/docker.sock:/var/run/docker.sock:ro", mounts)
        self.assertIn("/sys/fs/cgroup:/host/cgroup:ro", mounts)
        self.assertEqual(service["pid"], "host")

    def test_chatcore_under_its_caps_with_the_guard_beside_it(self):
        services = services_of("compose.yml")
        self.assert_caps_of_the_incident(services["chat"])
        self.assert_sidecar_sees_engine_and_cgroups(services["leakguard"])

    def test_the_node_application_unchanged_under_the_same_caps(self):
        services = services_of("compose.node-app.yml")
        self.assert_caps_of_the_incident(services["app"])
        self.assertEqual(services["app"]["environment"]["NODE_OPTIONS"], "--max-old-space-size=512")
        self.assert_sidecar_sees_engine_and_cgroups(services["leakguard"])

    def test_the_chat_server_knows_whom_to_answer(self):
        chat = services_of("compose.yml")["chat"]
        name = os.path.basename(chat["environment"]["CHATCORE_AUTH_KEYS_FILE"])
        self.assertIn(name, [secret["source"] for secret in chat["secrets"]])

    def test_every_port_is_published_on_loopback_only(self):
        for name in ("compose.yml", "compose.node-app.yml"):
            for service in services_of(name).values():
                for port in service["ports"]:
                    self.assertTrue(str(port).startswith("127.0.0.1:"), port)

    def test_the_guards_watch_the_containers_that_the_files_name(self):
        for compose, service, config in (("compose.yml", "chat", "leakguard.yml"),
                                         ("compose.node-app.yml", "app", "node-app.yml")):
            with open(f"{CONFIGS}/{config}", encoding="utf-8") as file:
                watched = yaml.safe_load(file)["workloads"][0]["container"]
            self.assertEqual(services_of(compose)[service]["container_name"], watched)


if __name__ == "__main__":
    require_programs("docker-compose")
    unittest.main(verbosity=2)
