"""`leakguard drill` as an operator runs it, with the configurations that are shipped too."""

import json
import os
import subprocess
import tempfile
import unittest

from agent import BINARY, ask
from harness.requirements import require_file
from receiver import Receiver

CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "configs")
MONDAY = "2026-01-05T12:00:00Z"  # no maintenance
RULES = """
      - {name: tell, when: {time_to_limit: '< 1h', for: 2m}, do: [notify], cooldown: 30m}
      - {name: high, when: {memory: '> 93%', for: 3s}, do: [{restart: {drain: 30s}}], cooldown: 1m}
"""


class DrillTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_file(BINARY, "the agent (target leakguard)")
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="leakguard-drill-"))
        cls.config = cls.file("agent.yml", cls.workloads("app"))

    @staticmethod
    def workloads(*names):
        return ("notify:\n  - {name: oncall, webhook: {url: 'http://127.0.0.1:1/'}}\nworkloads:\n" + "".join(
            f"  - name: {name}\n    container: {name}\n    caps: {{memory: 700m}}\n    rules:{RULES}" for name in names))

    @classmethod
    def file(cls, name, text):
        path = os.path.join(cls.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def drill(self, *arguments, config=None, code=0):
        answer = ask("drill", *arguments, "--config", config or self.config)
        self.assertEqual(answer.returncode, code, answer.stdout + answer.stderr)
        return answer

    def test_it_lists_the_incidents(self):
        names = "leak fast-leak oom-kill restart-loop log-silence cpu-throttle source-down".split()
        for arguments in (), ("list",):
            answer = ask("drill", *arguments)
            self.assertEqual((answer.returncode, [line.split()[0] for line in answer.stdout.splitlines()]), (0, names))

    def test_a_configuration_that_reacts_passes(self):
        document = json.loads(self.drill("leak", "--json").stdout)
        self.assertEqual((document["verdict"], document["workload"]), ("PASS", "app"))
        self.assertEqual(document["receivers"], ["oncall (webhook)"])
        self.assertEqual(document["actions"]["restart"], 1)
        self.assertIsNone(document["killed_seconds"])
        self.assertGreater(document["first_act_seconds"] - document["first_word_seconds"], 600)
        text = self.drill("leak").stdout
        self.assertIn("would restart (rule high): memory", text)
        self.assertIn("would be notified: oncall (webhook)", text)
        self.assertTrue(text.splitlines()[-1].startswith("PASS: rule tell would notify after"), text)

    def test_one_that_does_not_fails_and_is_told_what_to_add(self):
        last = self.drill("oom-kill", code=1).stdout.splitlines()[-1]
        self.assertTrue(last.startswith("FAIL: no rule of `app` reacts to it: add for example {name: killed"), last)

    def test_one_workload_of_several_is_chosen(self):
        two = self.file("two.yml", self.workloads("app", "db"))
        self.assertIn("say which with --workload: app, db", self.drill("leak", config=two, code=2).stderr)
        self.assertIn("drill leak of db", self.drill("leak", "--workload", "db", config=two).stdout)
        self.drill("leak", "--workload", "nobody", config=two, code=2)

    def test_in_a_maintenance_window_nothing_is_enforced(self):
        window = self.workloads("app") + "    maintenance: [{from: '11:00', to: '18:00', days: [mon], zone: UTC}]\n"
        config = self.file("window.yml", window)
        text = self.drill("leak", "--at", MONDAY, config=config).stdout
        self.assertIn("maintenance (rule high): restart not done", text)
        self.assertIn("all the same it is killed", text)
        self.assertNotIn("killed", self.drill("leak", "--at", "2026-01-06T12:00:00Z", config=config).stdout)

    def test_wrong_use(self):
        self.assertIn("unknown incident 'fire'", self.drill("fire", code=2).stderr)
        self.assertIn("--at: no time", self.drill("leak", "--at", "noon", code=2).stderr)
        self.drill("leak", config=self.file("wrong.yml", "workloads: [{}]"), code=78)

    def test_the_shipped_examples_react_to_a_leak(self):
        for name in "leakguard.yml", "node-app.yml":
            for incident in "leak", "fast-leak":
                self.drill(incident, "--at", MONDAY, config=os.path.join(CONFIGS, name))


class RealDrillTest(unittest.TestCase):
    """On a process of the test's own, with a receiver of its own."""

    def setUp(self):
        require_file(BINARY, "the agent (target leakguard)")
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="leakguard-drill-"))
        self.process = subprocess.Popen(["sleep", "600"])
        self.addCleanup(self.process.wait)
        self.addCleanup(self.process.kill)
        self.file("pid", str(self.process.pid))
        self.receiver = self.enterContext(Receiver())

    def told(self):
        return [document for _, _, document in self.receiver.received]

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def drill(self, *flags, pid_file="pid", action="stop: {drain: 5s}"):
        config = self.file("agent.yml", f"""
notify:
  - {{name: oncall, webhook: {{url: '{self.receiver.url}/hook'}}}}
workloads:
  - name: app
    pid_file: {self.folder}/{pid_file}
    rules:
      - {{name: killed, when: {{oom_kills: '> 0'}}, do: [notify, {{{action}}}]}}
""")
        return ask("drill", "oom-kill", "--config", config, *flags)

    def test_without_the_flag_nobody_is_told_and_nothing_is_touched(self):
        self.assertEqual(self.drill().returncode, 0)
        self.assertIsNone(self.process.poll())
        self.assertEqual(self.receiver.received, [])

    def test_with_it_people_are_told_that_it_is_a_drill_and_the_workload_is_stopped(self):
        answer = self.drill("--real", "--json")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(json.loads(answer.stdout)["verdict"], "PASS")
        self.assertEqual(self.process.wait(10), -15)
        self.assertEqual([told["action"] for told in self.told()], ["notify", "stop"])
        for told in self.told():
            self.assertTrue(told["reason"].startswith("DRILL (oom-kill), not an incident: "), told)
            self.assertEqual((told["workload"], told["outcome"]), ("app", "done"))
        self.assertIn("real: stop (rule killed): ended by itself; oncall was notified", answer.stderr)

    def test_a_receiver_that_refuses_fails_the_drill(self):
        self.receiver = self.enterContext(Receiver(status=500))
        answer = self.drill("--real", action="signal: {name: CONT}")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("oncall was not notified: the receiver answered 500", answer.stderr)
        self.assertIsNone(self.process.poll())

    def test_a_workload_that_does_not_run_is_left_alone(self):
        answer = self.drill("--real", pid_file="nothing")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("nothing was done", answer.stderr)
        self.assertEqual(self.receiver.received, [])

    def test_a_command_is_for_its_own_agent(self):
        config = self.file("command.yml", "workloads:\n  - name: app\n    command: [sleep, '1']\n    rules:\n"
                           "      - {name: killed, when: {oom_kills: '> 0'}, do: [notify]}\n")
        answer = ask("drill", "oom-kill", "--config", config, "--real")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("a child of the running agent", answer.stderr)


if __name__ == "__main__":
    unittest.main()
