"""What the guard does to a real container: caps seen in the engine and in the kernel, verbs with their effect."""

import signal
import sys
import time
import unittest

from harness.engine import Engine, require_engine
from harness.process import wait_until
from probe import IMAGE, WORKLOAD, ask, require_probe

MIB = 1 << 20


class ControlTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(Engine())
        cls.engine.build_image(IMAGE, {"/workload": WORKLOAD}, entrypoint=["/workload"])

    def run_container(self, name, *options, command=("print", "hello", "1")):
        self.addCleanup(self.engine.remove, name)
        return self.engine.run(IMAGE, *options, name=name, command=command)

    def ask(self, *arguments):
        return ask(self.engine.socket, *arguments)

    def kernel(self, name, controller, file):
        with open(f"{self.engine.cgroup(name, controller)}/{file}", encoding="ascii") as handle:
            return int(handle.read())

    def engine_limits(self, name):
        config = self.engine.inspect(name)["HostConfig"]
        return {key: config[key] for key in ("Memory", "MemorySwap", "MemoryReservation", "NanoCpus", "PidsLimit")}

    def test_the_incidents_caps_reach_a_container_that_had_none(self):
        identity = self.run_container("bare")
        self.assertEqual(self.ask("caps", identity, f"memory={700 * MIB}", f"reservation={512 * MIB}", "cpus=0.8",
                                  "pids=512"), {"ok": True})
        self.assertEqual(self.engine_limits("bare"), {"Memory": 700 * MIB, "MemorySwap": 700 * MIB,
                                                      "MemoryReservation": 512 * MIB, "NanoCpus": 800000000,
                                                      "PidsLimit": 512})
        self.assertEqual(self.kernel("bare", "memory", "memory.limit_in_bytes"), 700 * MIB)
        self.assertEqual(self.kernel("bare", "memory", "memory.soft_limit_in_bytes"), 512 * MIB)
        self.assertEqual(self.kernel("bare", "cpu", "cpu.cfs_quota_us"), 80000)
        self.assertEqual(self.kernel("bare", "pids", "pids.max"), 512)

    def test_memory_is_raised_above_the_old_swap_and_lowered_again(self):
        identity = self.run_container("swapless", "--memory", "64m", "--memory-swap", "64m")
        for size in (128 * MIB, 96 * MIB):
            self.assertEqual(self.ask("caps", identity, f"memory={size}"), {"ok": True})
            self.assertEqual(self.kernel("swapless", "memory", "memory.limit_in_bytes"), size)
            self.assertEqual(self.engine_limits("swapless")["MemorySwap"], size)

    def test_a_swap_allowance_is_kept_where_it_fits(self):
        identity = self.run_container("swapping", "--memory", "64m", "--memory-swap", "192m")
        self.assertEqual(self.ask("caps", identity, f"memory={128 * MIB}"), {"ok": True})
        self.assertEqual(self.engine_limits("swapping")["MemorySwap"], 192 * MIB)
        self.assertEqual(self.ask("caps", identity, f"memory={256 * MIB}"), {"ok": True})
        self.assertEqual(self.engine_limits("swapping")["MemorySwap"], 256 * MIB)
        self.assertEqual(self.kernel("swapping", "memory", "memory.limit_in_bytes"), 256 * MIB)

    def test_an_unlimited_swap_stays_unlimited(self):
        identity = self.run_container("endless", "--memory", "64m", "--memory-swap", "-1")
        self.assertEqual(self.ask("caps", identity, f"memory={128 * MIB}"), {"ok": True})
        self.assertEqual(self.engine_limits("endless")["MemorySwap"], -1)

    def test_memory_below_the_old_reservation_brings_it_down(self):
        identity = self.run_container("reserved", "--memory", "128m", "--memory-reservation", "96m")
        self.assertEqual(self.ask("caps", identity, f"memory={64 * MIB}"), {"ok": True})
        self.assertEqual(self.engine_limits("reserved")["MemoryReservation"], 64 * MIB)

    def test_a_container_made_with_a_quota_gets_a_quota(self):
        identity = self.run_container("quota", "--cpu-period", "50000", "--cpu-quota", "50000")
        self.assertEqual(self.ask("caps", identity, "cpus=0.8"), {"ok": True})
        self.assertEqual(self.kernel("quota", "cpu", "cpu.cfs_quota_us"), 40000)

    def test_memory_below_what_is_used_is_refused_in_the_engines_words(self):
        identity = self.run_container("full", "--memory", "64m", "--memory-swap", "64m", command=["grow", "40m", "32m"])
        wait_until(lambda: self.kernel("full", "memory", "memory.usage_in_bytes") > 28 * MIB, 10, "28 MiB in use")
        answer = self.ask("caps", identity, f"memory={8 * MIB}")
        self.assertEqual(answer["error"], "unavailable")
        self.assertIn("memory", answer["message"])
        self.assertEqual(self.kernel("full", "memory", "memory.limit_in_bytes"), 64 * MIB)

    def test_restart_lets_a_container_end_by_itself(self):
        identity = self.run_container("polite")
        before = self.engine.inspect("polite")["State"]
        begun = time.monotonic()
        self.assertEqual(self.ask("restart", identity, 10), {"ok": True})
        self.assertLess(time.monotonic() - begun, 8)
        after = self.engine.inspect("polite")["State"]
        self.assertTrue(after["Running"])
        self.assertNotEqual(before["Pid"], after["Pid"])

    def test_restart_kills_what_does_not_end_in_time(self):
        identity = self.run_container("stubborn", command=["ignore-term"])
        begun = time.monotonic()
        self.assertEqual(self.ask("restart", identity, 1), {"ok": True})
        self.assertGreater(time.monotonic() - begun, 0.9)
        self.assertTrue(self.engine.inspect("stubborn")["State"]["Running"])

    def test_stop_and_start_are_fine_twice(self):
        identity = self.run_container("twice")
        for verb, running in (("stop", False), ("stop", False), ("start", True), ("start", True)):
            self.assertEqual(self.ask(verb, identity, 5), {"ok": True})
            self.assertEqual(self.engine.inspect("twice")["State"]["Running"], running)

    def test_a_signal_arrives(self):
        identity = self.run_container("signalled")
        self.assertEqual(self.ask("kill", identity, int(signal.SIGTERM)), {"ok": True})
        wait_until(lambda: not self.engine.inspect("signalled")["State"]["Running"], 5, "the container to end")

    def test_a_signal_to_a_stopped_container_is_a_conflict(self):
        identity = self.run_container("stopped", command=["exit", "0"])
        wait_until(lambda: not self.engine.inspect("stopped")["State"]["Running"], 5, "the container to end")
        self.assertEqual(self.ask("kill", identity, 15)["error"], "conflict")

    def test_what_is_not_there_is_not_found(self):
        for verb in (("caps", "memory=8388608"), ("restart", 1), ("start",), ("kill", 15)):
            self.assertEqual(self.ask(verb[0], "0" * 64, *verb[1:])["error"], "not_found")

    def test_anything_but_an_id_is_refused_before_it_is_sent(self):
        self.run_container("named")
        for reference in ("named", "0" * 63, "0" * 63 + "G", "../" + "0" * 61, "0" * 64 + "/kill"):
            self.assertEqual(self.ask("stop", reference, 0)["error"], "invalid_argument")
        self.assertTrue(self.engine.inspect("named")["State"]["Running"])


if __name__ == "__main__":
    require_engine()
    require_probe()
    unittest.main(argv=sys.argv[:1], verbosity=2)
