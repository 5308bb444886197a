"""The VM itself: cgroup v2, pressure, OOM counting and CPU caps are real in it, and a failure is told."""

import os
import unittest

from harness.process import DeadlinePassed
from harness.requirements import require_file
from harness.vm import require_vm, run_in_vm

WORKLOAD = os.environ.get("TEST_WORKLOAD", "")

KERNEL_SCRIPT = r"""
set -eu
echo "controllers: $(cat /sys/fs/cgroup/cgroup.controllers)"
echo "pressure: $(ls /proc/pressure | tr '\n' ' ')"

group=/sys/fs/cgroup/leaky
mkdir $group
echo 16M >$group/memory.max
sh -c "echo \$\$ >$group/cgroup.procs; exec test_workload grow 64m" || echo "workload ended with $?"
echo "after: $(grep '^oom_kill ' $group/memory.events)"

group=/sys/fs/cgroup/calm
mkdir $group
echo 64M >$group/memory.max
sh -c "echo \$\$ >$group/cgroup.procs; exec test_workload grow 64m 8m" &
for attempt in $(seq 100); do
  [ "$(cat $group/memory.current)" -gt 8000000 ] && break
  sleep 0.1
done
echo "calm: $(grep '^oom_kill ' $group/memory.events)"
echo 1 >$group/cgroup.kill
wait || true

group=/sys/fs/cgroup/burner
mkdir $group
echo "20000 100000" >$group/cpu.max
sh -c "echo \$\$ >$group/cgroup.procs; exec test_workload burn" &
sleep 2
echo "throttled: $(sed -n 's/^nr_throttled //p' $group/cpu.stat)"
echo 1 >$group/cgroup.kill
"""


class Vm(unittest.TestCase):
    def test_cgroup_v2_and_pressure_are_real(self):
        status, output = run_in_vm({"/bin/test_workload": WORKLOAD}, KERNEL_SCRIPT)
        self.assertEqual(status, 0, output)
        for controller in ("cpu", "memory", "pids", "io", "cpuset"):
            self.assertRegex(output, rf"(?m)^controllers:.*\b{controller}\b")
        self.assertIn("pressure: cpu io memory", output)
        self.assertIn("workload ended with 137", output)
        self.assertIn("after: oom_kill 1", output)
        self.assertIn("calm: oom_kill 0", output)
        self.assertRegex(output, r"throttled: [1-9]")

    def test_status_and_output_of_the_script_come_back(self):
        self.assertEqual(run_in_vm({}, "echo one; echo two >&2; exit 7"), (7, "one\ntwo\n"))

    def test_a_script_that_hangs_is_told_with_the_console(self):
        with self.assertRaisesRegex(DeadlinePassed, "hanging now"):
            run_in_vm({}, "echo hanging now; sleep 600", seconds=30)

    def test_a_dynamic_program_runs(self):
        self.assertEqual(run_in_vm({"/usr/bin/real-id": "/usr/bin/id"}, "real-id -u"), (0, "0\n"))


if __name__ == "__main__":
    require_vm()
    require_file(WORKLOAD, "test_workload")
    unittest.main(verbosity=2)
