"""leakguard run on a container engine that comes, goes, and comes back."""

import os
import tempfile
import unittest

from agent import Agent, SECONDS, WORKLOAD, config_text, read, require_agent
from harness.engine import Engine, require_engine
from harness.process import free_port, wait_until


class EngineTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.socket = os.path.join(self.folder, "docker.sock")
        config = os.path.join(self.folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, "  - {name: job, container: job, caps: {memory: 64m, pids: 50}}\n",
                                   free_port(), self.socket))
        self.agent = self.enterContext(Agent.run(config))
        self.agent.wait_until_ready()

    def wait_for_engine(self, up):
        self.agent.wait_for_metric("leakguard_source_up", lambda value: value == up, source="engine")

    def test_without_an_engine_it_runs_and_says_so_once(self):
        self.wait_for_engine(0)
        errors = self.agent.metric("leakguard_source_errors_total", source="engine")
        self.agent.wait_for_metric("leakguard_source_errors_total", lambda count: count >= errors + 3, source="engine")
        self.assertEqual(self.agent.output().count("container engine is down"), 1)
        self.assertIsNone(self.agent.metric("leakguard_workload_up"), "doubt is no state")
        self.assertEqual(self.agent.workload("job")["lifecycle"]["state"], "unknown")

    def test_it_picks_the_engine_up_when_it_comes_and_lives_through_its_end(self):
        self.wait_for_engine(0)
        with Engine() as engine:
            engine.build_image("workload", {"/workload": WORKLOAD}, entrypoint=["/workload"])
            os.symlink(engine.socket, self.socket)
            self.wait_for_engine(1)
            self.agent.wait_for_metric("leakguard_workload_up", lambda up: up == 0)
            engine.run("workload", "--memory", "256m", "--restart", "always", name="job",
                       command=["print", "hello", "1"])
            self.agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1)
            limit = f"{engine.cgroup('job', 'memory')}/memory.limit_in_bytes"
            wait_until(lambda: int(read(limit)) == 64 << 20, SECONDS, "the cap to be in force")
            self.agent.wait_for_metric("leakguard_workload_cap_drift", lambda drift: drift == 0, resource="memory")
            self.assertEqual(engine.inspect("job")["HostConfig"]["Memory"], 64 << 20)
            done = self.agent.metric("leakguard_actions_total", action="caps", result="done")
            engine.stop_daemon()
            self.wait_for_engine(0)
            self.assertIsNone(self.agent.metric("leakguard_workload_up"), "what cannot be seen is not said to be down")
            engine.start_daemon()
            self.wait_for_engine(1)
            self.agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1)
            self.assertEqual(self.agent.metric("leakguard_actions_total", action="caps", result="done"), done)
            self.assertEqual(self.agent.output().count("container engine is down"), 2, "said once each time")



if __name__ == "__main__":
    require_agent()
    require_engine()
    unittest.main()
