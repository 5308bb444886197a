"""Names of the metrics that the two programs export, read out of the sources that define them."""

import glob
import os
import re

SOURCE = os.environ.get("LEAKGUARD_SOURCE_DIR") or os.path.join(os.path.dirname(__file__), "..", "..")

# Made by Prometheus itself at every scrape.
_BY_PROMETHEUS = {"up"}
_METRIC = re.compile(r"\b(?:leakguard|chatcore|process)_[a-z0-9_]+\b(?!:)")


def exported_metrics():
    """Every string literal in the two programs' sources that is a metric's name."""
    names = set(_BY_PROMETHEUS)
    for source in (glob.glob(f"{SOURCE}/guard/telemetry/*.cc") + glob.glob(f"{SOURCE}/chatcore/*.cc")
                   + glob.glob(f"{SOURCE}/chatcore/api/*.cc")):
        with open(source, encoding="utf-8") as file:
            names.update(re.findall(r'"((?:leakguard|chatcore|process)_[a-z0-9_]+)"', file.read()))
    return names


def metrics_in(expression):
    """The metrics that a PromQL expression reads; recorded series (with a colon) are not metrics of a program.
    A histogram's parts count as the histogram."""
    without_recorded = re.sub(r"\b[a-zA-Z_]+:[a-zA-Z0-9_:]+", "", expression)
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in _METRIC.findall(without_recorded)}
