"""leakguard run: SIGHUP takes a right configuration and keeps the old one in place of a wrong one."""

import json
import os
import signal
import tempfile
import unittest

from agent import Agent, config_text, require_agent, SECONDS, unique, USER, WORKLOAD
from harness.process import free_port, wait_until

RELOADED = "leakguard_config_last_reload_successful"

# Ignores SIGTERM, and says so: a rule on that line acts when the signal is ignored, not before.
STUBBORN = "command: [/bin/sh, -c, \"trap '' TERM; echo stubborn 1; while :; do sleep 0.1; done\"]"
WHEN_STUBBORN = ("expect_log: [{name: stubborn, pattern: 'stubborn (?P<n>[0-9]+)', every: 1h}]\n"
                 "    rules: [{name: old, when: {log_value: '> 0', log: stubborn, capture: n}, do: [%s], cooldown: 1h}]\n")


class ReloadTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.config = os.path.join(self.folder, "leakguard.yml")
        self.port = free_port()
        self.web, self.worker = unique("web"), unique("worker")

    def prints(self, name, text="hello", more=""):
        return f"  - {{name: {name}, command: [{WORKLOAD}, print, {text}, '0.2'], user: {USER}{more}}}\n"

    def write(self, *workloads):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, "".join(workloads), self.port))

    def start(self, *workloads):
        self.write(*workloads)
        agent = self.enterContext(Agent.run(self.config))
        agent.wait_until_ready()
        return agent

    def reload(self, agent, times):
        agent.send(signal.SIGHUP)
        agent.wait_for_line("configuration reloaded", SECONDS, count=times)

    def pid(self, agent, name):
        return agent.workload(name)["identity"]["pid"]

    def test_a_wrong_configuration_leaves_the_old_one_in_force(self):
        agent = self.start(self.prints(self.web))
        self.assertEqual(agent.metric(RELOADED), 1)
        before = agent.metric("leakguard_config_last_reload_success_timestamp_seconds")
        self.write("  - {name: web, comand: [x]}\n")
        agent.send(signal.SIGHUP)
        agent.wait_for_metric(RELOADED, lambda value: value == 0)
        self.assertEqual(agent.metric("leakguard_config_last_reload_success_timestamp_seconds"), before)
        self.assertEqual(agent.metric("leakguard_workload_up", workload=self.web), 1)
        agent.wait_for_line(r"invalid configuration; the previous one stays in force.*comand", SECONDS)

    def test_a_right_configuration_after_a_wrong_one_is_taken(self):
        agent = self.start(self.prints(self.web))
        self.write("  - nonsense\n")
        agent.send(signal.SIGHUP)
        agent.wait_for_metric(RELOADED, lambda value: value == 0)
        self.write(self.prints(self.web))
        self.reload(agent, 1)
        agent.wait_for_metric(RELOADED, lambda value: value == 1)

    def test_what_did_not_change_runs_on_and_what_is_new_starts(self):
        agent = self.start(self.prints(self.web))
        pid = self.pid(agent, self.web)
        self.write(self.prints(self.web), self.prints(self.worker))
        self.reload(agent, 1)
        agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1, workload=self.worker)
        self.assertEqual(self.pid(agent, self.web), pid)
        self.assertEqual(agent.metric("leakguard_workload_restarts_total", workload=self.web, reason="clean"), 0)

    def test_what_is_gone_is_stopped_and_takes_its_series_with_it(self):
        agent = self.start(self.prints(self.web), self.prints(self.worker))
        pid = self.pid(agent, self.worker)
        self.write(self.prints(self.web))
        self.reload(agent, 1)
        wait_until(lambda: not os.path.exists(f"/proc/{pid}"), SECONDS, "the worker to end")
        wait_until(lambda: self.worker not in agent.get("/metrics")[1], SECONDS, "its series to go")
        self.assertEqual(agent.get(f"/api/v1/workloads/{self.worker}")[0], 404)

    def test_what_changed_runs_in_its_new_form(self):
        agent = self.start(self.prints(self.web, "before"))
        agent.wait_for_line("^before$", SECONDS)
        pid = self.pid(agent, self.web)
        self.write(self.prints(self.web, "after"))
        self.reload(agent, 1)
        agent.wait_for_line("^after$", SECONDS)
        self.assertFalse(os.path.exists(f"/proc/{pid}"), "never two at once")

    def test_it_waits_for_the_end_of_what_is_being_done(self):
        agent = self.start(f"  - name: {self.web}\n    {STUBBORN}\n    " + WHEN_STUBBORN % "{stop: {drain: 2s}}")
        agent.wait_for_line('msg="acting"', SECONDS)
        agent.send(signal.SIGHUP)
        agent.wait_for_line("reload deferred until the running action ends", SECONDS)
        agent.wait_for_line("configuration reloaded", SECONDS)
        output = agent.output()
        self.assertLess(output.index("action ended"), output.index("configuration reloaded"))
        agent.wait_for_metric("leakguard_stop_latched", lambda is_open: is_open == 1, workload=self.web)

    def test_during_a_restart_that_drains_for_ten_seconds_the_outcome_is_recorded_once(self):
        stubborn = f"  - name: {self.web}\n    user: {USER}\n    stop: {{timeout: 100ms}}\n    {STUBBORN}"
        agent = self.start(f"{stubborn}\n    " + WHEN_STUBBORN % "{restart: {drain: 10s}}")
        agent.wait_for_line('msg="acting"', SECONDS)
        pid = self.pid(agent, self.web)
        self.write(stubborn + "\n", self.prints(self.worker))
        for _ in range(3):
            agent.send(signal.SIGHUP)
        agent.wait_for_line("reload deferred until the running action ends", SECONDS)
        self.assertEqual(agent.get(f"/api/v1/workloads/{self.worker}")[0], 404, "not taken yet")
        self.assertTrue(os.path.exists(f"/proc/{pid}"), "the restart still drains")
        agent.wait_for_line("configuration reloaded", SECONDS)
        self.assertFalse(os.path.exists(f"/proc/{pid}"))
        self.assertLess(agent.output().index("action ended"), agent.output().index("configuration reloaded"))

        agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1, workload=self.worker)
        wait_until(lambda: self.pid(agent, self.web) not in (0, pid), SECONDS, "the next run")

        def outcomes():
            with open(f"{self.folder}/state/actions.jsonl", encoding="utf-8") as file:
                return [line["outcome"] for line in map(json.loads, file) if line["rule"] == "old"]

        wait_until(lambda: len(outcomes()) >= 2, SECONDS, "the journal to be written")
        self.assertEqual(outcomes(), [None, "done"])
        restarts = [action for action in json.loads(agent.get("/api/v1/actions")[1])["actions"]
                    if action["rule"] == "old"]
        self.assertEqual([action["outcome"] for action in restarts], ["done"])
        self.assertEqual(agent.output().count("configuration reloaded"), 1)

    def test_counts_and_log_watches_live_on_across_a_hundred_reloads(self):
        watch = ", expect_log: [{name: greeting, pattern: hello}]"
        agent = self.start(self.prints(self.web, more=watch))
        self.reload(agent, 1)
        for times in range(2, 101):
            agent.send(signal.SIGHUP)
            agent.wait_for_line("configuration reloaded", SECONDS, count=times)
        agent.wait_for_metric("leakguard_log_matches_total", lambda count: count >= 1, log="greeting")
        self.assertEqual(agent.stop(), 0)


if __name__ == "__main__":
    require_agent()
    unittest.main()
