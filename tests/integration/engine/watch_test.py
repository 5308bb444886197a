"""What the guard sees of a real engine: containers, starts, OOM kills, and the engine itself coming and going."""

import json
import re
import subprocess
import sys
import time
import unittest

from harness.engine import Engine, require_engine
from harness.process import wait_until
from probe import IMAGE, WORKLOAD, Probe, ask, require_probe


class WatchTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(Engine())
        cls.engine.build_image(IMAGE, {"/workload": WORKLOAD}, entrypoint=["/workload"])

    def setUp(self):
        self.probe = self.enterContext(Probe(self.engine.socket, "watch"))
        wait_until(lambda: self.probe.view().get("events_up"), 10, "the watch to be up")

    def run_container(self, name, *options, command):
        self.addCleanup(self.engine.remove, name)
        return self.engine.run(IMAGE, *options, name=name, command=command)

    def test_a_container_is_seen_with_its_caps_and_gone_when_removed(self):
        identity = self.run_container("plain", "--memory", "64m", "--cpus", "0.5", command=["print", "hello", "1"])
        self.probe.wait_for_container("plain", 5, state="running", id=identity, memory=64 << 20, cpus=0.5, starts=1, oom=0)
        self.engine.remove("plain")
        wait_until(lambda: not self.probe.container("plain"), 5, "the container to be gone")
        self.assertEqual([kind for kind in self.probe.events("plain") if kind in ("create", "start", "die", "destroy")],
                         ["create", "start", "die", "destroy"])

    def test_nine_megabytes_of_labels_on_a_neighbour_hide_nobody(self):
        self.addCleanup(self.engine.remove, "huge")
        labels = {f"label{number}": "x" * (1 << 20) for number in range(9)}
        body = json.dumps({"Image": IMAGE, "Labels": labels, "HostConfig": {"NetworkMode": "none"}})
        created = subprocess.run(["curl", "--silent", "--fail", "--unix-socket", self.engine.socket, "--header",
                                  "Content-Type: application/json", "--data", "@-",
                                  "http://engine/containers/create?name=huge"],
                                 input=body.encode(), capture_output=True, timeout=60, check=False)
        self.assertEqual(created.returncode, 0, created.stderr)
        identity = self.run_container("guarded", "--memory", "64m", command=["print", "hello", "1"])
        self.probe.wait_for_container("guarded", 10, state="running", id=identity, inspected=True, memory=64 << 20)
        self.probe.wait_for_container("huge", 10, state="created")
        self.assertTrue(self.probe.view()["events_up"], "the event carries the labels too")
        self.assertEqual(self.probe.view()["errors"], 0)
        peak = int(re.search(r"VmHWM:\s+(\d+)", self.probe.proc_status()).group(1))
        self.assertLess(peak, 32 << 10, f"{peak} KiB at its peak")

    def test_a_raised_cap_is_seen_at_once(self):
        self.run_container("raised", "--memory", "64m", command=["print", "hello", "1"])
        self.probe.wait_for_container("raised", 5, memory=64 << 20)
        self.engine.docker("update", "--memory", "96m", "--memory-swap", "96m", "raised")
        self.probe.wait_for_container("raised", 2, memory=96 << 20)

    def test_every_restart_by_policy_is_counted_once(self):
        self.run_container("failing", "--restart", "on-failure:4", command=["exit", "3", "0.1"])
        self.probe.wait_for_container("failing", 30, state="exited", restart_count=4, starts=5, exit_code=3, exit_oom=False)
        time.sleep(6)  # beyond the next reconcile, which must not count again
        self.assertEqual(self.probe.container("failing")["starts"], 5)

    def test_restarts_by_hand_are_counted_although_the_engine_does_not(self):
        self.run_container("handled", command=["print", "hello", "1"])
        for _ in range(3):
            self.engine.docker("restart", "--time", "1", "handled")
        self.probe.wait_for_container("handled", 5, state="running", starts=4, restart_count=0)

    def test_a_recreated_container_begins_its_count_anew(self):
        first = self.run_container("again", command=["print", "hello", "1"])
        self.probe.wait_for_container("again", 5, starts=1)
        self.engine.remove("again")
        second = self.run_container("again", command=["print", "hello", "1"])
        self.assertNotEqual(first, second)
        self.probe.wait_for_container("again", 5, id=second, starts=1)

    def test_an_oom_kill_is_counted_once_for_each_run(self):
        self.run_container("leaky", "--memory", "24m", "--memory-swap", "24m", "--restart", "on-failure:2",
                           command=["grow", "64m"])
        self.probe.wait_for_container("leaky", 30, state="exited", starts=3, oom=3, exit_code=137, exit_oom=True)

    def test_a_death_without_oom_is_none(self):
        self.run_container("killed", command=["print", "hello", "1"])
        self.engine.docker("kill", "killed")
        self.probe.wait_for_container("killed", 5, state="exited", oom=0, exit_code=137, exit_oom=False)

    def test_statistics_are_those_of_the_cgroup(self):
        identity = self.run_container("grown", "--memory", "64m", command=["grow", "20m", "16m"])
        memory = self.engine.cgroup("grown", "memory")

        def usage():
            with open(f"{memory}/memory.usage_in_bytes", encoding="ascii") as file:
                return int(file.read())
        wait_until(lambda: usage() > 14 << 20, 10, "14 MiB in use")
        stats = ask(self.engine.socket, "stats", identity)
        self.assertAlmostEqual(stats["usage"], usage(), delta=1 << 20)
        self.assertGreater(stats["anon"], 14 << 20)
        self.assertEqual(stats["pids"], 1)


class EngineDownTest(unittest.TestCase):
    def test_the_engine_is_picked_up_when_it_comes_and_when_it_comes_back(self):
        with Engine() as engine:
            engine.build_image(IMAGE, {"/workload": WORKLOAD}, entrypoint=["/workload"])
            engine.run(IMAGE, "--restart", "always", name="steady", command=["print", "hello", "1"])
            engine.stop_daemon()
            with Probe(engine.socket, "watch") as probe:
                wait_until(lambda: probe.view().get("errors", 0) >= 3, 10, "three failed tries")
                self.assertFalse(probe.view()["up"])
                self.assertIn(f"connect to {engine.socket}: ", probe.view()["why"])
                engine.start_daemon()
                wait_until(lambda: probe.view()["up"] and probe.view()["events_up"], 10, "the engine to be picked up")
                probe.wait_for_container("steady", 10, state="running")
                starts = probe.container("steady")["starts"]

                engine.stop_daemon()
                wait_until(lambda: not probe.view()["up"], 5, "the engine to be seen down")
                self.assertIn("steady", probe.view()["containers"])  # history, not news
                engine.start_daemon()
                wait_until(lambda: probe.view()["up"] and probe.view()["events_up"], 10, "the engine to be back")
                probe.wait_for_container("steady", 10, state="running", starts=starts + 1)
                engine.docker("restart", "--time", "1", "steady")
                probe.wait_for_container("steady", 10, state="running", starts=starts + 2)
                self.assertEqual(probe.output().count("container engine is down"), 2, "said once each time")

    def test_an_engine_that_is_down_costs_next_to_no_cpu(self):
        with Probe("/nonexistent/docker.sock", "watch") as probe:
            time.sleep(1)
            before = cpu_seconds(probe.pid)
            time.sleep(5)
            self.assertLess(cpu_seconds(probe.pid) - before, 0.1)


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


if __name__ == "__main__":
    require_engine()
    require_probe()
    unittest.main(argv=sys.argv[:1], verbosity=2)
