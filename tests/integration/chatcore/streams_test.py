"""Clients that leave, wait, or come at once; and the end of the program while they do."""
import concurrent.futures
import json
import re
import signal
import socket
import sqlite3
import time
import unittest

from server import PATIENCE, ChatcoreTest, parse_events, wait_for


def hang_up(stream):
    # Lingering for no time sends a reset, as a crashed client's kernel does.
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    stream.close()


def read_all(stream):
    data = b""
    while piece := stream.recv(65536):
        data += piece
        if b"\r\n0\r\n\r\n" in data:
            break
    return data


class WaitingItems(ChatcoreTest):
    settings = {"llm-words-per-second": "5"}

    def test_what_waits_for_a_stream_keeps_nobody_else_out(self):
        stream, _ = self.server.open_stream("/api/assistant", {"message": "Hello", "conversationId": "c"})
        with concurrent.futures.ThreadPoolExecutor() as client, stream:
            added = client.submit(self.server.request, "POST", "/v1/conversations/c/items",
                                  {"items": [{"role": "user", "content": "By the way"}]})
            wait_for(lambda: self.server.request("GET", "/admin/memory").json()["accounted"]["in_flight"]["turns"] == 2,
                     "the item in line")
            wait_for(lambda: self.server.metric("chatcore_turns_at_work") == 0, "both to rest")
            self.assertEqual(len(self.server.messages("c")), 1, "the stream goes on")
            read_all(stream)
            self.assertEqual(added.result().status, 200)
        self.assertEqual([row[1] for row in self.server.messages("c")], ["user", "assistant", "user"])


class LeavingClient(ChatcoreTest):
    settings = {"llm-words-per-second": "5"}

    def leave_after_first_word(self, close):
        stream, _ = self.server.open_stream("/api/assistant", {"message": "Hello", "conversationId": "c"})
        close(stream)
        return wait_for(lambda: self.server.messages("c")[1:], "the interrupted answer in the database")[0]

    def test_the_partial_answer_is_stored_and_marked(self):
        for close in (hang_up, socket.socket.close):
            with self.subTest(close.__name__):
                sequence, role, content, interrupted = self.leave_after_first_word(close)
                self.assertEqual((sequence, role, interrupted), (2, "assistant", 1))
                self.assertLess(len(content.split()), 10)

    def test_the_generation_is_cancelled_and_counted(self):
        self.leave_after_first_word(hang_up)
        self.assertEqual(self.server.metric("chatcore_streams_cancelled_total"), 1)
        self.assertEqual(self.server.metric('chatcore_backend_requests_total{result="cancelled"}'), 1)
        wait_for(lambda: self.server.metric("chatcore_requests_in_flight") == 1, "only the scrape itself in flight")

    def test_the_next_turn_goes_on_after_the_interrupted_one(self):
        self.leave_after_first_word(hang_up)
        self.assertEqual(self.ask("Still there?", "c").status, 200)
        self.assertEqual([row[0] for row in self.server.messages("c")], [1, 2, 3, 4])

    def test_a_client_that_leaves_a_whole_completion_cancels_it_too(self):
        data = json.dumps({"messages": [{"role": "user", "content": "Hello"}]}).encode()
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE) as stream:
            stream.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(data)
                           + data)
            wait_for(lambda: self.server.request("GET", "/admin/memory").json()["accounted"]["in_flight"]["turns"],
                     "the completion under way")
            hang_up(stream)
        wait_for(lambda: self.server.metric("chatcore_streams_cancelled_total") == 1, "the cancelled completion")
        self.assertEqual(self.server.metric('chatcore_requests_total{code="499",route="/v1/chat/completions"}'), 1)


class ConcurrentTurns(ChatcoreTest):
    settings = {"llm-words-per-second": "100", "conversation-max-waiting-turns": "2"}

    def ask_at_once(self, count, conversation):
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            return list(pool.map(lambda n: self.ask(f"Question {n}", conversation(n)), range(count)))

    def test_two_turns_of_one_conversation_go_one_after_the_other(self):
        answers = self.ask_at_once(2, lambda _: "c")
        self.assertEqual([answer.status for answer in answers], [200, 200])
        rows = self.server.messages("c")
        self.assertEqual([row[:2] for row in rows],
                         [(1, "user"), (2, "assistant"), (3, "user"), (4, "assistant")])
        for question, answer in ((rows[0], rows[1]), (rows[2], rows[3])):
            self.assertIn(question[2], answer[2], "an answer belongs to the question before it")

    def test_more_than_may_wait_are_refused_with_conflict(self):
        answers = self.ask_at_once(6, lambda _: "c")
        statuses = sorted(answer.status for answer in answers)
        self.assertEqual(set(statuses), {200, 409})
        self.assertGreaterEqual(statuses.count(200), 3)
        self.assertEqual(len(self.server.messages("c")), 2 * statuses.count(200))
        for answer in answers:
            if answer.status == 409:
                self.assert_error(answer, 409, "conflict")
                self.assertTrue(answer.headers["Retry-After"])


class SeparateConversations(ChatcoreTest):
    settings = {"llm-words-per-second": "2"}

    def test_different_conversations_do_not_wait_for_each_other(self):
        streams = [self.server.open_stream("/api/assistant", {"message": "Hello", "conversationId": f"c{n}"})[0]
                   for n in range(5)]
        for number, stream in enumerate(streams):
            self.assertEqual(len(self.server.messages(f"c{number}")), 1, "all five are being answered at once")
            hang_up(stream)


class DeletedWhileAnswered(ChatcoreTest):
    settings = {"llm-words-per-second": "10"}

    def test_the_stream_ends_with_an_error_and_nothing_comes_back_to_life(self):
        stream, begin = self.server.open_stream("/api/assistant", {"message": "Hello", "conversationId": "c"})
        self.assertEqual(self.server.request("DELETE", "/api/conversations?conversationId=c").status, 200)
        with stream:
            whole = (begin + read_all(stream)).decode()
        self.assertIn("event: error", whole)
        self.assertIn('"code":"conflict"', whole)
        self.assertNotIn("event: end", whole)
        self.assert_nothing_stored()


class LockedDatabase(ChatcoreTest):
    def test_a_question_that_cannot_be_stored_is_refused_and_the_next_is_answered(self):
        self.ask("Hello", "c")
        with sqlite3.connect(self.server.database, isolation_level=None) as database:
            database.execute("BEGIN EXCLUSIVE")
            refused = self.ask("While locked", "c")
            database.execute("ROLLBACK")
        self.assert_error(refused, 503, "unavailable")
        self.assertTrue(refused.headers["Retry-After"])
        self.assertGreater(self.server.metric("chatcore_database_errors_total"), 0)
        self.assertEqual(self.server.metric('chatcore_database_failing{operation="write"}'), 1)
        wait_for(lambda: re.search("A request failed.*route=/api/assistant", self.server.log()), "the fault in the log")
        self.assertEqual(self.ask("Afterwards", "c").status, 200)
        self.assertEqual(self.server.metric('chatcore_database_failing{operation="write"}'), 0)
        self.assertEqual([row[2] for row in self.server.messages("c")][::2], ["Hello", "Afterwards"])


class OtherWriter(ChatcoreTest):
    def test_a_turn_after_another_program_wrote_is_a_conflict_once_and_then_goes_on(self):
        self.ask("Hello", "c")
        with sqlite3.connect(self.server.database) as database:
            database.execute("INSERT INTO messages SELECT id, 3, 'user', 'from elsewhere', 0, 0 FROM conversations")
            database.execute("UPDATE conversations SET last_sequence = 3")
        self.assert_error(self.ask("Mine", "c"), 409, "conflict")
        self.assertEqual(self.ask("Mine again", "c").status, 200)
        self.assertEqual([row[0] for row in self.server.messages("c")], [1, 2, 3, 4, 5])


class TooManyTurns(ChatcoreTest):
    settings = {"llm-words-per-second": "5", "limits-max-turns": "2"}

    def test_the_one_too_many_is_refused_with_retry_after_and_nothing_of_it_is_stored(self):
        streams = [self.server.open_stream("/api/assistant", {"message": "a", "conversationId": f"c{n}"})[0]
                   for n in range(2)]
        refused = self.ask("One more", "c9")
        self.assert_error(refused, 503, "overloaded")
        self.assertTrue(int(refused.headers["Retry-After"]) > 0)
        self.assertEqual(self.server.messages("c9"), [])
        self.assertEqual(self.server.metric('chatcore_requests_shed_total{reason="turns"}'), 1)
        for stream in streams:
            hang_up(stream)
        wait_for(lambda: self.ask("One more", "c9").status == 200, "a free place")


class Drain(ChatcoreTest):
    settings = {"llm-words-per-second": "10", "drain-deadline": "15s"}

    def test_a_stream_under_way_is_finished_and_new_turns_are_refused(self):
        stream, begin = self.server.open_stream("/api/assistant", {"message": "Hello", "conversationId": "c"})
        self.server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: self.server.request("GET", "/-/ready").status == 503, "red readiness")
        refused = self.ask("New", "new")
        self.assert_error(refused, 503, "draining")
        self.assertTrue(refused.headers["Retry-After"])
        with stream:
            whole = (begin + read_all(stream)).decode()
        self.assertIn("event: end", whole)
        self.assertEqual(self.server.process.wait(PATIENCE), 0)
        self.assertEqual([row[1:4:2] for row in self.server.messages("c")], [("user", 0), ("assistant", 0)])
        self.assertEqual(self.server.messages("new"), [])
        self.assertIn("Stopped", self.server.log())

    def test_a_second_signal_cuts_what_is_under_way(self):
        message = "Say something that takes you longer than anybody has the patience to wait for. " * 5
        stream, _ = self.server.open_stream("/api/assistant", {"message": message, "conversationId": "c"})
        self.server.process.send_signal(signal.SIGTERM)
        wait_for(lambda: self.server.request("GET", "/-/ready").status == 503, "the drain")
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.process.wait(PATIENCE), 0)
        stream.close()
        self.assertIn('"Stopped" answers_cut=1', self.server.log())
        self.assertEqual([row[1:4:2] for row in self.server.messages("c")], [("user", 0), ("assistant", 1)])

    def test_an_idle_server_ends_at_once(self):
        self.server.request("GET", "/")
        for how in (signal.SIGTERM, signal.SIGINT):
            began = time.monotonic()
            self.assertEqual(self.server.stop(how), 0)
            self.assertLess(time.monotonic() - began, 5)
            self.server.start()


class DrainDeadline(ChatcoreTest):
    settings = {"llm-words-per-second": "1", "drain-deadline": "300ms"}

    def test_a_stream_over_the_deadline_is_cut_and_stored_as_interrupted(self):
        stream, begin = self.server.open_stream("/api/assistant", {"message": "Hello", "conversationId": "c"})
        self.assertEqual(self.server.stop(), 0)
        with stream:
            try:
                rest = read_all(stream)
            except ConnectionResetError:
                rest = b""
        self.assertNotIn("end", [event for event, _ in parse_events((begin + rest).decode())])
        self.assertEqual([row[1:4:2] for row in self.server.messages("c")], [("user", 0), ("assistant", 1)])
        self.assertIn("answers_cut=1", self.server.log())


class Restart(ChatcoreTest):
    def test_history_is_kept_over_a_restart(self):
        self.ask("Before", "c")
        self.server.stop()
        self.server.start()
        self.assertEqual(self.server.metric("chatcore_conversations"), 0)
        self.ask("After", "c")
        self.assertEqual([row[0] for row in self.server.messages("c")], [1, 2, 3, 4])

    def test_what_was_acknowledged_survives_a_kill(self):
        for number in range(5):
            self.ask(f"Question {number}", "c")
        self.server.kill()
        self.assertEqual(len(self.server.messages("c")), 10)
        self.server.start()
        self.ask("After", "c")
        self.assertEqual(len(self.server.messages("c")), 12)


if __name__ == "__main__":
    unittest.main()
