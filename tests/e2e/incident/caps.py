"""Caps: a container started without limits gets them within two ticks, in the engine and in the cgroup; raised by hand
they come back; a burner is held at 0.8 cores."""

import contextlib
import os
import time
import unittest

from harness.process import wait_until
from incident.scene import Scene, metric

TICK = 2  # seconds: two of them are the deadline for everything below
MEMORY, RESERVATION, CORES = 700 << 20, 512 << 20, 0.8


@contextlib.contextmanager
def first_in_line(folder):
    """Gives a cgroup the largest share of the processors: on a busy machine the burner would not even reach its cap."""
    def write(shares):
        with open(f"{folder}/cpu.shares", "w", encoding="ascii") as file:
            file.write(str(shares))

    write(262144)
    try:
        yield
    finally:
        write(1024)  # the kernel's default


class Caps(unittest.TestCase):
    def test_caps_are_put_in_force_and_kept(self):
        workloads = [{"name": "burner", "container": "burner",
                      "caps": {"memory": "700m", "memory_reservation": "512m", "cpus": CORES}}]
        with Scene(workloads, agent={"sample_interval": f"{TICK}s"}) as scene:
            engine = scene.engine
            engine.build_image("workload", {"/bin/workload": os.environ["TEST_WORKLOAD"]}, entrypoint=["/bin/workload"])
            engine.run("workload", name="burner", command=("burn", "2"))
            self._in_force_within_two_ticks(engine, "started without limits")

            engine.docker("update", "--memory", "1g", "--memory-swap", "2g", "--cpus", "2", "burner")
            self._in_force_within_two_ticks(engine, "raised through the engine")

            with open(f"{engine.cgroup('burner', 'memory')}/memory.limit_in_bytes", "w", encoding="ascii") as limit:
                limit.write(str(2 << 30))
            self._in_force_within_two_ticks(engine, "raised in the cgroup, behind the engine's back")

            prometheus = scene.prometheus
            prometheus.wait_for(metric("actions_total", "burner", action="caps", rule="caps", result="done") + " >= 3", 15)
            prometheus.wait_for(metric("workload_cap_drift", "burner", resource="memory") + " == 0", 10)
            with first_in_line(os.path.dirname(engine.cgroup("burner", "cpu"))):
                self._held_at_its_cores(prometheus)

    def _in_force_within_two_ticks(self, engine, how):
        began = time.monotonic()

        def in_force():
            host = engine.inspect("burner")["HostConfig"]
            cores = host["NanoCpus"] / 1e9 or host["CpuQuota"] / (host["CpuPeriod"] or 100_000)
            return ((host["Memory"], host["MemoryReservation"], round(cores, 3)) == (MEMORY, RESERVATION, CORES)
                    and self._in_cgroup(engine) == (MEMORY, RESERVATION, CORES))

        wait_until(in_force, 2 * TICK, f"the caps to be in force, {how}")
        print(f"{how}: in force after {time.monotonic() - began:.1f} s (ticks of {TICK} s)")

    def _in_cgroup(self, engine):
        def number(controller, file):
            with open(f"{engine.cgroup('burner', controller)}/{file}", encoding="ascii") as value:
                return int(value.read())

        return (number("memory", "memory.limit_in_bytes"), number("memory", "memory.soft_limit_in_bytes"),
                number("cpu", "cpu.cfs_quota_us") / number("cpu", "cpu.cfs_period_us"))

    def _held_at_its_cores(self, prometheus):
        window = 60  # a counter that moves every 2 s makes the ends of the window uncertain by so much
        used = metric("workload_cpu_usage_seconds_total", "burner")
        # Only what was burnt from here on counts: a moment ago the cap was 2 cores.
        end = time.monotonic() + window + 2 * TICK
        wait_until(lambda: time.monotonic() >= end, 2 * window, "the burner to burn", every=0.5)
        cores = prometheus.value(f"rate({used}[{window}s])")
        print(f"two burning threads used {cores:.3f} cores under a cap of {CORES}")
        self.assertAlmostEqual(cores, CORES, delta=0.05 * CORES)
        self.assertGreater(prometheus.value(metric("workload_cpu_throttled_seconds_total", "burner")), 0)


if __name__ == "__main__":
    unittest.main()
