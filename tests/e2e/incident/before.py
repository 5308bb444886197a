"""Before: every bound configured off. The service grows, is OOM-killed, is restarted by Docker, and does it again. The
guard only watches here, and must say all of it: in its metrics, in Prometheus's alerts, and in words."""

import unittest

from incident.load import Load
from incident.scene import UNBOUNDED, Scene, metric

LEAK_STATE = 'leakguard_workload_leak_state{workload="chat",state=~"growing|leaking"}'


class Before(unittest.TestCase):
    def test_the_leak_is_seen_as_growth_then_oom_kills_then_a_restart_loop(self):
        workloads = [{"name": "chat", "container": "chat", "restarts": {"max": 1, "within": "5m"},
                      "leak": {"enabled": True, "window": "10s"}}]
        with Scene(workloads) as scene:
            scene.start_chat(*UNBOUNDED, options=("--memory", "96m", "--memory-swap", "96m", "--restart", "always"))
            prometheus = scene.prometheus
            with Load(scene.chat_port, clients=3, question_bytes=12_000, turns_a_second=200):
                prometheus.wait_for(metric("workload_memory_growth_bytes_per_second") + " > 100000", 60)
                prometheus.wait_for(f"{LEAK_STATE} == 1", 60)
                self.assertRegex(scene.status(), r"memory grows by .* limit in \d+")
                prometheus.wait_for(metric("workload_memory_time_to_limit_seconds") + " < 600", 60)
                prometheus.wait_for(metric("workload_oom_kills_total") + " >= 2", 120)
                prometheus.wait_for(metric("workload_restart_loop") + " == 1", 30)
            self.assertGreaterEqual(scene.engine.inspect("chat")["RestartCount"], 2, "Docker itself counted the restarts")
            prometheus.wait_for(metric("workload_restarts_total", reason="oom_kill") + " >= 2", 10)
            self.assertGreater(prometheus.value(f"max_over_time({metric('workload_memory_working_set_bytes')}[2m])"), 40 << 20)

            words = scene.status()
            self.assertRegex(words, r"killed by the OOM killer ([2-9]|\d\d+) times")
            self.assertIn("in a restart loop", words)
            self.assertIn("chat: trouble", words)
            for alert in ("WorkloadOutOfMemoryKilled", "WorkloadRestartLoop"):
                prometheus.wait_for(f'ALERTS{{alertname="{alert}",workload="chat"}}', 30)
            print(words)


if __name__ == "__main__":
    unittest.main()
