#!/usr/bin/env python3
"""The PostgreSQL of the harness starts, keeps what was committed through a crash, stands still, and is gone at the end."""

import os
import subprocess
import unittest

from harness.postgres import Postgres


class PostgresTest(unittest.TestCase):
    def test_it_keeps_what_was_committed_and_leaves_nothing_behind(self):
        with Postgres() as server:
            self.assertEqual(server.psql("SHOW fsync"), "on")
            server.psql("CREATE TABLE kept (x int); INSERT INTO kept VALUES (1), (2)")
            server.crash()
            server.start()
            self.assertEqual(server.psql("SELECT sum(x), count(*) FROM kept"), "3|2")
            server.stop()
            server.start()
            self.assertEqual(server.psql("SELECT count(*) FROM kept"), "2")
            processes = server.processes()
            folder = server._folder
        self.assertFalse(os.path.exists(folder))
        for pid in processes:
            self.assertFalse(os.path.exists(f"/proc/{pid}/exe") and os.path.realpath(f"/proc/{pid}/exe").endswith("postgres"))

    def test_it_answers_nothing_while_it_is_paused(self):
        with Postgres() as server:
            server.pause()
            with self.assertRaises((AssertionError, subprocess.TimeoutExpired)):
                server._run(["timeout", "1", *server._psql("SELECT 1", "chatcore")], env=server._with_password())
            server.resume()
            self.assertEqual(server.psql("SELECT 1"), "1")


if __name__ == "__main__":
    unittest.main()
