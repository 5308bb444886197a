"""The systemd units: no directive that systemd does not know, and hardened."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness.requirements import find_program, require_programs

CONFIGS = os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "configs")
# systemd's own exposure figure, 0 to 10; it calls up to 4.9 OK. The guard needs capabilities, the chat server none.
MOST_EXPOSURE = {"leakguard.service": 3.5, "chatcore.service": 1.5}


def analyze(*arguments):
    answer = subprocess.run([find_program("systemd-analyze"), *arguments], capture_output=True, text=True, timeout=60,
                            check=False)
    return answer.returncode, answer.stdout + answer.stderr


class Units(unittest.TestCase):
    def test_systemd_knows_every_directive(self):
        for name in MOST_EXPOSURE:
            # `verify` also wants the program to be installed; the units' own lines are what is tested here.
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                with open(f"{CONFIGS}/{name}", encoding="utf-8") as unit:
                    text = re.sub(r"^(Exec\w+=)/usr/bin/\w+", r"\1/bin/true", unit.read(), flags=re.MULTILINE)
                with open(f"{folder}/{name}", "w", encoding="utf-8") as copy:
                    copy.write(text)
                self.assertEqual(analyze("verify", f"{folder}/{name}"), (0, ""))

    def test_systemd_knows_the_socket_and_its_service(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/chatcore.service", "w", encoding="utf-8") as service:
                service.write("[Service]\nExecStart=/bin/true\n")
            shutil.copy(f"{CONFIGS}/chatcore.socket", folder)
            self.assertEqual(analyze("verify", f"{folder}/chatcore.socket"), (0, ""))

    def test_the_service_speaks_with_systemd(self):
        with open(f"{CONFIGS}/chatcore.service", encoding="utf-8") as unit:
            text = unit.read()
        for line in ("Type=notify", "WatchdogSec=30s", "ExecReload=/bin/kill -HUP $MAINPID"):
            self.assertIn(line, text.splitlines())

    def test_the_agent_speaks_with_systemd(self):
        with open(f"{CONFIGS}/leakguard.service", encoding="utf-8") as unit:
            lines = unit.read().splitlines()
        for line in ("Type=notify", "NotifyAccess=main", "WatchdogSec=30s", "RestartPreventExitStatus=78",
                     "StateDirectoryMode=0700", "ConfigurationDirectoryMode=0750"):
            self.assertIn(line, lines)

    def test_an_unknown_directive_would_be_found(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/wrong.service", "w", encoding="utf-8") as unit:
                unit.write("[Service]\nExecStart=/bin/true\nMemoryMaximum=1G\n")
            self.assertIn("MemoryMaximum", analyze("verify", f"{folder}/wrong.service")[1])

    def test_units_are_hardened(self):
        for name, most in MOST_EXPOSURE.items():
            with self.subTest(name):
                threshold = f"--threshold={int(most * 10)}"
                status, text = analyze("security", "--offline=yes", threshold, f"{CONFIGS}/{name}")
                self.assertEqual(status, 0, text[-200:])


if __name__ == "__main__":
    require_programs("systemd-analyze")
    unittest.main(verbosity=2)
