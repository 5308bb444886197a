"""Guarded: the leaking service under the guard's rules is never OOM-killed, and nobody loses a message that was
acknowledged. Once by shedding alone, once by restarts with a drain."""

import unittest

from incident.load import Load, lost_messages
from incident.scene import UNBOUNDED, Scene, metric


class Guarded(unittest.TestCase):
    def test_shedding_keeps_it_below_its_cap(self):
        def workloads(scene):
            return [{"name": "chat", "container": "chat", "rules": [
                {"name": "shed", "when": {"memory": "> 60%"}, "cooldown": "1s",
                 "do": [{"shed": {"url": f"http://127.0.0.1:{scene.chat_port}/admin/shed", "target": "30%"}}]}]}]

        with Scene(workloads) as scene:
            outcomes = self._run(scene, "shed", actions=3)
            self.assertEqual(outcomes.not_connected, 0)
            self.assertEqual(scene.engine.inspect("chat")["RestartCount"], 0)

    def test_restarting_with_a_drain_loses_nothing(self):
        workloads = [{"name": "chat", "container": "chat", "rules": [
            {"name": "restart", "when": {"memory": "> 60%"}, "cooldown": "1s", "do": [{"restart": {"drain": "10s"}}]}]}]
        with Scene(workloads) as scene:
            self._run(scene, "restart", actions=2)

    def _run(self, scene, action, actions):
        """Loads the service until the guard has acted so often; returns the clients' outcomes."""
        scene.start_chat(*UNBOUNDED, options=("--memory", "96m", "--memory-swap", "96m", "--restart", "always"))
        done = metric("actions_total", action=action, rule=action, result="done")
        with Load(scene.chat_port, clients=2, question_bytes=16_000, turns_a_second=250) as load:
            scene.prometheus.wait_for(f"{done} >= {actions}", 120)
        outcomes = load.outcomes
        peak = scene.prometheus.value(f"max_over_time({metric('workload_memory_working_set_bytes')}[3m])")
        print(f"{action}: {len(outcomes.acknowledged)} acknowledged, {outcomes.refused} refused with Retry-After, "
              f"{outcomes.not_connected} tries while nobody listened, peak {peak / 2**20:.0f} of 96 MiB")
        self.assertEqual(outcomes.broken, [])
        self.assertEqual(scene.prometheus.value(metric("workload_oom_kills_total")), 0)
        self.assertFalse(any(kind == "oom" for _, kind in scene.engine.events("chat")))
        # A guard that still finds too much memory may restart the service once more, in the midst of the count.
        scene.guard.stop()
        scene.wait_for_chat()
        self.assertEqual(lost_messages(scene.chat_port, outcomes.acknowledged), [])
        return outcomes


if __name__ == "__main__":
    unittest.main()
