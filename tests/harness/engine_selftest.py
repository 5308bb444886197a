"""The engine harness itself: caps reach real cgroups, OOM kills are noticed, nothing outlives the test."""

import os
import signal
import subprocess
import sys
import unittest

from harness.engine import Engine, require_engine
from harness.process import wait_until
from harness.requirements import require_file

WORKLOAD = os.environ.get("TEST_WORKLOAD", "")
IMAGE = "workload"


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


class EngineRunsContainers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(Engine())
        cls.engine.build_image(IMAGE, {"/workload": WORKLOAD}, entrypoint=["/workload"])

    def test_caps_reach_the_cgroup(self):
        self.engine.run(IMAGE, "--memory", "64m", "--cpus", "0.5", name="capped", command=["burn"])
        self.assertEqual(read(f"{self.engine.cgroup('capped', 'memory')}/memory.limit_in_bytes"), str(64 << 20))
        self.assertEqual(read(f"{self.engine.cgroup('capped', 'cpu')}/cpu.cfs_quota_us"), "50000")
        self.engine.remove("capped")

    def test_an_oom_kill_is_an_event_and_a_flag_and_a_restart(self):
        self.engine.run(IMAGE, "--memory", "32m", "--restart", "on-failure", name="leaky", command=["grow", "64m"])
        self.engine.wait_for_event("leaky", "oom", seconds=20, count=2)
        self.engine.wait_for_event("leaky", "start", seconds=20, count=3)
        self.assertGreaterEqual(self.engine.inspect("leaky")["RestartCount"], 2)
        self.engine.remove("leaky")

    def test_a_container_below_its_cap_is_left_alone(self):
        self.engine.run(IMAGE, "--memory", "64m", name="calm", command=["grow", "64m", "16m"])
        memory = self.engine.cgroup("calm", "memory")
        wait_until(lambda: int(read(f"{memory}/memory.usage_in_bytes")) > 15 << 20, 10, "16 MiB in use")
        self.assertIn("oom_kill 0", read(f"{memory}/memory.oom_control"))
        self.assertNotIn("oom", [action for _, action in self.engine.events("calm")])
        self.engine.remove("calm")

    def test_a_dynamic_binary_brings_its_libraries(self):
        self.engine.build_image("dynamic", {"/bin/cat": "/bin/cat"}, files={"/hello": "hi\n"}, entrypoint=["/bin/cat"])
        self.assertEqual(self.engine.docker("run", "--rm", "--network", "none", "dynamic", "/hello"), "hi")

    def test_the_output_of_a_container_is_read_back(self):
        self.engine.run(IMAGE, name="talker", command=["print", "Cleaned up 0 old conversations", "0.1"])
        wait_until(lambda: self.engine.logs("talker").count("Cleaned up 0") >= 3, 10, "three lines")
        self.engine.remove("talker")

    def test_ignoring_sigterm_takes_sigkill(self):
        self.engine.run(IMAGE, name="stubborn", command=["ignore-term"])
        self.engine.docker("stop", "--time", "1", "stubborn")
        self.assertEqual(self.engine.inspect("stubborn")["State"]["ExitCode"], 128 + signal.SIGKILL)
        self.engine.remove("stubborn")


class EngineComesAndGoes(unittest.TestCase):
    def test_a_restarted_engine_still_knows_its_images(self):
        with Engine() as engine:
            engine.build_image(IMAGE, {"/workload": WORKLOAD}, entrypoint=["/workload"])
            engine.stop_daemon()
            self.assertFalse(os.path.exists(engine.socket))
            engine.start_daemon()
            self.assertIn(IMAGE, engine.docker("images", "--format", "{{.Repository}}"))

    def test_nothing_outlives_a_test_that_is_killed(self):
        script = ("import os,sys,time;from harness.engine import Engine\n"
                  "engine=Engine();engine.__enter__()\n"
                  "engine.build_image('stubborn',{'/w':os.environ['TEST_WORKLOAD']},entrypoint=['/w'])\n"
                  "engine.run('stubborn',name='stubborn',command=['ignore-term'])\n"
                  "print(engine.inspect('stubborn')['State']['Pid'],flush=True);time.sleep(600)\n")
        with subprocess.Popen([sys.executable, "-B", "-c", script], stdout=subprocess.PIPE, text=True) as test:
            container = int(test.stdout.readline())
            test.kill()
        wait_until(lambda: not os.path.exists(f"/proc/{container}"), 30, "the container to be stopped")


if __name__ == "__main__":
    require_engine()
    require_file(WORKLOAD, "test_workload")
    unittest.main(verbosity=2)
