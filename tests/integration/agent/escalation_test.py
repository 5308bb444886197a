"""An escalation on a real workload: the stronger step follows when a step does not help, and a stopped workload stays stopped."""

import json
import os
import signal
import tempfile
import unittest

from agent import Agent, ask, config_text, require_agent, SECONDS, unique, USER, WORKLOAD
from harness.process import free_port, wait_until
from receiver import Receiver


class EscalationTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.name = unique("climbs")
        self.held = os.path.join(self.folder, "state", "stopped", self.name)
        self.config = os.path.join(self.folder, "leakguard.yml")

    def write(self, workloads):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, workloads, free_port()))

    def write_escalation(self, shed_url):
        """A workload that holds 40 MiB of 64 soon after each start, and an escalation that does not like more than 30."""
        self.write(f"""\
  - name: {self.name}
    command: [{WORKLOAD}, grow, 200m, 40m]
    user: {USER}
    caps: {{memory: 64m}}
    rules:
      - name: high
        when: {{memory: '> 30m', for: 400ms}}
        escalate:
          - {{do: [{{shed: {{url: '{shed_url}'}}}}], until: {{memory: '< 20m'}}, within: 600ms}}
          - {{do: [{{restart: {{drain: 5s}}}}], within: 3s}}
          - {{do: [{{stop: {{drain: 5s}}}}]}}
        cooldown: 1h
""")

    def start(self):
        agent = self.enterContext(Agent.run(self.config))
        agent.wait_until_ready()
        return agent

    def journal(self):
        with open(f"{self.folder}/state/actions.jsonl", encoding="utf-8") as file:
            return [line for line in map(json.loads, file) if line["rule"] == "high"]

    def wait_for_stop_latch(self, agent, value):
        agent.wait_for_metric("leakguard_stop_latched", lambda seen: seen == value, workload=self.name)

    def release(self):
        with open(self.held, "w", encoding="ascii") as marker:
            marker.write("start\n")

    def climb(self):
        """The agent, with the escalation at its end."""
        # It takes what is to be shed and does nothing about it: that is what the escalation is for.
        self.write_escalation(self.enterContext(Receiver()).url + "/admin/shed")
        agent = self.start()
        self.wait_for_stop_latch(agent, 1)
        return agent

    def test_a_shed_that_does_not_help_is_followed_by_a_restart_and_that_by_a_stop(self):
        agent = self.climb()
        for action in ("shed", "restart", "stop"):
            agent.wait_for_metric("leakguard_actions_total", lambda count: count == 1, action=action, result="done",
                                  rule="high")
        agent.wait_for_metric("leakguard_workload_up", lambda up: up == 0, workload=self.name)

        journal = self.journal()
        decided = [(line["action"], line["step"], line["steps"]) for line in journal if line["outcome"] is None]
        self.assertEqual(decided, [("shed", 1, 3), ("restart", 2, 3), ("stop", 3, 3)])
        effects = {line["action"]: line["effect"] for line in journal if line["effect"]}
        self.assertRegex(effects["shed"], "memory is still [34].* MiB after")
        self.assertRegex(next(line["reason"] for line in journal if line["action"] == "restart"),
                         "step 2 of 3: memory is still")

        words = [sentence["text"] for sentence in agent.workload(self.name)["words"]]
        self.assertIn(f"stopped by rule high, start it manually: echo start > {self.folder}/state/stopped/{self.name}", words)
        self.assertTrue(os.path.exists(self.held))

    def test_what_a_rule_has_stopped_stays_so_with_the_next_agent_until_its_marker_says_start(self):
        first = self.climb()
        wait_until(lambda: os.path.exists(self.held), SECONDS, "the file of what is held")
        first.send(signal.SIGTERM)
        first.wait(SECONDS)

        self.write(f"  - {{name: {self.name}, command: [{WORKLOAD}, print, hello, '0.2'], user: {USER}}}\n")
        agent = self.start()
        self.wait_for_stop_latch(agent, 1)
        self.assertEqual(agent.workload(self.name)["identity"]["pid"], 0)
        os.remove(self.held)
        agent.wait_for_line("the stop marker was removed; the workload stays stopped", SECONDS)
        self.assertEqual(agent.workload(self.name)["identity"]["pid"], 0)
        self.release()
        self.wait_for_stop_latch(agent, 0)
        self.assertEqual(agent.metric("leakguard_workload_up", workload=self.name), 1)

    def test_a_restart_loop_is_ended_and_begins_anew_when_its_marker_says_start(self):
        self.write(f"""\
  - name: {self.name}
    command: [/bin/false]
    backoff: {{initial: 100ms, max: 100ms}}
    restarts: {{max: 3, within: 1m}}
    rules: [{{name: high, when: {{restart_loop: true}}, do: [notify, stop]}}]
""")
        agent = self.start()
        self.wait_for_stop_latch(agent, 1)
        wait_until(lambda: agent.workload(self.name)["lifecycle"]["state"] == "stopped", SECONDS,
                   "it no longer waits to be started again")
        runs = agent.output().count('msg="started"')
        wait_until(lambda: os.path.exists(self.held), SECONDS, "the file of what is held")
        self.release()
        agent.wait_for_line("workload was started again", SECONDS)
        self.assertGreater(agent.output().count('msg="started"'), runs)

    def test_what_depends_on_a_restarted_workload_is_restarted_after_it(self):
        front = unique("front")
        self.write(f"""\
  - name: {front}
    command: [{WORKLOAD}, print, hello, '0.2']
    user: {USER}
    depends_on: [{self.name}]
  - name: {self.name}
    command: [{WORKLOAD}, grow, 200m, 40m]
    user: {USER}
    rules: [{{name: high, when: {{memory: '> 30m', for: 400ms}}, do: [restart], cooldown: 1h}}]
""")
        agent = self.start()
        agent.wait_for_metric("leakguard_actions_total", lambda count: count == 1, action="restart", result="done",
                              rule="depends_on", workload=front)
        actions = [(action["workload"], action["rule"]) for action in
                   json.loads(agent.get("/api/v1/actions")[1])["actions"] if action["action"] == "restart"]
        self.assertEqual(actions, [(front, "depends_on"), (self.name, "high")], "the newest first")

    def test_check_config_shows_a_circle_of_dependencies(self):
        self.write("  - {name: app, command: [a], depends_on: [db]}\n  - {name: db, command: [b], depends_on: [app]}\n")
        result = ask("check-config", self.config)
        self.assertEqual(result.returncode, 78)
        self.assertRegex(result.stdout + result.stderr, r"leakguard\.yml:4:\d+: .*in a circle: app → db → app")


if __name__ == "__main__":
    require_agent()
    unittest.main()
