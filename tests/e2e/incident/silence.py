"""Silence: a sweeper that has stopped makes its line overdue after `every` + `grace`. A log stream that breaks is another
thing: the source goes down, and overdue stays as it was."""

import time
import unittest

from harness.process import wait_until
from incident.scene import BOUNDED, CLEANUP_PATTERN, Scene, metric

EVERY, GRACE = 4, 3


def workload(name):
    return {"name": name, "container": name, "expect_log": [
        {"name": "cleanup", "pattern": CLEANUP_PATTERN, "every": f"{EVERY}s", "grace": f"{GRACE}s"}]}


OVERDUE = metric("log_overdue", log="cleanup")
SOURCE_UP = metric("log_source_up", log="cleanup")


class Silence(unittest.TestCase):
    def test_a_sweeper_that_stopped_is_overdue_after_its_interval_and_grace(self):
        with Scene([workload("chat")]) as scene:
            began = time.time()
            scene.start_chat("--conversation-sweep-interval", "off")
            scene.prometheus.wait_for(f"{OVERDUE} == 0", 10)
            scene.prometheus.wait_for(f"{OVERDUE} == 1", EVERY + GRACE + 15)
            after = time.time() - began
            self.assertGreaterEqual(after, EVERY + GRACE)
            self.assertEqual(scene.prometheus.value(SOURCE_UP), 1)
            self.assertIn("is overdue", scene.status())
            print(f"overdue was seen {after:.1f} s after the start; {EVERY} s + {GRACE} s are allowed")

    def test_a_broken_stream_is_not_a_missing_line(self):
        with Scene([workload("chat")]) as scene:
            prometheus = scene.prometheus
            scene.start_chat(*BOUNDED)
            prometheus.wait_for(metric("log_matches_total", log="cleanup") + " >= 2", 20)
            scene.engine.kill_daemon()
            broke = time.monotonic()
            prometheus.wait_for(f"{SOURCE_UP} == 0", 15)
            prometheus.wait_for('leakguard_source_up{source="engine"} == 0', 15)
            # Long past the moment at which the line would be overdue if the silence counted.
            wait_until(lambda: time.monotonic() > broke + 2 * (EVERY + GRACE), 30, "twice the allowed silence", every=0.2)
            self.assertEqual(prometheus.value(f"max_over_time({OVERDUE}[30s])"), 0)
            self.assertIn("cannot be read", scene.status())

            scene.engine.start_daemon()
            prometheus.wait_for('leakguard_source_up{source="engine"} == 1', 20)


if __name__ == "__main__":
    unittest.main()
