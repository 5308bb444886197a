"""A real container's log, followed: every line once, across rotation, restarts, and the engine's own end."""

import os
import sys
import time
import unittest

from harness.engine import Engine, require_engine
from harness.process import wait_until
from probe import IMAGE, WORKLOAD, Probe, require_probe

# 1000 take about forty minutes.
ROTATIONS = int(os.environ.get("LEAKGUARD_ENGINE_ROTATIONS", "5"))
LINES_IN_A_FILE = 120  # of 10 KB
# Prints numbered lines, or lines longer than the 16 KiB at which the engine splits them.
SHELL = {"/bin/sh": "/bin/dash", "/bin/sleep": "/bin/sleep"}
COUNT = "n=0; while true; do n=$((n+1)); echo line $n; sleep 0.02; done"
COUNT_TO = "n=0; while [ $n -lt {} ]; do n=$((n+1)); echo line $n; sleep 0.02; done; sleep 600"
LONG = "x=0123456789abcdef; i=0; while [ $i -lt 11 ]; do x=$x$x; i=$((i+1)); done; echo $x end; sleep 600"


def numbers(probe):
    return [int(line.split()[1]) for line in probe.lines()]


class LogTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.engine = cls.enterClassContext(Engine())
        cls.engine.build_image("shell", SHELL, entrypoint=["/bin/sh", "-c"])
        cls.engine.build_image(IMAGE, {"/workload": WORKLOAD}, entrypoint=["/workload"])

    def run_container(self, name, *options, image="shell", command):
        self.addCleanup(self.engine.remove, name)
        return self.engine.run(image, *options, name=name, command=command)

    def follow(self, identity, *words):
        return self.enterContext(Probe(self.engine.socket, "log", identity, *words))

    def test_every_line_arrives_once_across_rotation(self):
        # Docker 20.10 repeats the first line of a new file in the stream, or leaves it out: the audit brings it, late.
        lines = ROTATIONS * LINES_IN_A_FILE
        identity = self.run_container("rotating", "--log-opt", "max-size=10k", "--log-opt", "max-file=3",
                                      command=[COUNT_TO.format(lines)])
        probe = self.follow(identity)
        wait_until(lambda: len(probe.lines()) >= lines, 60 + ROTATIONS * 10, f"{lines} lines", every=1.0)
        time.sleep(4)  # for what else might come
        seen = sorted(numbers(probe))
        print(f"{ROTATIONS} rotations of json-file: {lines} lines, {lines - len(set(seen))} missed, "
              f"{len(seen) - len(set(seen))} doubled")
        self.assertEqual(seen, list(range(1, lines + 1)))
        self.assertEqual(probe.is_up(), (True, ""))

    def test_every_line_arrives_once_across_a_restart_of_the_container(self):
        identity = self.run_container("restarted", command=["echo first; sleep 600"])
        probe = self.follow(identity)
        wait_until(lambda: len(probe.lines()) == 1, 10, "the first run's line")
        self.engine.docker("restart", "--time", "0", "restarted")
        wait_until(lambda: len(probe.lines()) == 2, 10, "the second run's line")
        time.sleep(1)
        self.assertEqual(probe.lines(), ["first", "first"])
        self.assertNotIn(False, [told["up"] for told in probe.objects() if "up" in told][1:])

    def test_a_stopped_container_is_quiet_and_not_broken(self):
        identity = self.run_container("ended", command=["echo only"])
        probe = self.follow(identity)
        wait_until(lambda: probe.lines() == ["only"], 10, "the line written before the end")
        time.sleep(2)
        self.assertEqual(probe.is_up(), (True, ""))
        self.assertEqual(probe.lines(), ["only"])

    def test_only_wanted_lines_are_handed_on(self):
        identity = self.run_container("chatty", command=["echo noise; echo Cleaned up 0 old; echo noise; sleep 600"])
        probe = self.follow(identity, "Cleaned up")
        wait_until(lambda: probe.lines() == ["Cleaned up 0 old"], 10, "the wanted line")

    def test_standard_error_is_read_too(self):
        identity = self.run_container("errors", command=["echo trouble >&2; sleep 600"])
        probe = self.follow(identity)
        wait_until(lambda: probe.lines() == ["trouble"], 10, "the line on standard error")

    def test_a_line_that_the_engine_split_is_joined(self):
        for name, options in (("long", ()), ("long-tty", ("--tty",))):
            with self.subTest(name):
                identity = self.run_container(name, *options, command=[LONG])
                probe = self.follow(identity)
                wait_until(lambda: probe.lines(), 10, "the long line")  # pylint: disable=cell-var-from-loop
                self.assertEqual(probe.lines(), ["0123456789abcdef" * 2048 + " end"])

    def test_a_log_that_cannot_be_read_is_broken_and_says_why(self):
        identity = self.run_container("mute", "--log-driver", "none", command=["echo unheard; sleep 600"])
        probe = self.follow(identity)
        wait_until(lambda: probe.is_up() and "does not support reading" in probe.is_up()[1], 10, "the reason")
        time.sleep(3)
        self.assertNotIn(True, [told["up"] for told in probe.objects() if "up" in told])


class EngineGoneTest(unittest.TestCase):
    def test_a_quiet_log_stays_up_and_breaks_with_the_engine(self):
        with Engine() as engine:
            engine.build_image("shell", SHELL, entrypoint=["/bin/sh", "-c"])
            identity = engine.run("shell", "--restart", "always", name="steady", command=["echo started; sleep 600"])
            with Probe(engine.socket, "log", identity) as probe:
                wait_until(lambda: probe.is_up() == (True, "") and len(probe.lines()) == 1, 10, "the log to be up")
                engine.stop_daemon()
                wait_until(lambda: not probe.is_up()[0], 10, "the log to be down")
                engine.start_daemon()
                wait_until(lambda: probe.is_up()[0] and len(probe.lines()) == 2, 15, "the log to be up again")
                time.sleep(1)
                self.assertEqual(probe.lines(), ["started", "started"])

    def test_no_line_is_lost_or_doubled_when_the_engine_is_killed_and_comes_back(self):
        with Engine() as engine:
            engine.build_image("shell", SHELL, entrypoint=["/bin/sh", "-c"])
            identity = engine.run("shell", "--restart", "always", name="counting", command=[COUNT])
            with Probe(engine.socket, "log", identity) as probe:
                wait_until(lambda: len(probe.lines()) > 20, 10, "lines")
                engine.stop_daemon()
                engine.start_daemon()
                wait_until(lambda: numbers(probe).count(1) == 2 and numbers(probe)[-1] > 20, 20, "lines of the second run")
                seen = numbers(probe)
                second = len(seen) - 1 - seen[::-1].index(1)
                for run in (seen[:second], seen[second:]):
                    self.assertEqual(run, list(range(1, len(run) + 1)))


if __name__ == "__main__":
    require_engine()
    require_probe()
    unittest.main(argv=sys.argv[:1], verbosity=2)
