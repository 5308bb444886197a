"""The agent on a real Podman: caps by its own update, memory by the cgroup, and what it cannot tell is said."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "agent"))

# pylint: disable=wrong-import-position
from agent import Agent, SECONDS, WORKLOAD, config_text, read, require_agent
from harness.podman import Podman, require_podman
from harness.process import free_port, wait_until
from probe import Probe, ask, require_probe

MIB = 1 << 20


class PodmanTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.podman = cls.enterClassContext(Podman())
        cls.podman.import_image("workload", {"/workload": WORKLOAD})

    def run_container(self, name, *options):
        self.addCleanup(self.podman.podman, "rm", "--force", "--time", "0", name, check=False)
        return self.podman.run("workload", *options, name=name, command=["/workload", "print", "hello", "1"])

    def kernel(self, name, controller, file):
        return int(read(f"{self.podman.cgroup(name, controller)}/{file}"))

    def test_the_incidents_caps_reach_a_container_that_had_none(self):
        identity = self.run_container("bare")
        self.assertEqual(ask(self.podman.socket, "caps", identity, f"memory={700 * MIB}", "cpus=0.8", "pids=512"),
                         {"ok": True})
        self.assertEqual(self.kernel("bare", "memory", "memory.limit_in_bytes"), 700 * MIB)
        self.assertEqual(self.kernel("bare", "cpu", "cpu.cfs_quota_us"), 80000)
        self.assertEqual(self.kernel("bare", "pids", "pids.max"), 512)

    def test_a_cap_that_the_kernel_refuses_is_told_in_its_words(self):
        identity = self.run_container("refused", "--memory", "64m")
        answer = ask(self.podman.socket, "caps", identity, f"reservation={96 * MIB}")
        self.assertIn("reservation", answer["message"])

    def test_the_description_which_keeps_the_old_limits_is_not_taken_for_those_in_force(self):
        with Probe(self.podman.socket, "watch") as probe:
            identity = self.run_container("described", "--memory", "64m")
            probe.wait_for_container("described", 20, state="running", id=identity, memory=0)

    def test_the_agent_sets_caps_once_and_reads_memory(self):
        with tempfile.TemporaryDirectory() as folder:
            config = os.path.join(folder, "leakguard.yml")
            with open(config, "w", encoding="utf-8") as file:
                file.write(config_text(folder, "  - {name: job, container: job, caps: {memory: 64m, cpus: 0.5, pids: 50}}\n",
                                       free_port(), self.podman.socket))
            self.run_container("job")
            with Agent.run(config) as agent:
                agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1)
                wait_until(lambda: self.kernel("job", "memory", "memory.limit_in_bytes") == 64 * MIB, SECONDS, "the cap")
                for resource in ("memory", "cpus", "pids"):
                    agent.wait_for_metric("leakguard_workload_cap_drift", lambda drift: drift == 0, resource=resource)
                self.assertEqual(self.kernel("job", "pids", "pids.max"), 50)
                self.assertEqual(self.kernel("job", "cpu", "cpu.cfs_quota_us"), 50000)
                agent.wait_for_metric("leakguard_workload_memory_usage_bytes", lambda usage: usage > 0)
                agent.wait_for_metric("leakguard_actions_total", lambda done: done == 1, action="caps", result="done")
                self.assertFalse(agent.metric("leakguard_actions_total", action="caps", result="failed"))


if __name__ == "__main__":
    require_podman()
    require_probe()
    require_agent()
    unittest.main(argv=sys.argv[:1], verbosity=2)
