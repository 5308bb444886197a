"""A rule from its breach to what people are told: the action, the journal, the metrics and the receivers."""

import json
import os
import signal
import tempfile
import unittest

from agent import Agent, ask, config_text, require_agent, SECONDS, unique, USER, WORKLOAD
from harness.process import free_port, wait_until
from receiver import Receiver

LIMIT = "64m"


class RulesTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.name = unique("grows")

    def start(self, action, notify="", more=""):
        """A workload that soon holds 40 MiB of 64, and a rule that does not like more than 30."""
        workload = (f"  - name: {self.name}\n    command: [{WORKLOAD}, grow, 200m, 40m]\n    user: {USER}\n    caps: {{memory: {LIMIT}}}\n"
                    f"    rules:\n      - {{name: high, when: {{memory: '> 30m', for: 400ms}}, do: [{action}], "
                    f"cooldown: 1h}}\n")
        config = os.path.join(self.folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, workload, free_port()) + notify)
        agent = self.enterContext(Agent.run(config))
        agent.wait_until_ready()
        return agent

    def test_a_rule_on_more_cpu_than_the_host_has_is_said(self):
        config = os.path.join(self.folder, "leakguard.yml")
        workload = (f"  - name: {self.name}\n    command: [/bin/sleep, '600']\n    user: {USER}\n    rules:\n"
                    "      - {name: hot, when: {cpu: '> 4000'}, do: [notify]}\n"
                    "      - {name: warm, when: {cpu: '> 0.9'}, do: [notify]}\n")
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, workload, free_port()))
        checked = ask("check-config", config)
        self.assertEqual(checked.returncode, 0, "another host may have as many: " + checked.stderr)
        agent = self.enterContext(Agent.run(config))
        agent.wait_until_ready()
        cores = int(agent.metric("leakguard_host_cores"))
        why = f"it needs more than 4000 cores and the host has {cores}"
        agent.wait_for_line(f"this rule cannot fire: {why}.*hot", SECONDS)
        agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1)
        words = ask("status", "--address", agent.url.removeprefix("http://")).stdout
        self.assertIn(f"rule hot cannot fire: {why}", words)
        self.assertNotIn("warm", words)
        agent.send(signal.SIGHUP)
        agent.wait_for_line(f"this rule cannot fire: {why}.*hot", SECONDS, count=2)

    def wait_for_action(self, agent, action, result):
        agent.wait_for_metric("leakguard_actions_total", lambda count: count == 1, action=action, result=result,
                              rule="high")

    def journal(self):
        """The lines about the rule; those about caps are others' business. Written beside the loop: wait for them."""
        if not os.path.exists(f"{self.folder}/state/actions.jsonl"):
            return []
        with open(f"{self.folder}/state/actions.jsonl", encoding="utf-8") as file:
            return [line for line in map(json.loads, file) if line["rule"] == "high"]

    def test_a_restart_is_carried_out_once_and_written_down_before_and_after(self):
        agent = self.start("{restart: {drain: 5s}}")
        before = agent.workload(self.name)["identity"]["pid"]
        self.wait_for_action(agent, "restart", "done")
        wait_until(lambda: agent.workload(self.name)["identity"]["pid"] not in (0, before), SECONDS, "the next run")
        wait_until(lambda: len(self.journal()) == 2, SECONDS, "the journal to be written")
        decided, done = self.journal()
        self.assertEqual((decided["outcome"], done["outcome"]), (None, "done"))
        self.assertRegex(decided["reason"], "memory .* above 30 MiB")
        self.assertIn("memory", decided["evidence"])
        self.assertEqual(agent.metric("leakguard_breach_to_action_seconds_count"), 1)
        self.assertGreaterEqual(agent.metric("leakguard_breach_to_action_seconds_sum"), 0.4)
        agent.wait_for_metric("leakguard_workload_restarts_total", lambda count: count == 1, reason="clean")

    def test_all_actions_of_a_rule_are_carried_out(self):
        agent = self.start("notify, {signal: {name: TERM}}")
        self.wait_for_action(agent, "notify", "skipped")  # no receiver is configured
        self.wait_for_action(agent, "signal", "done")

    def test_people_are_told(self):
        token = os.path.join(self.folder, "token")
        with open(token, "w", encoding="utf-8") as file:
            file.write("s3cret\n")
        hook, alerts = self.enterContext(Receiver()), self.enterContext(Receiver())
        agent = self.start("notify", "notify:\n"
                           f"  - {{name: hook, webhook: {{url: '{hook.url}/told', bearer_token_file: '{token}'}}}}\n"
                           f"  - {{name: oncall, alertmanager: {{url: '{alerts.url}'}}}}\n")
        wait_until(lambda: any(told[2]["rule"] == "high" for told in hook.received), SECONDS, "the webhook")
        path, authorization, action = next(told for told in hook.received if told[2]["rule"] == "high")
        self.assertEqual((path, authorization), ("/told", "Bearer s3cret"))
        self.assertEqual((action["workload"], action["outcome"]), (self.name, "done"))
        wait_until(lambda: any(told[2][0]["labels"]["rule"] == "high" for told in alerts.received), SECONDS, "the alert")
        self.assertEqual(alerts.received[0][0], "/api/v2/alerts")
        self.assertNotIn("s3cret", agent.output() + agent.get("/metrics")[1])

    def test_a_receiver_that_refuses_is_logged_and_stops_nothing(self):
        hook = self.enterContext(Receiver(status=500))
        agent = self.start("notify", f"notify:\n  - {{name: hook, webhook: {{url: '{hook.url}'}}}}\n")
        agent.wait_for_line("a notification was not delivered.*500", SECONDS)
        ticks = agent.metric("leakguard_ticks_total")
        agent.wait_for_metric("leakguard_ticks_total", lambda count: count > ticks)

    def test_an_action_that_fails_says_why(self):
        agent = self.start(f"{{shed: {{url: 'http://127.0.0.1:{free_port()}/admin/shed'}}}}")
        self.wait_for_action(agent, "shed", "failed")
        wait_until(lambda: self.journal() and self.journal()[-1]["outcome"], SECONDS, "the journal to be written")
        self.assertRegex(self.journal()[-1]["result"], r"(?i)connect")


if __name__ == "__main__":
    require_agent()
    unittest.main()
