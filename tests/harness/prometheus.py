"""Debian's Prometheus on loopback, scraping what a test names.

    with Prometheus({"leakguard": "127.0.0.1:10780"}, rule_files=[rules]) as prometheus:
        prometheus.wait_for('up{job="leakguard"} == 1', seconds=15)
        value = prometheus.value('leakguard_workload_up{workload="chat"}')       # one float
        for labels, value in prometheus.query("leakguard_source_up"): ...
"""

import json
import os
import tempfile
import urllib.parse

from harness.process import Program, free_port, http_get, wait_until
from harness.requirements import find_program, require_programs


def require_prometheus():
    """Skips the test unless Prometheus is installed."""
    require_programs("prometheus", "promtool")


class Prometheus:
    """One server with a store of its own in a temporary folder. Use it as a context manager, from the main thread."""

    def __init__(self, targets, rule_files=(), scrape_interval="1s"):
        """`targets`: {job: "host:port"}, each scraped at /metrics and labelled with its job."""
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._folder = tempfile.TemporaryDirectory(prefix="leakguard-prometheus-")
        self._config = os.path.join(self._folder.name, "prometheus.yml")
        self._write_config(targets, rule_files, scrape_interval)
        self._program = None

    def __enter__(self):
        self._program = Program([
            find_program("prometheus"), f"--config.file={self._config}",
            f"--storage.tsdb.path={self._folder.name}/data", f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn"])
        try:
            self._program.wait_for_http(f"{self.address}/-/ready", seconds=30)
        except BaseException:
            self._program.stop()
            raise
        return self

    def __exit__(self, kind, error, trace):
        self._program.__exit__(kind, error, trace)
        self._folder.cleanup()

    def query(self, expression):
        """[(labels, value)] of an instant query at this moment; a scalar has empty labels. Raises with Prometheus's
        own words when the expression is wrong."""
        url = f"{self.address}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        _, body = http_get(url, seconds=20)
        answer = json.loads(body)
        if answer["status"] != "success":
            raise AssertionError(f"query {expression!r}: {answer.get('error')}")
        data = answer["data"]
        if data["resultType"] in ("scalar", "string"):
            return [({}, float(data["result"][1]))]
        return [(sample["metric"], float(sample["value"][1])) for sample in data["result"]]

    def value(self, expression):
        """The value of an expression that has exactly one answer."""
        answers = self.query(expression)
        if len(answers) != 1:
            raise AssertionError(f"query {expression!r} has {len(answers)} answers: {answers[:10]}")
        return answers[0][1]

    def wait_for(self, expression, seconds):
        """Waits until the expression has an answer (write the condition into it: `x > 3`); returns the answers."""
        return wait_until(lambda: self.query(expression), seconds, f"Prometheus to answer {expression!r}", every=0.2)

    def firing_alerts(self):
        """{(alert name, value of its label `workload` or "")} of the alerts that fire at this moment."""
        _, body = http_get(f"{self.address}/api/v1/alerts")
        return {(alert["labels"]["alertname"], alert["labels"].get("workload", ""))
                for alert in json.loads(body)["data"]["alerts"] if alert["state"] == "firing"}

    def _write_config(self, targets, rule_files, scrape_interval):
        # JSON is YAML, so nothing needs quoting by hand.
        config = {
            "global": {"scrape_interval": scrape_interval, "scrape_timeout": scrape_interval,
                       "evaluation_interval": scrape_interval},
            "rule_files": [os.path.abspath(path) for path in rule_files],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [address]}]}
                               for job, address in targets.items()],
        }
        with open(self._config, "w", encoding="utf-8") as file:
            json.dump(config, file)
