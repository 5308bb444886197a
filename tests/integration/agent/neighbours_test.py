"""leakguard run beside containers as people have them: replicas, one-offs, strangers, pauses, full page caches."""

import json
import os
import tempfile
import unittest

from agent import Agent, SECONDS, WORKLOAD, config_text, read, require_agent
from harness.engine import Engine, require_engine
from harness.process import free_port, wait_until
from harness.requirements import find_program, require_programs

MIB = 1 << 20
RESTART = "rules: [{{name: high, when: {{{when}}}, do: [{{restart: {{drain: 1s}}}}], cooldown: 5s}}]"


def labels(number, one_off=False):
    """What compose writes on a container of the service `api`."""
    return [word for label in ("project=shop", "service=api", f"container-number={number}", f"oneoff={one_off}")
            for word in ("--label", f"com.docker.compose.{label}")]


class NeighboursTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(Engine())
        cls.engine.build_image("app", {"/workload": WORKLOAD, "/busybox": find_program("busybox")})

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def guard(self, workloads):
        config = os.path.join(self.folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, workloads, free_port(), self.engine.socket))
        agent = self.enterContext(Agent.run(config))
        agent.wait_until_ready()
        agent.wait_for_metric("leakguard_source_up", lambda up: up == 1, source="engine")
        return agent

    def start(self, name, *options, command):
        self.engine.run("app", *options, name=name, command=command)
        self.addCleanup(self.engine.remove, name)

    def quiet(self, name, *options):
        self.start(name, *options, command=["/workload", "print", "hello", "1"])

    def names(self, agent):
        return sorted(workload["name"] for workload in json.loads(agent.get("/api/v1/status")[1])["workloads"])

    def wait_for_names(self, agent, *names):
        wait_until(lambda: self.names(agent) == sorted(names), SECONDS, f"the workloads to be {names}", every=0.1)

    def limit(self, name):
        return int(read(f"{self.engine.cgroup(name, 'memory')}/memory.limit_in_bytes"))

    def pid(self, name):
        return self.engine.inspect(name)["State"]["Pid"]

    def test_each_replica_is_guarded_and_a_one_off_never(self):
        agent = self.guard("  - {name: api, compose: {project: shop, service: api}, caps: {memory: 64m}}\n")
        self.wait_for_names(agent, "api")
        self.quiet("shop_api_1", *labels(1))
        wait_until(lambda: self.limit("shop_api_1") == 64 * MIB, SECONDS, "the first to be capped")
        self.wait_for_names(agent, "api")
        self.quiet("shop_api_2", *labels(2))
        self.quiet("shop_api_3", *labels(3))
        self.quiet("shop_api_run_x", *labels(1, one_off=True))
        self.wait_for_names(agent, "api-1", "api-2", "api-3")
        for name in ("shop_api_2", "shop_api_3"):
            wait_until(lambda name=name: self.limit(name) == 64 * MIB, SECONDS, f"{name} to be capped")
        self.assertGreater(self.limit("shop_api_run_x"), 64 * MIB, "a one-off is no part of the service")
        self.engine.docker("rm", "--force", "shop_api_3")
        self.wait_for_names(agent, "api-1", "api-2")
        self.assertIsNone(agent.metric("leakguard_workload_up", workload="api-3"))
        self.assertNotIn("leakguard_workload_up{workload=\"api\"}", agent.get("/metrics")[1])
        for workload in ("api-1", "api-2"):
            self.assertEqual(agent.workload(workload)["lifecycle"]["restarts"], 0, "scaling is no restart")

    def test_a_stranger_that_wears_the_labels_is_one_more_workload(self):
        agent = self.guard("  - {name: api, container_label: role=api, caps: {memory: 64m}}\n")
        self.quiet("own", "--label", "role=api")
        wait_until(lambda: self.limit("own") == 64 * MIB, SECONDS, "the own one to be capped")
        self.quiet("stranger", "--label", "role=api")
        self.wait_for_names(agent, "api-own", "api-stranger")
        self.assertEqual(agent.workload("api-own")["identity"]["container_id"], self.engine.inspect("own")["Id"])

    def test_a_redeploy_is_no_restart(self):
        agent = self.guard("  - {name: web, container: web, restarts: {max: 3, within: 10m}}\n")
        for _ in range(4):
            self.engine.run("app", name="web", command=["/workload", "print", "hello", "1"])
            agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1)
            self.engine.docker("rm", "--force", "web")
            agent.wait_for_metric("leakguard_workload_up", lambda up: up == 0)
        counted = [line for line in agent.get("/metrics")[1].splitlines()
                   if line.startswith("leakguard_workload_restarts_total")]
        self.assertTrue(counted)
        self.assertEqual([line for line in counted if not line.endswith(" 0")], [])
        self.assertEqual(agent.metric("leakguard_workload_restart_loop"), 0)

    def test_a_paused_container_is_left_alone(self):
        overdue = RESTART.format(when="log_overdue: true")
        agent = self.guard("  - {name: job, container: job, expect_log: [{name: cleanup, pattern: hello, every: 2s, "
                           "grace: 1s}], " + overdue + "}\n")
        self.quiet("job")
        agent.wait_for_metric("leakguard_log_matches_total", lambda count: count >= 2)
        before = self.pid("job")
        self.engine.docker("pause", "job")
        wait_until(lambda: agent.workload("job")["lifecycle"]["state"] == "paused", SECONDS, "the pause to be seen")
        ticks = agent.metric("leakguard_ticks_total")
        agent.wait_for_metric("leakguard_ticks_total", lambda count: count >= ticks + 40)  # eight seconds
        self.engine.docker("unpause", "job")
        wait_until(lambda: agent.workload("job")["lifecycle"]["state"] == "running", SECONDS, "the end to be seen")
        self.assertEqual(self.pid("job"), before)
        self.assertIsNone(agent.metric("leakguard_actions_total", action="restart"))

    def test_a_stream_that_stops_at_a_rotation_restarts_nothing(self):
        self.restarts_nothing("100k")

    def test_a_log_in_which_no_line_stays_for_two_seconds_restarts_nothing(self):
        self.restarts_nothing("20k")

    def restarts_nothing(self, size):
        # With the `local` driver a followed stream stops at a rotation: for the engine nothing more is written.
        agent = self.guard("  - {name: noisy, container: noisy, expect_log: [{name: cleanup, pattern: 'Cleaned up', every: "
                           "4s, grace: 1s}], " + RESTART.format(when="log_overdue: true") + "}\n")
        self.start("noisy", "--log-driver", "local", "--log-opt", f"max-size={size}", "--log-opt", "max-file=5",
                   command=["/busybox", "sh", "-c", "while :; do /busybox seq 1 3000; echo Cleaned up; /busybox sleep 1; "
                            "done"])
        agent.wait_for_metric("leakguard_log_matches_total", lambda count: count >= 1)
        before = self.pid("noisy")
        ticks = agent.metric("leakguard_ticks_total")
        agent.wait_for_metric("leakguard_ticks_total", lambda count: count >= ticks + 200, 90)  # forty seconds
        self.assertEqual(self.pid("noisy"), before)
        self.assertIsNone(agent.metric("leakguard_actions_total", action="restart"))

    def test_a_silent_container_is_overdue_soon(self):
        agent = self.guard("  - {name: quiet, container: quiet, expect_log: [{name: cleanup, pattern: 'Cleaned up', every: "
                           "4s, grace: 1s}]}\n")
        self.quiet("quiet")
        agent.wait_for_metric("leakguard_log_overdue", lambda overdue: overdue == 1)

    def test_a_container_that_never_started_is_not_starting(self):
        agent = self.guard("  - {name: broken, container: broken}\n")
        self.engine.docker("run", "--detach", "--name", "broken", "--network", "host", "app", "/no-such-program",
                           check=False)
        self.addCleanup(self.engine.remove, "broken")
        wait_until(lambda: agent.workload("broken")["lifecycle"]["state"] == "stopped", SECONDS, "it to be stopped")

    def test_a_page_cache_that_fills_the_limit_restarts_nothing(self):
        agent = self.guard("  - {name: cache, container: cache, " + RESTART.format(when="memory: '> 85%'") + "}\n")
        self.start("cache", "--memory", "100m", command=["/busybox", "sh", "-c",
                   "/busybox dd if=/dev/zero of=/file bs=1M count=92; while :; do /busybox cat /file >/dev/null; done"])
        full = agent.wait_for_metric("leakguard_workload_memory_working_set_bytes", lambda size: size > 86 * MIB, 40)
        ticks = agent.metric("leakguard_ticks_total")
        agent.wait_for_metric("leakguard_ticks_total", lambda count: count >= ticks + 25)
        self.assertIsNone(agent.metric("leakguard_actions_total", action="restart"), f"working set {full}")
        self.assertLess(agent.metric("leakguard_workload_memory_unreclaimable_bytes"), 40 * MIB)

    def test_a_cap_that_the_engine_refuses_is_recorded_once_and_said_in_its_words(self):
        cpus = os.cpu_count() + 2
        agent = self.guard(f"  - {{name: big, container: big, caps: {{cpus: {cpus}}}}}\n")
        self.quiet("big", "--cpus", "1")
        agent.wait_for_metric("leakguard_workload_cap_refused", lambda refused: refused == 1, resource="cpus")
        ticks = agent.metric("leakguard_ticks_total")
        agent.wait_for_metric("leakguard_ticks_total", lambda count: count >= ticks + 60)  # twelve seconds: tried again
        self.assertEqual(agent.metric("leakguard_actions_total", action="caps", result="failed"), 1)
        self.assertIn("CPUs", agent.workload("big")["caps_refused"])
        self.assertEqual(len(json.loads(agent.get("/api/v1/actions")[1])["actions"]), 1)


if __name__ == "__main__":
    require_agent()
    require_engine()
    require_programs("busybox")
    unittest.main()
