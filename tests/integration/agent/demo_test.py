"""leakguard run without a configuration, by root, in a checkout that is closed to others (as one in /root is)."""

import os
import shutil
import tempfile
import unittest

from agent import BINARY, SECONDS, require_agent
from harness.process import Program
from harness.requirements import require_programs, require_root

STATE = "/var/lib/leakguard-demo"


class DemoTest(unittest.TestCase):
    def test_its_program_runs_as_nobody_although_nobody_may_look_into_the_checkout(self):
        if not os.path.exists(STATE):
            self.addCleanup(shutil.rmtree, STATE, ignore_errors=True)
        folder = self.enterContext(tempfile.TemporaryDirectory())  # mode 0700
        program = os.path.join(folder, "chatcore")
        with open(program, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\necho the program is $(id -un)\nexec sleep 1000\n")
        os.chmod(program, 0o755)
        # In a network of its own: the built-in configuration has a fixed port.
        command = ["unshare", "--net", "sh", "-c", f"ip link set lo up && exec {BINARY} run"]
        with Program(command, env={"PATH": f"{folder}:{os.environ['PATH']}"}, cwd=folder) as agent:
            agent.wait_for_line("the program is nobody", SECONDS)


if __name__ == "__main__":
    require_agent()
    require_root("run a program as nobody")
    require_programs("unshare", "ip")
    unittest.main()
