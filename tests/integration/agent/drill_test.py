"""`leakguard drill` as an operator runs it, with the configurations that are shipped too."""

import json
import os
import tempfile
import unittest

from agent import BINARY, ask
from harness.requirements import require_file

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
        self.assertIn("would be told: oncall (webhook)", text)
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
        self.assertIn("there is no incident 'fire'", self.drill("fire", code=2).stderr)
        self.assertIn("--real is not there yet", self.drill("leak", "--real", code=2).stderr)
        self.assertIn("--at: no time", self.drill("leak", "--at", "noon", code=2).stderr)
        self.drill("leak", config=self.file("wrong.yml", "workloads: [{}]"), code=78)

    def test_the_shipped_examples_react_to_a_leak(self):
        for name in "leakguard.yml", "node-app.yml":
            for incident in "leak", "fast-leak":
                self.drill(incident, "--at", MONDAY, config=os.path.join(CONFIGS, name))


if __name__ == "__main__":
    unittest.main()
