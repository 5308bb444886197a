"""leakguard exec on real cgroup v2 with pressure: the command's own cgroup, its caps, OOM kills and stalls."""

import os
import re
import unittest

from harness.requirements import require_file
from harness.vm import require_vm, run_in_vm

LEAKGUARD = os.environ.get("LEAKGUARD_BINARY", "")
WORKLOAD = os.environ.get("TEST_WORKLOAD", "")
HERE = os.path.dirname(os.path.abspath(__file__))


class AgentOnCgroupV2(unittest.TestCase):
    """One boot; the script prints what it finds as "fact NAME VALUE", and each test looks at its own."""

    @classmethod
    def setUpClass(cls):
        status, cls.output = run_in_vm(
            {"/bin/leakguard": LEAKGUARD, "/bin/test_workload": WORKLOAD, "/agent_v2.sh": f"{HERE}/agent_v2.sh"},
            "sh /agent_v2.sh", seconds=200)
        cls.facts = dict(re.findall(r"^fact (\S+) (.*)$", cls.output, re.MULTILINE))
        if status != 0:
            raise AssertionError(cls.output)

    def fact(self, name):
        self.assertIn(name, self.facts, self.output)
        return self.facts[name]

    def number(self, name):
        return float(self.fact(name))

    def test_the_command_has_a_cgroup_of_its_own_below_the_agents(self):
        self.assertEqual(self.fact("cgroup"), "/service/leakguard-job")
        self.assertEqual(self.fact("agent_cgroup"), "/service/leakguard-agent")

    def test_every_cap_is_in_force(self):
        self.assertEqual(self.fact("memory.max"), str(64 << 20))
        self.assertEqual(self.fact("memory.high"), str(56 << 20))
        self.assertEqual(self.fact("memory.low"), str(16 << 20))
        self.assertEqual(self.fact("cpu.max").split()[0], "50000")
        self.assertEqual(self.fact("pids.max"), "32")

    def test_caps_raised_by_hand_come_back_within_two_ticks(self):
        self.assertEqual(self.fact("raised.memory.max"), str(64 << 20))
        self.assertEqual(self.fact("raised.memory.high"), str(56 << 20))
        self.assertEqual(self.fact("raised.cpu.max").split()[0], "50000")
        # One more than two: a tick may pass between the last look at the files and the last scrape.
        self.assertLessEqual(self.number("ticks_after") - self.number("ticks_before"), 3)

    def test_no_cap_is_said_to_drift(self):
        self.assertEqual(self.fact("drifting"), "0")

    def test_pressure_is_counted_for_every_resource(self):
        self.assertEqual(self.fact("pressure_series"), "6", "memory, cpu and io; some and full")

    def test_the_host_has_pressure_too(self):
        self.assertEqual(self.fact("host_pressure_series"), "6")

    def test_an_oom_kill_is_counted_and_named_as_the_reason_of_the_restart(self):
        self.assertGreaterEqual(self.number("oom_kills"), 1)
        self.assertGreaterEqual(self.number("oom_restarts"), 1)

    def test_the_cgroup_goes_with_the_command(self):
        self.assertEqual(self.fact("cgroup_left"), "no")
        self.assertEqual(self.fact("exit_code"), "0")


if __name__ == "__main__":
    require_vm()
    require_file(LEAKGUARD, "the agent (target leakguard)")
    require_file(WORKLOAD, "the workload (target test_workload)")
    unittest.main(verbosity=2)
