"""The Grafana dashboard: importable, laid out without overlap, and asking only for metrics that exist."""

import unittest

from dashboards.catalogue import exported_metrics, metrics_in
from harness.dashboard import dashboard_queries, load_dashboard, panels_of
from harness.prometheus import Prometheus, require_prometheus

GRID_COLUMNS = 24


class Dashboard(unittest.TestCase):
    dashboard = load_dashboard()
    panels = panels_of(dashboard)

    def test_data_source_and_workload_are_chosen_by_the_reader(self):
        variables = {variable["name"]: variable["type"] for variable in self.dashboard["templating"]["list"]}
        self.assertEqual(variables, {"datasource": "datasource", "workload": "query"})

    def test_no_data_source_is_fixed(self):
        for panel in self.panels:
            for holder in (panel, *panel["targets"]):
                self.assertEqual(holder["datasource"], {"type": "prometheus", "uid": "${datasource}"}, panel["title"])

    def test_every_panel_has_a_title_a_unit_and_a_sentence_of_explanation(self):
        for panel in self.panels:
            with self.subTest(panel["title"]):
                self.assertTrue(panel["description"].endswith("."))
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
        self.assertEqual(len({panel["title"] for panel in self.panels}), len(self.panels))

    def test_ids_are_unique(self):
        ids = [panel["id"] for panel in self.dashboard["panels"]]
        self.assertEqual(len(ids), len(set(ids)))

    def test_panels_do_not_overlap(self):
        taken = {}
        for panel in self.dashboard["panels"]:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], GRID_COLUMNS, panel["title"])
            for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"])
                         for y in range(place["y"], place["y"] + place["h"])):
                self.assertNotIn(cell, taken, f"{panel['title']} lies over {taken.get(cell)}")
                taken[cell] = panel["title"]

    def test_every_metric_is_exported(self):
        for title, expression in dashboard_queries():
            with self.subTest(title):
                self.assertTrue(metrics_in(expression))
                self.assertEqual(metrics_in(expression) - exported_metrics(), set())

    def test_queries_about_workloads_heed_the_chosen_one(self):
        for title, expression in dashboard_queries(workload="CHOSEN"):
            if "leakguard_workload_" in expression or "leakguard_log_" in expression:
                self.assertIn('workload=~"CHOSEN"', expression, title)

    def test_prometheus_understands_every_query(self):
        with Prometheus({}) as prometheus:
            for title, expression in dashboard_queries():
                with self.subTest(title):
                    prometheus.query(expression)


if __name__ == "__main__":
    require_prometheus()
    unittest.main(verbosity=2)
