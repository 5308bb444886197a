"""Several chatcores on one real PostgreSQL: what one stores the other sees, of two writers one wins, and a database
that stops, crashes or hangs costs refusals, never what was acknowledged, until it is back.

Turns of the built-in answerer are slowed down where a test needs one to be under way.
"""
import contextlib
import http.client
import json
import os
import signal
import tempfile
import threading
import time
import unittest
import unittest.mock

from harness.postgres import ESCAPED_PASSWORD, PASSWORD, Postgres
from server import Chatcore, parse_events, wait_for

RECOVERY_SECONDS = 5


def rest_of(stream):
    """All up to the last chunk."""
    read = b""
    while not read.endswith(b"\r\n0\r\n\r\n"):
        piece = stream.recv(65536)
        if not piece:
            raise AssertionError(f"the stream broke off after {read[-200:]!r}")
        read += piece
    return read


class InstancesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = Postgres()
        cls.database.__enter__()
        cls.addClassCleanup(cls.database.__exit__, None, None, None)

    def setUp(self):
        self.database.psql("DROP SCHEMA IF EXISTS chatcore CASCADE")

    def start(self, **settings):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-instance-")
        self.addCleanup(folder.cleanup)
        url_file = os.path.join(folder.name, "url")
        with open(url_file, "w", encoding="utf-8") as file:
            file.write(self.database.url + "\n")
        server = Chatcore(folder.name, {"database-url-file": url_file} | settings)
        self.addCleanup(server.kill)
        self.addCleanup(self.assert_keeps_the_secret, server)
        return server

    def assert_keeps_the_secret(self, server):
        for secret in (PASSWORD, ESCAPED_PASSWORD):
            self.assertNotIn(secret, server.log())

    def ask(self, server, message, conversation="c"):
        return server.request("POST", "/api/assistant", {"message": message, "conversationId": conversation})

    def assert_answered(self, answer):
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.events()[-1][0], "end", answer.body)

    def assert_refused(self, answer, status, code):
        """Typed, and with word when to come again."""
        self.assertEqual((answer.status, answer.json()["error"]["code"]), (status, code))
        self.assertGreater(int(answer.headers["Retry-After"]), 0)

    def stored(self, conversation="c"):
        """The roles and contents of a conversation, and that its sequences have no hole."""
        rows = json.loads(self.database.psql(
            "SELECT coalesce(json_agg(json_build_array(sequence, role, content) ORDER BY sequence), '[]') "
            f"FROM chatcore.messages m JOIN chatcore.conversations c ON c.id = m.conversation_id "
            f"WHERE external_id = '{conversation}'"))
        self.assertEqual([row[0] for row in rows], list(range(1, len(rows) + 1)))
        return [tuple(row[1:]) for row in rows]

    def questions(self, conversation="c"):
        return [content for role, content in self.stored(conversation) if role == "user"]


class Together(InstancesTest):
    def test_turns_of_both_are_one_conversation(self):
        one, other = self.start(), self.start()
        for number in range(6):
            self.assert_answered(self.ask((one, other)[number % 2], f"question {number}"))
        self.assertEqual([role for role, _ in self.stored()], ["user", "assistant"] * 6)
        self.assertEqual(self.questions(), [f"question {number}" for number in range(6)])
        for server in (one, other):
            listed = server.request("GET", "/api/conversations?conversationId=c").json()
            self.assertEqual(len(listed["messages"]), 12)

    def test_of_two_turns_at_once_one_wins(self):
        one = self.start(**{"llm-words-per-second": "20"})
        other = self.start(**{"llm-words-per-second": "20"})
        self.assert_answered(self.ask(one, "first"))
        self.assert_answered(self.ask(other, "second"))
        stream, begin = one.open_stream("/api/assistant", {"message": "third", "conversationId": "c"})
        with stream:
            # `other` knows the conversation up to its own answer; `one` is now between question and answer.
            self.assert_refused(self.ask(other, "too early"), 409, "conflict")
            begin += rest_of(stream)
        self.assertIn(b"event: end", begin)
        self.assertEqual(self.questions(), ["first", "second", "third"])
        self.assert_answered(self.ask(other, "now"))
        self.assertEqual([role for role, _ in self.stored()], ["user", "assistant"] * 4)

    def test_many_at_once_lose_and_double_nothing(self):
        servers = [self.start(), self.start()]
        outcomes = []

        def converse(client):
            for number in range(15):
                question = f"{client}/{number}"
                answer = self.ask(servers[client % 2], question, f"c{client % 3}")
                ended = answer.status == 200 and answer.events()[-1][0] == "end"
                outcomes.append((question, answer.status, ended))

        clients = [threading.Thread(target=converse, args=(client,)) for client in range(6)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        stored = [question for conversation in range(3) for question in self.questions(f"c{conversation}")]
        self.assertEqual(len(stored), len(set(stored)))
        for question, status, ended in outcomes:
            self.assertIn(status, (200, 409), question)
            if ended:
                self.assertIn(question, stored)
            if status == 409:
                self.assertNotIn(question, stored)
        self.assertGreater(sum(ended for _, _, ended in outcomes), 30)

    def test_a_conversation_deleted_elsewhere_is_gone_here(self):
        one, other = self.start(), self.start()
        for number in range(2):
            self.assert_answered(self.ask(one, f"question {number}"))
        self.assertEqual(other.request("DELETE", "/api/conversations?conversationId=c").status, 200)
        # Begun anew elsewhere, and come just as far: only its revision tells it from what `one` has in memory.
        for number in range(2):
            self.assert_answered(self.ask(other, f"anew {number}"))
        self.assert_answered(self.ask(one, "and on"))
        self.assertEqual(self.questions(), ["anew 0", "anew 1", "and on"])

    def test_a_conversation_deleted_elsewhere_during_a_turn_stays_deleted(self):
        one, other = self.start(**{"llm-words-per-second": "20"}), self.start()
        stream, begin = one.open_stream("/api/assistant", {"message": "tell me", "conversationId": "c"})
        with stream:
            self.assertEqual(other.request("DELETE", "/api/conversations?conversationId=c").status, 200)
            begin += rest_of(stream)
        events = parse_events(begin.decode().partition("\r\n\r\n")[2])
        self.assertNotIn(b"event: end", begin, events)
        self.assertEqual(self.stored(), [])

    def test_its_answer_is_not_put_into_the_one_that_was_begun_anew(self):
        one, other = self.start(**{"llm-words-per-second": "20"}), self.start(**{"llm-words-per-second": "5"})
        stream, begin = one.open_stream("/api/assistant", {"message": "tell me", "conversationId": "c"})
        with stream:
            self.assertEqual(other.request("DELETE", "/api/conversations?conversationId=c").status, 200)
            anew, answer = other.open_stream("/api/assistant", {"message": "anew", "conversationId": "c"})
            with anew:
                self.assertNotIn(b"event: end", begin + rest_of(stream))
                self.assertEqual(self.stored(), [("user", "anew")])
                self.assertIn(b"event: end", answer + rest_of(anew))
        self.assertEqual([role for role, _ in self.stored()], ["user", "assistant"])

    def test_each_opens_its_connections_once(self):
        server = self.start()
        opened = server.metric("chatcore_database_connects_total")
        self.assertEqual(opened, 4)
        for number in range(20):
            self.assert_answered(self.ask(server, "again", f"c{number}"))
        self.assertEqual(server.metric("chatcore_database_connects_total"), opened)
        self.assertEqual(server.metric("chatcore_database_errors_total"), 0)


class DatabaseDown(InstancesTest):
    def failing(self, server):
        return {operation: server.metric(f'chatcore_database_failing{{operation="{operation}"}}')
                for operation in ("read", "write")}

    def recovery(self, server, conversation="c"):
        """Seconds until a turn is answered again."""
        begin = time.monotonic()
        wait_for(lambda: self.ask(server, "back?", conversation).status == 200, "an answer after the database is back")
        return time.monotonic() - begin

    def assert_recovers(self, server):
        took = self.recovery(server)
        print(f"answered {took:.2f} s after the database was back", flush=True)
        self.assertLess(took, RECOVERY_SECONDS)
        wait_for(lambda: server.request("GET", "/-/ready").status == 200, "readiness")
        self.assertIsNone(server.process.poll())

    def test_a_database_that_was_restarted_is_no_more_than_a_pause(self):
        server = self.start()
        self.assert_answered(self.ask(server, "before"))
        self.database.stop()
        self.assert_refused(self.ask(server, "lost"), 503, "unavailable")
        self.assertEqual(server.request("GET", "/-/ready").status, 503)
        self.assertEqual(server.request("GET", "/-/healthy").status, 200)
        self.assertGreater(server.metric("chatcore_database_errors_total"), 0)
        self.assertEqual(self.failing(server), {"read": 1, "write": 1})
        self.database.start()
        self.assert_recovers(server)
        self.assertEqual(self.failing(server), {"read": 0, "write": 0})
        self.assertEqual(self.questions()[0], "before")
        self.assertNotIn("lost", self.questions())

    def test_the_log_tells_its_outage_once_when_it_begins_and_once_when_it_ends(self):
        server = self.start()
        self.assert_answered(self.ask(server, "before"))
        self.database.stop()
        try:
            for _ in range(10):
                self.assert_refused(self.ask(server, "lost"), 503, "unavailable")
                self.assert_refused(self.ask(server, "lost", "unknown"), 503, "unavailable")
        finally:
            self.database.start()
        for conversation in ("c", "unknown"):
            self.recovery(server, conversation)
        # After one write that failed the conversation is read again before anything is written.
        for what, least in (("writes", 1), ("reads", 10)):
            lines = [line for line in server.log().splitlines() if f"Database {what} " in line]
            self.assertEqual(len(lines), 2, lines)
            self.assertIn(f"Database {what} fail", lines[0])
            self.assertIn(f"Database {what} work again", lines[1])
            fields = dict(field.split("=", 1) for field in lines[1].split() if "=" in field)
            self.assertGreater(float(fields["after_seconds"]), 0)
            self.assertGreaterEqual(int(fields["failures"]), least)

    def test_a_crash_under_load_loses_nothing_acknowledged(self):
        server = self.start()
        acknowledged, over = [], threading.Event()

        def converse(client):
            number = 0
            while not over.is_set():
                question = f"{client}/{number}"
                answer = self.ask(server, question, f"c{client}")
                number += 1
                if answer.status == 200 and answer.events()[-1][0] == "end":
                    acknowledged.append((client, question))
                elif answer.status not in (200, 409):
                    self.assertEqual(answer.status, 503)

        clients = [threading.Thread(target=converse, args=(client,)) for client in range(4)]
        for client in clients:
            client.start()
        for _ in range(3):
            before = len(acknowledged)
            wait_for(lambda: len(acknowledged) > before + 20, "turns under way")
            self.database.crash()
            self.database.start()
        over.set()
        for client in clients:
            client.join()
        for client in range(4):
            questions = self.questions(f"c{client}")
            self.assertEqual(len(questions), len(set(questions)))
            for question in (question for who, question in acknowledged if who == client):
                self.assertIn(question, questions)
        self.assert_recovers(server)

    def test_a_database_that_hangs_is_refused_in_bounded_time(self):
        server = self.start()
        self.assert_answered(self.ask(server, "before"))
        self.database.pause()
        self.addCleanup(self.database.resume)
        begin = time.monotonic()
        self.assert_refused(self.ask(server, "hangs"), 503, "unavailable")
        self.assertLess(time.monotonic() - begin, 10)
        self.assertEqual(server.request("GET", "/-/ready").status, 503)
        self.database.resume()
        self.assert_recovers(server)
        # What became of it was unknown; stored once at most, whether or not it is asked again.
        self.assertLessEqual(self.questions().count("hangs"), 1)
        self.assert_answered(self.ask(server, "on"))

    def test_a_drain_that_it_outlasts_ends_without_a_fault(self):
        # Memory is overwritten when it is freed, so that who uses it after that comes to grief.
        with unittest.mock.patch.dict(os.environ, MALLOC_CONF="junk:true"):
            server = self.start(**{"llm-words-per-second": "10", "drain-deadline": "100ms"})
        self.assert_answered(self.ask(server, "before", "known"))

        def ask_in_vain(conversation):
            with contextlib.suppress(OSError, http.client.HTTPException):
                self.ask(server, "in vain", conversation)

        def turns():
            return server.request("GET", "/admin/memory").json()["accounted"]["in_flight"]["turns"]

        asking = [threading.Thread(target=ask_in_vain, args=(f"c{number % 4}",)) for number in range(8)]
        for client in asking:
            client.start()
        wait_for(lambda: turns() == 8, "four turns under way and four in line")
        self.database.pause()
        self.addCleanup(self.database.resume)
        asking.append(threading.Thread(target=ask_in_vain, args=("known",)))
        asking[-1].start()
        wait_for(lambda: server.metric('chatcore_database_connections{state="busy"}') > 0, "a write that hangs")
        self.assertEqual(server.stop(), 0)
        for client in asking:
            client.join()

    def test_without_its_database_it_does_not_start(self):
        self.database.stop()
        try:
            with self.assertRaisesRegex(AssertionError, "Cannot open the database"):
                self.start()
        finally:
            self.database.start()

    def test_it_stops_while_the_database_is_down(self):
        server = self.start()
        self.database.stop()
        try:
            self.assert_refused(self.ask(server, "lost"), 503, "unavailable")
            self.assertEqual(server.stop(signal.SIGTERM), 0)
        finally:
            self.database.start()


if __name__ == "__main__":
    unittest.main()
