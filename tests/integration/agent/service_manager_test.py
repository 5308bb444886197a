"""leakguard run under a service manager: what systemd hears on NOTIFY_SOCKET, and what it does not hear."""

import os
import socket
import subprocess
import tempfile
import unittest

from agent import BINARY, config_text, require_agent, SECONDS, unique, USER, WORKLOAD
from harness.process import free_port

WRONG_CONFIGURATION = 78


class ServiceManagerTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.config = os.path.join(self.folder, "leakguard.yml")
        self.heard = self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.heard.bind(os.path.join(self.folder, "notify"))
        self.heard.settimeout(SECONDS)

    def start(self, workloads):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, workloads, free_port()))
        environment = {**os.environ, "NOTIFY_SOCKET": os.path.join(self.folder, "notify"), "WATCHDOG_USEC": "400000"}
        # pylint: disable-next=consider-using-with
        agent = subprocess.Popen([BINARY, "run", "--config", self.config], env=environment,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(agent.wait, SECONDS)
        self.addCleanup(agent.kill)
        return agent

    def hear(self):
        return self.heard.recv(4096).decode()

    def test_ready_then_alive_then_stopping(self):
        name = unique("web")
        agent = self.start(f"  - {{name: {name}, command: [{WORKLOAD}, print, hello, '0.2'], user: {USER}}}\n")
        self.assertEqual(self.hear(), "READY=1")
        for _ in range(3):
            self.assertEqual(self.hear(), "WATCHDOG=1")
        agent.terminate()
        while (text := self.hear()) == "WATCHDOG=1":
            pass
        self.assertEqual(text, "STOPPING=1")
        self.assertEqual(agent.wait(SECONDS), 0)

    def test_a_wrong_configuration_is_never_ready(self):
        agent = self.start("  - {name: web, comand: [x]}\n")
        self.assertEqual(agent.wait(SECONDS), WRONG_CONFIGURATION)
        self.heard.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.hear()


if __name__ == "__main__":
    require_agent()
    unittest.main(verbosity=2)
