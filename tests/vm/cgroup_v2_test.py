"""Reading, caps, OOM counting, killing and the child's own cgroup on real cgroup v2: the same program that
tests/integration/kernel runs on this machine, inside the VM."""

import os
import re
import unittest

from harness.requirements import require_file
from harness.vm import require_vm, run_in_vm

KERNEL_TEST = os.environ.get("KERNEL_TEST", "")


class CgroupV2(unittest.TestCase):
    def test_what_the_guard_believes_of_the_kernel_holds_on_v2(self):
        status, output = run_in_vm({"/bin/kernel_test": KERNEL_TEST}, "kernel_test --gtest_color=no", seconds=200)
        self.assertEqual(status, 0, output)
        self.assertRegex(output, r"\[  PASSED  \] \d+ tests", output)
        self.assertEqual(re.findall(r"\[  SKIPPED \] (\S+)", output), [], "nothing is to be skipped on v2 with pressure")


if __name__ == "__main__":
    require_vm()
    require_file(KERNEL_TEST, "kernel_test")
    unittest.main(verbosity=2)
