"""After: the same load against the defaults (clock shortened). Memory stays flat, nothing restarts, CPU stays under its
cap, and the cleanup line comes at every interval. Every panel of the dashboard has something to show."""

import os
import time
import unittest

from harness.dashboard import assert_dashboard_nonempty
from harness.process import wait_until
from incident.load import Load
from incident.scene import BOUNDED, CLEANUP_PATTERN, Scene, metric

SECONDS = int(os.environ.get("INCIDENT_SECONDS", "75"))
# Conversations stay long enough to fill the budget also where a busy machine answers fewer of them: what is compared is
# then the same memory, whatever the load came to.
FULL = ("--conversation-ttl", "20s", *BOUNDED[2:])


class After(unittest.TestCase):
    def test_the_same_load_stays_flat(self):
        workloads = [{"name": "chat", "container": "chat", "leak": {"enabled": True, "window": "20s"},
                      "caps": {"memory": "64m", "memory_reservation": "48m", "cpus": 0.8, "pids": 256},
                      "expect_log": [{"name": "cleanup", "pattern": CLEANUP_PATTERN, "every": "2s", "grace": "3s"}]}]
        with Scene(workloads) as scene:
            scene.start_chat(*FULL, options=("--memory", "64m", "--memory-swap", "64m", "--restart", "always"))
            prometheus = scene.prometheus
            prometheus.wait_for(metric("workload_up") + " == 1", 10)
            with Load(scene.chat_port, clients=4) as load:
                self._watch(prometheus)
            self.assertEqual(load.outcomes.broken, [])
            self.assertGreater(len(load.outcomes.acknowledged), SECONDS * 10, "the load was a load")
            self._judge(scene, prometheus)
            assert_dashboard_nonempty(prometheus, except_panels=())
            print(f"{len(load.outcomes.acknowledged)} turns acknowledged, {load.outcomes.refused} refused with Retry-After")

    def _watch(self, prometheus):
        """Lets the load run, and takes the average working set of the second and the last third at their ends."""
        working_set = metric("workload_memory_working_set_bytes")
        third = SECONDS // 3
        began = time.monotonic()
        averages = []
        for end in (2 * third, 3 * third):
            wait_until(lambda passed=end: time.monotonic() >= began + passed, SECONDS, "the load to run", every=0.2)
            averages.append(prometheus.value(f"avg_over_time({working_set}[{third}s])"))
        self.second, self.last = averages
        for name in ("working_set", "anon"):
            series = metric(f"workload_memory_{name}_bytes")
            past = [prometheus.query(f"{series} offset {ago}s") for ago in range(SECONDS - 5, 0, -5)]
            print(f"{name}, MiB, every 5 s:", *(f"{answers[0][1] / 2**20:.1f}" for answers in past if answers))

    def _judge(self, scene, prometheus):
        print(f"working set: second third {self.second / 2**20:.1f} MiB, last third {self.last / 2**20:.1f} MiB,"
              f" ratio {self.last / self.second:.3f}")
        self.assertLessEqual(self.last, 1.05 * self.second)
        self.assertEqual(scene.engine.inspect("chat")["RestartCount"], 0)
        self.assertEqual(prometheus.value(metric("workload_oom_kills_total")), 0)
        self.assertEqual(prometheus.value(f"max_over_time({metric('workload_restart_loop')}[{SECONDS}s])"), 0)
        cpu = prometheus.value(f"rate({metric('workload_cpu_usage_seconds_total')}[{SECONDS}s])")
        print(f"CPU {cpu:.2f} cores")
        self.assertLessEqual(cpu, 0.8 * 1.05)
        log = dict(log="cleanup")
        self.assertGreaterEqual(prometheus.value(metric("log_matches_total", **log)), SECONDS / 2 - 3)
        self.assertEqual(prometheus.value(f"max_over_time({metric('log_overdue', **log)}[{SECONDS}s])"), 0)
        self.assertGreater(prometheus.value('chatcore_evictions_total{reason="ttl"}')
                           + prometheus.value('chatcore_evictions_total{reason="budget"}'), 0)
        self.assertIn("chat: ok", scene.status())


if __name__ == "__main__":
    unittest.main()
