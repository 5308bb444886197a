"""migrate, export, import and backup: exact on both databases and from one to the other, in bounded memory, all or
nothing; and every error says its line."""
import fcntl
import json
import os
import resource
import signal
import sqlite3
import subprocess
import tempfile
import threading
import unittest

from harness.postgres import ESCAPED_PASSWORD, PASSWORD, Postgres
from server import BINARY, Chatcore, ChatcoreTest, wait_for

MESSAGES = int(os.environ.get("ARCHIVE_MESSAGES", "100000"))
# Measured: 20 MiB for a million messages as for a thousand.
MOST_RESIDENT_BYTES = 64 << 20


def run(*arguments, **options):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHATCORE_")}
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=280, check=False,
                          env=environment, **options)


def conversation(name, last_sequence, removed=0, **more):
    return {"conversation": {"user": "", "id": name, "title": "", "metadata": "{}", "listed": True, "created_ms": 1,
                             "last_used_ms": 2, "last_sequence": last_sequence, "removed_messages": removed} | more}


def message(sequence, **more):
    return {"message": {"sequence": sequence, "role": "user", "content": "?", "interrupted": False, "created_ms": 1,
                        "response_id": ""} | more}


def lines(*records):
    return "".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in records)


# All that a record can hold.
EVERYTHING = lines(
    conversation("سلام", 4, removed=1, user="me", title="ti\"tle", metadata="{\"a\" : [1,  2.50]}", listed=False,
                 created_ms=1700000000123, last_used_ms=1700000000456,
                 summary={"up_to": 3, "content": "it's about «سلام»"}),
    message(1, role="system", content="be brief"),
    message(3, role="user", content="it's \\ \"quoted\"\n\tسلام 😀"),
    message(4, role="assistant", content="", interrupted=True, created_ms=9, response_id="resp_1"),
    conversation("empty", 0),
    conversation("سلام", 1, user="other"),
    message(1, response_id="resp_1"))


class ArchiveTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Postgres()
        cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-archive-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.server.psql("DROP SCHEMA IF EXISTS chatcore CASCADE")
        self.databases = {"sqlite": f"--database-url=sqlite://{self.folder}/chatcore.db",
                          "postgresql": f"--database-url={self.server.url}"}

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def export(self, database, *more):
        done = run("export", database, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_what_was_imported_is_exported_letter_for_letter(self):
        for kind, database in self.databases.items():
            with self.subTest(kind):
                imported = run("import", self.write("in", EVERYTHING), database)
                self.assertEqual(imported.returncode, 0, imported.stderr)
                self.assertRegex(imported.stderr, r"^Imported 3 conversations with 4 messages into (sqlite|postgresql)://\S+\n$")
                self.assertNotIn(ESCAPED_PASSWORD, imported.stderr)
                self.assertEqual(self.export(database), EVERYTHING)
                self.assertEqual(self.export(database, "--user", "other"), "".join(EVERYTHING.splitlines(True)[5:]))
                again = run("import", "-", database, input=self.export(database))
                self.assertEqual(again.returncode, 1)
                self.assertIn("line 1: the conversation exists already\nNothing was imported.", again.stderr)
                self.assertNotIn(ESCAPED_PASSWORD, again.stderr)

    def test_a_wrong_line_is_named_and_nothing_is_imported(self):
        first = lines(conversation("a", 1), message(1))
        wrong = {"no json": "line 3: the line is no JSON object",
                 lines(conversation("b", 1) | message(1)).strip(): "line 3: the line is no JSON object",
                 lines({"thing": {}}).strip(): "line 3: \"thing\" is neither",
                 lines(message(2)).strip(): "line 3: message 2 does not follow message 1",
                 lines(message(1)).strip(): "line 3: message 1 does not follow message 1",
                 lines(conversation("b", "1")).strip(): "line 3: \"last_sequence\" must be a whole number",
                 lines(conversation("b", 1, removed=2)).strip(): "line 3: \"removed_messages\" must be",
                 lines(conversation("b", 1, summary={"up_to": 2, "content": "x"})).strip(): "line 3: \"summary\": \"up_to\" must",
                 lines(conversation("b", 1, summary="x")).strip(): "line 3: \"summary\": an object is expected",
                 lines(conversation("", 0)).strip(): "line 3: \"id\" must not be empty",
                 lines(conversation("a", 0)).strip(): "line 3: the conversation exists already",
                 lines(conversation("b", 1), message(1, role="robot")).strip(): "line 4: \"role\" must be",
                 lines(conversation("b", 2), message(1)).strip(): "line 4: the conversation before has 1 messages fewer"}
        for kind, database in self.databases.items():
            for text, error in wrong.items():
                with self.subTest(f"{kind}: {error}"):
                    imported = run("import", "-", database, input=first + text + "\n")
                    self.assertEqual(imported.returncode, 1)
                    self.assertIn(error, imported.stderr)
                    self.assertIn("Nothing was imported.", imported.stderr)
            self.assertEqual(self.export(database), "")

    def test_many_messages_pass_through_bounded_memory(self):
        """Also a conversation that is longer than any memory should hold, and from one kind of database to the other."""
        path = os.path.join(self.folder, "many")
        with open(path, "w", encoding="utf-8") as file:
            file.write(lines(conversation("long", MESSAGES // 2)))
            for sequence in range(1, MESSAGES // 2 + 1):
                file.write(lines(message(sequence, content=f"{sequence} " + "x" * 200)))
            for number in range(MESSAGES // 20):
                file.write(lines(conversation(f"c{number}", 10)))
                file.write(lines(*(message(sequence, content="y" * 100) for sequence in range(1, 11))))
        source = path
        for kind, database in self.databases.items():
            target = os.path.join(self.folder, f"from-{kind}")
            for command in (["import", source, database], ["export", target, database]):
                with subprocess.Popen([BINARY, *command], stderr=subprocess.DEVNULL) as process:
                    _, status, usage = os.wait4(process.pid, 0)
                    process.returncode = os.waitstatus_to_exitcode(status)
                print(f"{kind}: {command[0]} of {MESSAGES} messages: {usage.ru_maxrss >> 10} MiB, "
                      f"{usage.ru_utime + usage.ru_stime:.1f} s of CPU", flush=True)
                self.assertEqual(process.returncode, 0)
                self.assertLess(usage.ru_maxrss << 10, MOST_RESIDENT_BYTES)
            self.assertEqual(os.stat(target).st_mode & 0o777, 0o600)
            subprocess.run(["cmp", path, target], check=True)
            source = target

    def test_a_newer_database_is_refused_by_every_command(self):
        for database in self.databases.values():
            self.assertEqual(run("migrate", database).returncode, 0)
        with sqlite3.connect(f"{self.folder}/chatcore.db") as connection:
            connection.execute("PRAGMA user_version=99")
        self.server.psql("UPDATE chatcore.schema_version SET version = 99")
        for database in self.databases.values():
            for command in ("migrate", "export", "import"):
                done = run(command, database, input="")
                self.assertEqual(done.returncode, 1)
                self.assertIn("schema version 99", done.stderr)
                self.assertNotIn(ESCAPED_PASSWORD, done.stderr)
                self.assertNotIn(PASSWORD, done.stderr)

    def test_an_older_database_waits_for_migrate_when_serve_may_not(self):
        with sqlite3.connect(f"{self.folder}/chatcore.db") as connection:
            connection.executescript("PRAGMA application_id=0x63686174; PRAGMA user_version=1; CREATE TABLE old (x);")
        done = run("serve", "--listen=127.0.0.1:0", "--database-migrate=false", self.databases["sqlite"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("run: chatcore migrate", done.stderr)

    def test_postgresql_is_copied_by_its_own_means(self):
        done = run("backup", f"{self.folder}/copy", self.databases["postgresql"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("pg_dump", done.stderr)

    def test_a_database_that_is_not_there_is_no_empty_export(self):
        kept = self.write("kept", EVERYTHING)
        for where in ("-", kept):
            done = run("export", where, self.databases["sqlite"])
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"there is no database {self.folder}/chatcore.db", done.stderr)
        self.assertEqual(os.listdir(self.folder), ["kept"])
        with open(kept, encoding="utf-8") as file:
            self.assertEqual(file.read(), EVERYTHING)

    def test_an_export_that_fails_leaves_the_one_before(self):
        database = self.databases["sqlite"]
        long = dict(message(1)["message"], content="x" * 1_000_000)
        run("import", self.write("in", lines(conversation("a", 1), {"message": long})), database)
        kept = os.path.join(self.folder, "kept")
        self.assertEqual(run("export", kept, database).returncode, 0)
        self.assertEqual(os.stat(kept).st_mode & 0o777, 0o600)

        def on_a_full_disk():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

        done = run("export", "--force", kept, database, preexec_fn=on_a_full_disk)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is the disk full", done.stderr)
        self.assertEqual(os.path.getsize(kept), len(self.export(database)))
        self.assertNotIn("kept.partial", os.listdir(self.folder))

    def test_an_export_replaces_a_file_only_with_force(self):
        database = self.databases["sqlite"]
        run("import", self.write("in", EVERYTHING), database)
        kept = self.write("kept", "mine")
        refused = run("export", kept, database)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("exists already; name another file, or replace it with --force", refused.stderr)
        with open(kept, encoding="utf-8") as file:
            self.assertEqual(file.read(), "mine")
        self.assertEqual(run("export", "--force", kept, database).returncode, 0)
        with open(kept, encoding="utf-8") as file:
            self.assertEqual(file.read(), EVERYTHING)
        self.assertEqual(run("export", "/dev/stdout", database).stdout, EVERYTHING, "what is no file is not replaced")

    def test_an_import_that_cannot_be_read_creates_no_database(self):
        database = self.databases["sqlite"]
        before = os.listdir(self.folder)
        for path, error in ((f"{self.folder}/none", "No such file"), (self.folder, "is a folder"),
                            (self.write("wrong", EVERYTHING + "no json\n"), "the line is no JSON object")):
            with self.subTest(error):
                refused = run("import", path, database)
                self.assertEqual(refused.returncode, 1)
                self.assertIn(error, refused.stderr)
        self.assertEqual(run("import", "-", database, input="no json\n").returncode, 1)
        self.assertEqual(sorted(os.listdir(self.folder)), sorted([*before, "wrong"]))

    def test_usage(self):
        for command in (["backup"], ["export", "a", "b"], ["import", "a", "b"], ["migrate", "a"], ["import", "--user", "u"]):
            self.assertEqual(run(*command, self.databases["sqlite"]).returncode, 2, command)


class Backup(ChatcoreTest):
    def test_what_a_killed_copy_left_is_taken_over_and_what_another_writes_is_not(self):
        self.ask("Hello", "c")
        database = f"--database-url=sqlite://{self.server.database}"
        copy = f"{self.server.folder}/copy"
        with open(copy + ".partial", "w", encoding="ascii") as left:
            left.write("half of a copy")
            left.flush()
            fcntl.flock(left, fcntl.LOCK_EX)
            refused = run("backup", copy, database)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("being written by another backup", refused.stderr)
        done = run("backup", copy, database)
        self.assertEqual(done.returncode, 0, done.stderr)
        with sqlite3.connect(copy) as connection:
            self.assertEqual(connection.execute("SELECT count(*) FROM messages").fetchone(), (2,))
        self.assertEqual(set(os.listdir(self.server.folder)) & {"copy", "copy.partial"}, {"copy"})

    def test_a_copy_made_under_load_is_whole(self):
        over = threading.Event()
        acknowledged = []

        def converse():
            while not over.is_set():
                if self.ask("?", f"c{len(acknowledged) % 9}").status == 200:
                    acknowledged.append(1)

        client = threading.Thread(target=converse)
        client.start()
        self.addCleanup(client.join)
        self.addCleanup(over.set)
        database = f"--database-url=sqlite://{self.server.database}"
        for number in range(3):
            before = len(acknowledged)
            wait_for(lambda before=before: len(acknowledged) > before + 20, "turns under way")
            copy = f"{self.server.folder}/copy{number}"
            done = run("backup", copy, database)
            self.assertEqual(done.returncode, 0, done.stderr)
            with sqlite3.connect(copy) as connection:
                self.assertEqual(connection.execute("PRAGMA integrity_check").fetchone(), ("ok",))
                stored = connection.execute("SELECT count(*) FROM messages WHERE role = 'assistant'").fetchone()[0]
            self.assertGreater(stored, before)
            self.assertEqual(os.stat(copy).st_mode & 0o777, 0o600)
        over.set()
        client.join()
        self.assertEqual(run("backup", copy, database).returncode, 1)
        restored = Chatcore(tempfile.mkdtemp(dir=self.server.folder), {"database-url": f"sqlite://{copy}"})
        self.addCleanup(restored.kill)
        self.assertEqual(restored.request("GET", "/api/conversations?conversationId=c1").status, 200)


if __name__ == "__main__":
    unittest.main()
