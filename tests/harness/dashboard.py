"""The Grafana dashboard's queries, for tests that hold them against a real Prometheus.

    from harness.dashboard import assert_dashboard_nonempty

    assert_dashboard_nonempty(prometheus)        # fails naming every panel whose query has no answer
"""

import json
import os
import re

_DASHBOARD = os.path.join(os.path.dirname(__file__), "..", "..", "dashboards", "grafana", "leakguard.json")


def load_dashboard(path=_DASHBOARD):
    """The dashboard as Grafana would import it."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def panels_of(dashboard):
    """All panels that show data; rows, which only group them, apart."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def dashboard_queries(rate_interval="15s", workload=".*", path=_DASHBOARD):
    """[(panel title, expression)] of every query, with Grafana's variables replaced as it would replace them.
    `rate_interval` should be at least four scrape intervals, as Grafana's own choice is."""
    values = {"workload": workload, "__rate_interval": rate_interval}

    def value_of(match):
        return values[match.group(1) or match.group(2)]

    return [(panel["title"], re.sub(r"\$(?:(\w+)|\{(\w+)\})", value_of, target["expr"]))
            for panel in panels_of(load_dashboard(path)) for target in panel["targets"]]


def assert_dashboard_nonempty(prometheus, rate_interval="15s", except_panels=()):
    """Asks every query of a running Prometheus (see prometheus.py) and fails with those that have no answer.

    `except_panels`: titles of panels that have nothing to show in this test; each must be one of the dashboard's, and
    must indeed be empty, so that the list cannot outlive its reason."""
    answered, empty = set(), {}
    for title, expression in dashboard_queries(rate_interval):
        if prometheus.query(expression):
            answered.add(title)
        else:
            empty.setdefault(title, []).append(expression)
    problems = [f"no answer in panel {title!r}: {expression}"
                for title, expressions in empty.items() if title not in except_panels for expression in expressions]
    problems += [f"panel {title!r} is excepted and yet not empty" for title in except_panels if title not in empty]
    if problems:
        raise AssertionError("\n".join(problems))
    return len(answered)
