"""What the agent saw, read back: while it runs, after it was killed, and from a disk that is full."""

import csv
import io
import json
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest

from agent import Agent, ask, BINARY, config_text, require_agent, SECONDS, unique, USER, WORKLOAD
from harness.process import free_port, wait_until


class HistoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_agent()

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.name = unique("history")

    def configure(self, history="", state=None):
        """Writes a configuration of one workload and returns its path."""
        workloads = f"  - name: {self.name}\n    command: [{WORKLOAD}, print, hello, '1']\n    user: {USER}\n"
        text = config_text(self.folder, workloads, free_port())
        text = text.replace("sample_interval: 200ms", f"sample_interval: 200ms{history}")
        if state:
            text = text.replace(f"{self.folder}/state", state)
        path = os.path.join(self.folder, "leakguard.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def export(self, *arguments):
        return ask("history", "export", "--state-dir", f"{self.folder}/state", *arguments)

    def rows(self):
        answer = self.export()
        return list(csv.DictReader(io.StringIO(answer.stdout))) if answer.returncode == 0 else []

    def start(self, config):
        agent = self.enterContext(Agent.run(config))
        agent.wait_until_ready()
        return agent

    def test_is_exported_while_the_agent_runs_and_analyzed(self):
        agent = self.start(self.configure())
        rows = wait_until(self.rows, SECONDS, "the first samples to be written")
        self.assertEqual({row["workload"] for row in rows}, {self.name})
        self.assertEqual({row["resolution"] for row in rows}, {"raw"})
        self.assertGreater(float(rows[-1]["memory_bytes"] or rows[-1]["usage_bytes"]), 0)
        self.assertLess(abs(float(rows[-1]["timestamp"]) - time.time()), 60)

        exported = self.export().stdout
        analyzed = subprocess.run([BINARY, "analyze", "-", "--series-column", "workload", "--run-column", "run",
                                   "--limit-column", "limit_bytes", "--json"], input=exported, text=True,
                                  capture_output=True, timeout=SECONDS, check=False)
        series = json.loads(analyzed.stdout)["series"]
        self.assertEqual([one["name"] for one in series], [self.name])
        self.assertGreater(series[0]["samples"], 5)

        lines = [json.loads(line) for line in self.export("--format", "jsonl", self.name).stdout.splitlines()]
        self.assertEqual(lines[0]["workload"], self.name)
        self.assertIn("memory", lines[-1])

        status, body = agent.get(f"/api/v1/workloads/{self.name}/history?since=5m")
        answer = json.loads(body)
        self.assertEqual((status, answer["workload"]), (200, self.name))
        self.assertGreater(len(answer["points"]), 5)
        self.assertEqual(len(answer["points"][0]), len(answer["columns"]))
        self.assertEqual(agent.get(f"/api/v1/workloads/{self.name}/history?since=yesterday")[0], 400)
        self.assertEqual(agent.get("/api/v1/workloads/nobody/history")[0], 404)
        self.assertGreater(agent.metric("leakguard_history_bytes"), 0)
        self.assertGreater(agent.metric("leakguard_history_writes_total", result="done"), 0)

    def test_says_what_to_do_when_there_is_nothing(self):
        answer = self.export()
        self.assertEqual(answer.returncode, 1)
        self.assertIn("--state-dir", answer.stderr)
        self.start(self.configure())
        wait_until(self.rows, SECONDS, "the first samples to be written")
        answer = self.export("nobody")
        self.assertEqual((answer.returncode, answer.stdout), (1, ""))
        self.assertIn(self.name, answer.stderr)

    def test_is_not_kept_when_it_has_no_room(self):
        agent = self.start(self.configure(", history: {max_size: 0}"))
        self.assertIsNone(agent.metric("leakguard_history_bytes"))
        self.assertEqual(agent.get(f"/api/v1/workloads/{self.name}/history")[0], 404)
        self.assertFalse(os.path.exists(f"{self.folder}/state/history.db"))

    def test_goes_on_where_the_agent_before_ended(self):
        config = self.configure()
        with Agent.run(config) as agent:
            agent.wait_until_ready()
            wait_until(self.rows, SECONDS, "the first samples to be written")
        before = self.rows()
        self.start(config)
        rows = wait_until(lambda: self.rows()[len(before):], SECONDS, "samples of the next agent")
        self.assertEqual(self.rows()[:len(before)], before)
        self.assertNotEqual(rows[0]["run"], before[-1]["run"], "the command was started anew")

    @unittest.skipUnless(os.geteuid() == 0, "a small disk can be mounted by root only")
    def test_a_full_disk_does_not_stop_the_guard(self):
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=False)
        with open(f"{disk}/filler", "wb", buffering=0) as filler:
            with self.assertRaisesRegex(OSError, "No space left"):
                while True:
                    filler.write(bytes(4096))
        agent = self.start(self.configure(state=disk))
        agent.wait_for_metric("leakguard_history_writes_total", lambda failed: failed > 1, result="failed")
        ticks = agent.metric("leakguard_ticks_total")
        agent.wait_for_metric("leakguard_ticks_total", lambda now: now > ticks + 5)
        self.assertEqual(agent.metric("leakguard_history_samples_dropped_total"), 0, "they wait in memory")
        os.remove(f"{disk}/filler")
        agent.wait_for_metric("leakguard_history_writes_total", lambda done: done > 0, result="done")
        answer = ask("history", "export", "--state-dir", disk)
        self.assertEqual(answer.returncode, 0, answer.stderr)


class DamagedTest(unittest.TestCase):
    """A block that cannot be decoded is passed over, and said to have been."""

    def test_a_block_costs_only_what_is_in_it(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = os.path.join(folder, "history.db")
        with subprocess.Popen([os.environ["HISTORY_WRITER"], path], stdout=subprocess.PIPE, text=True) as process:
            for _ in range(60):
                process.stdout.readline()
            process.kill()
            process.stdout.read()
        with sqlite3.connect(path) as database:
            database.execute("UPDATE blocks SET data = x'00' WHERE id = (SELECT min(id) FROM blocks "
                             "WHERE resolution = 0)")
        database.close()
        config = os.path.join(folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("workloads:\n  - {name: w1, container: w1}\n")
        for answer in (ask("history", "export", "--state-dir", folder, "w1"), ask("replay", "--config", config, folder)):
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertIn("1 block was damaged and passed over", answer.stderr)
            self.assertTrue(answer.stdout)


class KilledTest(unittest.TestCase):
    """kill -9 at random times under load: the file stays whole, and what was written stays."""

    def test_a_kill_costs_only_what_was_not_written(self):
        # The writer alone, as fast as it can, in place of an agent whose samples take seconds to come together.
        writer = os.environ["HISTORY_WRITER"]
        path = os.path.join(self.enterContext(tempfile.TemporaryDirectory()), "history.db")
        generator = random.Random(7)
        for _ in range(50):
            with subprocess.Popen([writer, path], stdout=subprocess.PIPE, text=True) as process:
                acknowledged = int(process.stdout.readline())
                deadline = time.monotonic() + generator.uniform(0, 0.15)
                while time.monotonic() < deadline:
                    acknowledged = int(process.stdout.readline())
                process.send_signal(signal.SIGKILL)
                rest = process.stdout.read().split("\n")
                acknowledged = max([acknowledged, *(int(line) for line in rest[:-1])])
            with sqlite3.connect(path) as database:
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
                newest = database.execute("SELECT until FROM blocks WHERE resolution = 0 ORDER BY id DESC").fetchone()[0]
            database.close()
            self.assertGreaterEqual(newest, acknowledged)
        self.assertFalse(os.path.exists(path + ".corrupt"))


if __name__ == "__main__":
    unittest.main()
