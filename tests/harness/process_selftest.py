"""Programs are waited for, and ended whatever happens to the test."""

import os
import signal
import subprocess
import sys
import unittest

from harness.process import DeadlinePassed, Program, free_port, wait_until


class Programs(unittest.TestCase):
    def test_a_line_is_waited_for(self):
        with Program(["sh", "-c", "echo one; sleep 0.2; echo two; sleep 60"]) as program:
            self.assertEqual(program.wait_for_line(r"^t(w)o$", seconds=5).group(1), "w")

    def test_a_line_that_never_comes_is_a_failure(self):
        with Program(["sleep", "60"]) as program, self.assertRaises(DeadlinePassed):
            program.wait_for_line("never", seconds=0.2)

    def test_a_program_that_ends_too_early_is_told_at_once_with_its_output(self):
        with Program(["sh", "-c", "echo broken; exit 3"]) as program:
            with self.assertRaisesRegex(AssertionError, "ended with 3(.|\n)*broken"):
                program.wait_for_line("never", seconds=60)

    def test_http_readiness_is_waited_for(self):
        port = free_port()
        command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
        with Program(command, cwd=os.path.dirname(__file__)) as server:
            self.assertIn("workload.cc", server.wait_for_http(f"http://127.0.0.1:{port}/", seconds=20))

    def test_one_that_ignores_sigterm_is_killed(self):
        program = Program(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], patience=0.5)
        program.wait_for_line("ready", seconds=5)
        self.assertEqual(program.stop(), -signal.SIGKILL)

    def test_killing_the_test_ends_its_programs(self):
        script = ("import time\nfrom harness.process import Program\n"
                  "print(Program(['sleep', '600']).pid, flush=True)\ntime.sleep(600)")
        with subprocess.Popen([sys.executable, "-B", "-c", script], stdout=subprocess.PIPE, text=True) as test:
            child = int(test.stdout.readline())
            test.kill()
        wait_until(lambda: not os.path.exists(f"/proc/{child}"), 10, "the child to end")


if __name__ == "__main__":
    unittest.main(verbosity=2)
