"""Log files of a real agent: rotations of every kind, a flood, reloads. No line is missed or counted twice.

LEAKGUARD_ROTATIONS (default 15) and LEAKGUARD_FLOOD_SECONDS (default 5) make it as thorough as wanted: 1000 and 60 take
a quarter of an hour."""

import contextlib
import os
import random
import shutil
import signal
import tempfile
import threading
import time
import unittest

from agent import Agent, SECONDS, config_text, require_agent
from harness.process import DeadlinePassed, free_port, wait_until

ROTATIONS = int(os.environ.get("LEAKGUARD_ROTATIONS", "15"))
FLOOD_SECONDS = float(os.environ.get("LEAKGUARD_FLOOD_SECONDS", "5"))
FLOOD_BYTES_PER_SECOND = 50_000_000
# Seconds from one rotation to the next. A file has to be seen at its path once: the agent looks every 0.2 s, or later on
# a machine that is busy.
PACE = float(os.environ.get("LEAKGUARD_ROTATION_PACE", "0.8"))


# A file that is renamed is kept for so many rotations.
KEPT = 30


class Writer:
    """Writes numbered lines to a log, and rotates it."""

    def __init__(self, folder, name, flags=os.O_APPEND):
        self.path = os.path.join(folder, f"{name}.log")
        self.flags = flags
        self.lines = 0
        self.open()

    def open(self):
        self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | self.flags, 0o644)

    def write(self, lines):
        for _ in range(lines):
            self.lines += 1
            os.write(self.file, f"\x1b[32minfo\x1b[0m Cleaned up {self.lines} old conversations\r\n".encode())

    def reopen(self):
        os.close(self.file)
        self.open()

    def rename_and_create(self):
        os.rename(self.path, self.path + ".1")
        self.write(2)  # until it is told, the writer goes on in the old file
        self.reopen()

    def rename_in_turn(self):
        """As logging libraries do it: .1 becomes .2 and so on, several times between two looks."""
        for number in range(KEPT - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{self.path}.{number}", f"{self.path}.{number + 1}")
        os.rename(self.path, self.path + ".1")
        self.reopen()

    def delete_and_create(self):
        os.unlink(self.path)
        self.write(2)
        self.reopen()

    def copy_and_truncate(self):
        shutil.copyfile(self.path, self.path + ".1")
        os.truncate(self.path, 0)


class LogFilesTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.port = free_port()
        self.false_overdue = 0

    def start(self, names, every="2s"):
        with open(os.path.join(self.folder, "self.pid"), "w", encoding="ascii") as file:
            file.write(str(os.getpid()))
        self.config = os.path.join(self.folder, "leakguard.yml")
        watches = "".join(
            f"      - {{name: {name}, file: {self.folder}/{name}.log, pattern: '^info Cleaned up (?P<count>\\d+) old',"
            f" every: {every}, grace: 1s}}\n" for name in names)
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, f"  - name: app\n    pid_file: {self.folder}/self.pid\n"
                                                f"    expect_log:\n{watches}", self.port))
        agent = self.enterContext(Agent.run(self.config))
        agent.wait_until_ready()
        for name in names:
            agent.wait_for_metric("leakguard_log_source_up", lambda up: up == 1, log=name)
        return agent

    def matches(self, agent, name):
        return agent.metric("leakguard_log_matches_total", log=name)

    def note_overdue(self, agent, names):
        self.false_overdue += sum(agent.metric("leakguard_log_overdue", log=name) == 1 for name in names)

    def assert_all_counted(self, agent, writers):
        """Each line once; then the last number is the last line's."""
        with contextlib.suppress(DeadlinePassed):  # the figures say which lines are missing
            wait_until(lambda: all(self.matches(agent, name) >= writer.lines for name, writer in writers.items()),
                       SECONDS, "all lines", every=0.1)
        time.sleep(0.5)  # a line that is counted twice comes after all have come
        counted = {name: int(self.matches(agent, name)) for name in writers}
        print(f"{ROTATIONS} rotations: " + ", ".join(
            f"{name}: {writer.lines} lines, {max(writer.lines - counted[name], 0)} missed,"
            f" {max(counted[name] - writer.lines, 0)} doubled" for name, writer in writers.items()) +
            f"; false overdue: {self.false_overdue}; late ticks: {agent.metric('leakguard_ticks_late_total'):.0f}")
        self.assertEqual(counted, {name: writer.lines for name, writer in writers.items()})
        self.assertEqual(self.false_overdue, 0)

    def test_rotations_of_every_kind_lose_and_repeat_no_line(self):
        writers = {"renamed": Writer(self.folder, "renamed"), "deleted": Writer(self.folder, "deleted"),
                   "truncated": Writer(self.folder, "truncated"), "holed": Writer(self.folder, "holed", flags=0)}
        rotate = {"renamed": Writer.rename_and_create, "deleted": Writer.delete_and_create,
                  "truncated": Writer.copy_and_truncate, "holed": Writer.copy_and_truncate}
        agent = self.start(writers)
        for name, writer in writers.items():
            writer.write(1)
            agent.wait_for_metric("leakguard_log_matches_total", lambda seen: seen == 1, log=name)
        for rotation in range(ROTATIONS):
            began = time.monotonic()
            for name, writer in writers.items():
                writer.write(1 + (rotation * 7) % 40)
                rotate[name](writer)
                # A copy is known by what was read of the file before: one that is filled, copied and truncated
                # between two looks is not found.
                writer.write(1 + rotation % 3)
            self.note_overdue(agent, writers)
            time.sleep(max(0, began + PACE - time.monotonic()))
        self.assert_all_counted(agent, writers)

    def test_a_log_that_is_renamed_more_often_than_it_is_looked_at_loses_and_repeats_no_line(self):
        writer = Writer(self.folder, "hurried")
        agent = self.start(["hurried"])
        pace = random.Random(1)
        for rotation in range(ROTATIONS):
            writer.write(1 + (rotation * 7) % 40)
            if rotation % 20 == 0:  # copied meanwhile, as by a backup
                shutil.copyfile(writer.path, writer.path + ".99")
            writer.rename_in_turn()
            if rotation % 3 == 0:  # at once again
                writer.write(1)
                writer.rename_in_turn()
            time.sleep(pace.uniform(0.1, 0.4))
            if rotation % 10 == 0:
                self.note_overdue(agent, ["hurried"])
        self.assert_all_counted(agent, {"hurried": writer})

    def test_reloads_lose_and_repeat_no_line(self):
        writers = {"plain": Writer(self.folder, "plain"), "renamed": Writer(self.folder, "renamed")}
        agent = self.start(writers)
        stop = threading.Event()

        def write():
            while not stop.wait(0.002):
                writers["plain"].write(3)

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for reload in range(1, 11):
                writers["renamed"].write(5)
                writers["renamed"].rename_and_create()
                writers["renamed"].write(5)
                agent.send(signal.SIGHUP)
                agent.wait_for_line("configuration reloaded", SECONDS, count=reload)
                time.sleep(0.2)
                self.note_overdue(agent, writers)
        finally:
            stop.set()
            thread.join()
        self.assert_all_counted(agent, writers)

    def test_a_hole_of_300_megabytes_is_skipped(self):
        path = os.path.join(self.folder, "holed.log")
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        line = b"2026-01-01T00:00:00Z info request served in 12 ms, nothing to see here\n"
        block = line * 10_000
        for _ in range(300 * 1024 * 1024 // len(block)):
            os.write(file, block)
        agent = self.start(["holed"])
        os.write(file, b"info Cleaned up 1 old\n")
        agent.wait_for_metric("leakguard_log_matches_total", lambda seen: seen == 1, log="holed")
        os.truncate(path, 0)
        os.write(file, b"info Cleaned up 2 old\n")
        began = time.monotonic()
        agent.wait_for_metric("leakguard_log_matches_total", lambda seen: seen == 2, log="holed")
        print(f"counted {time.monotonic() - began:.1f} s after the truncation")
        self.assertLess(time.monotonic() - began, 2)
        os.close(file)

    def test_a_flood_of_50_megabytes_a_second_is_kept_up_with(self):
        writer = Writer(self.folder, "flood")
        agent = self.start(["flood"])
        block = (b"2026-01-01T00:00:00Z info request served in 12 ms, nothing to see here, move along\n" * 6200)
        pieces = FLOOD_BYTES_PER_SECOND // len(block)
        most_behind = 0
        written = 0
        began = time.monotonic()
        for piece in range(int(FLOOD_SECONDS * pieces)):
            written += os.write(writer.file, block)
            if piece % 10 == 0:
                writer.write(1)
            if piece % (pieces * 4) == 0:  # the disk is not for ever
                writer.rename_and_create()
            if piece % 50 == 0:
                self.note_overdue(agent, ["flood"])
                most_behind = max(most_behind, agent.metric("leakguard_log_lag_bytes", log="flood") or 0)
            time.sleep(max(0, began + (piece + 1) / pieces - time.monotonic()))
        rate = written / (time.monotonic() - began) / 1e6
        stopped = time.monotonic()
        wait_until(lambda: agent.metric("leakguard_log_lag_bytes", log="flood") == 0, SECONDS, "no lag", every=0.05)
        print(f"flood: {written / 1e6:.0f} MB at {rate:.0f} MB/s, at most {most_behind / 1e6:.1f} MB behind, "
              f"caught up {time.monotonic() - stopped:.2f} s after its end")
        self.assert_all_counted(agent, {"flood": writer})


if __name__ == "__main__":
    require_agent()
    unittest.main()
