"""The Prometheus harness: scrapes, answers, reports a wrong expression and a firing alert."""

import json
import tempfile
import unittest

from harness.prometheus import Prometheus, require_prometheus

RULES = {"groups": [{"name": "self", "rules": [
    {"alert": "Always", "expr": "up >= 0", "labels": {"workload": "chat"}},
    {"alert": "Never", "expr": "up > 1"}]}]}


class Queries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        rules = cls.enterClassContext(tempfile.NamedTemporaryFile("w", suffix=".yml"))
        json.dump(RULES, rules)
        rules.flush()
        dead_address = "127.0.0.1:1"
        cls.prometheus = cls.enterClassContext(Prometheus({"dead": dead_address}, rule_files=[rules.name]))

    def test_a_dead_target_is_down(self):
        self.prometheus.wait_for('up{job="dead"}', seconds=20)
        self.assertEqual(self.prometheus.value('up{job="dead"}'), 0.0)

    def test_an_expression_without_answer_is_not_a_value(self):
        with self.assertRaisesRegex(AssertionError, "0 answers"):
            self.prometheus.value("no_such_metric")

    def test_a_wrong_expression_is_told_in_words(self):
        with self.assertRaisesRegex(AssertionError, "parse error"):
            self.prometheus.query("up{")

    def test_only_the_true_alert_fires(self):
        self.prometheus.wait_for('ALERTS{alertstate="firing"}', seconds=20)
        self.assertEqual(self.prometheus.firing_alerts(), {("Always", "chat")})


if __name__ == "__main__":
    require_prometheus()
    unittest.main(verbosity=2)
