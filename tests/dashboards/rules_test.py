"""The alert rules: well formed, tested, explained, and about metrics that exist."""

import os
import subprocess
import unittest

import yaml

from dashboards.catalogue import SOURCE, exported_metrics, metrics_in
from harness.prometheus import require_prometheus
from harness.requirements import find_program

FOLDER = os.path.join(SOURCE, "dashboards")


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return yaml.safe_load(file)


def promtool(*arguments):
    command = [find_program("promtool"), *arguments]
    return subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)


PROGRAMS = ("leakguard", "chatcore")


class Rules(unittest.TestCase):
    rules = [rule for program in PROGRAMS for group in load(f"{program}.rules.yml")["groups"]
             for rule in group["rules"]]
    alerts = [rule for rule in rules if "alert" in rule]

    def test_promtool_finds_nothing_to_complain_of(self):
        for program in PROGRAMS:
            answer = promtool("check", "rules", "--lint=all", "--lint-fatal", f"{program}.rules.yml")
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_the_rules_behave_as_their_tests_say(self):
        for program in PROGRAMS:
            answer = promtool("test", "rules", f"{program}.rules.test.yml")
            self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_the_example_configuration_is_one(self):
        answer = promtool("check", "config", "prometheus.example.yml")
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_every_alert_has_a_case_that_fires_and_one_that_does_not(self):
        fires, silent = set(), set()
        for case in (case for program in PROGRAMS for case in load(f"{program}.rules.test.yml")["tests"]):
            for check in case["alert_rule_test"]:
                (fires if check["exp_alerts"] else silent).add(check["alertname"])
        names = {alert["alert"] for alert in self.alerts}
        self.assertEqual(names - fires, set(), "never seen firing")
        self.assertEqual(names - silent, set(), "never seen silent")

    def test_every_alert_says_how_bad_what_and_where_to_read_on(self):
        for alert in self.alerts:
            with self.subTest(alert["alert"]):
                self.assertIn(alert["labels"]["severity"], ("critical", "warning"))
                self.assertTrue(alert["annotations"]["summary"] and alert["annotations"]["description"])
                self.assertEqual(alert["annotations"]["runbook_url"], f"docs/runbooks/{alert['alert']}.md")

    def test_alerts_and_runbooks_are_one_to_one(self):
        pages = {name.removesuffix(".md") for name in os.listdir(f"{SOURCE}/docs/runbooks")} - {"README"}
        self.assertEqual(pages, {alert["alert"] for alert in self.alerts})

    def test_every_runbook_has_its_three_parts(self):
        for alert in self.alerts:
            path = f"{SOURCE}/docs/runbooks/{alert['alert']}.md"
            with self.subTest(alert["alert"]), open(path, encoding="utf-8") as page:
                text = page.read()
                parts = [text.find(f"\n## {part}\n") for part in ("What it means", "What to look at", "What to do")]
                self.assertTrue(-1 not in parts and parts == sorted(parts), parts)

    def test_every_metric_in_a_rule_is_exported(self):
        for rule in self.rules:
            with self.subTest(rule.get("alert") or rule.get("record")):
                self.assertEqual(metrics_in(rule["expr"]) - exported_metrics(), set())


if __name__ == "__main__":
    require_prometheus()
    unittest.main(verbosity=2)
