"""What is in memory, what leaves it and when; the incident's fixes seen from outside."""
import concurrent.futures
import json
import os
import socket
import sqlite3
import subprocess
import unittest

from server import BINARY, ChatcoreTest, wait_for


class TimeToLive(ChatcoreTest):
    settings = {"conversation-ttl": "1s", "conversation-sweep-interval": "200ms"}

    def test_an_unused_conversation_leaves_memory_and_is_read_back_when_asked_for(self):
        self.ask("Hello", "c")
        wait_for(lambda: self.server.metric("chatcore_conversations") == 0, "the conversation swept out")
        self.assertEqual(self.server.metric('chatcore_evictions_total{reason="ttl"}'), 1)
        self.assertEqual(self.ask("Again", "c").status, 200)
        self.assertEqual([row[0] for row in self.server.messages("c")], [1, 2, 3, 4])

    def test_every_sweep_writes_its_line_also_with_nothing_to_clean(self):
        wait_for(lambda: self.server.log().count("Cleaned up 0 old conversations from memory") >= 2, "two idle sweeps")
        self.ask("Hello", "c")
        wait_for(lambda: "Cleaned up 1 old conversations from memory" in self.server.log(), "the sweep that removes")
        self.assertGreaterEqual(self.server.metric("chatcore_sweeps_total"), 3)
        self.assertGreater(self.server.metric("chatcore_sweep_last_timestamp_seconds"), 1.7e9)


class Budget(ChatcoreTest):
    settings = {"conversation-memory-budget": "64k"}

    def test_the_least_recently_used_leave_before_the_budget_is_passed(self):
        for number in range(40):
            self.assertEqual(self.ask("x" * 2000, f"c{number}").status, 200)
            self.assertLessEqual(self.server.metric("chatcore_conversations_bytes"), 64 << 10)
        self.assertGreater(self.server.metric('chatcore_evictions_total{reason="budget"}'), 0)
        self.assertEqual(self.ask("Back again", "c0").status, 200)
        self.assertEqual(len(self.server.messages("c0")), 4)

    def test_a_message_that_can_never_fit_is_refused_and_not_stored(self):
        refused = self.ask("x" * 100_000, "big")
        self.assert_error(refused, 503, "overloaded")
        self.assertTrue(refused.headers["Retry-After"])
        self.assertEqual(self.server.messages("big"), [])
        self.assertEqual(self.server.metric('chatcore_requests_shed_total{reason="memory"}'), 1)


class Window(ChatcoreTest):
    settings = {"conversation-max-messages": "4"}

    def test_a_long_conversation_is_trimmed_in_memory_and_whole_in_storage(self):
        sizes = []
        for number in range(8):
            self.ask(f"Question {number}", "c")
            sizes.append(self.server.metric("chatcore_conversations_bytes"))
        self.assertEqual(len(self.server.messages("c")), 16)
        self.assertGreaterEqual(self.server.metric("chatcore_messages_trimmed_total"), 10)
        self.assertLessEqual(max(sizes[2:]) - min(sizes[2:]), 256, f"memory stays level: {sizes}")


class AllBoundsOff(ChatcoreTest):
    settings = {name: "off" for name in ("conversation-ttl", "conversation-sweep-interval", "conversation-max-messages",
                                         "conversation-memory-budget", "limits-max-turns",
                                         "limits-max-bytes-in-flight", "limits-max-answer")}

    def test_the_server_of_the_incident_grows_without_end(self):
        sizes = []
        for number in range(5):
            for conversation in range(5):
                self.ask("x" * 1000, f"c{number}-{conversation}")
            self.ask("x" * 1000, "long")
            sizes.append(self.server.metric("chatcore_conversations_bytes"))
        growth = [later - earlier for earlier, later in zip(sizes, sizes[1:])]
        self.assertTrue(all(step > 5000 for step in growth), sizes)
        self.assertEqual(self.server.metric("chatcore_sweeps_total"), 0)
        self.assertNotIn("Cleaned up", self.server.log())


class Admin(ChatcoreTest):
    def test_a_sweep_by_hand_writes_the_line(self):
        answer = self.server.request("POST", "/admin/sweep").json()
        self.assertEqual((answer["removed"], answer["remaining"]), (0, 0))
        wait_for(lambda: "Cleaned up 0 old conversations from memory" in self.server.log(), "the line in the log")

    def test_a_shed_brings_memory_to_its_target(self):
        for number in range(20):
            self.ask("x" * 1000, f"c{number}")
        answer = self.server.request("POST", "/admin/shed", {"target_bytes": 10_000}).json()
        self.assertTrue(answer["reached"])
        self.assertLessEqual(answer["after"]["bytes"], 10_000)
        self.assertEqual(answer["after"]["bytes"], self.server.metric("chatcore_conversations_bytes"))
        self.assertGreater(self.server.metric('chatcore_evictions_total{reason="shed"}'), 0)
        self.server.request("POST", "/admin/shed", {"target_ratio": 0})
        self.assertEqual(self.server.metric("chatcore_conversations"), 0)
        self.assertEqual(len(self.server.messages("c3")), 2)

    def test_a_shed_without_a_right_target_sheds_nothing(self):
        self.ask("Hello", "c")
        for body in ({}, {"target_bytes": -1}, {"target_bytes": "0"}, {"target_ratio": 1.5}, {"target_ratio": "half"},
                     {"target_bytes": 0, "target_ratio": 0}):
            self.assert_error(self.server.request("POST", "/admin/shed", body), 400)
        self.assertEqual(self.server.metric("chatcore_conversations"), 1)

    def test_what_is_accounted_stands_beside_what_is_measured(self):
        self.ask("Hello", "c")
        memory = self.server.request("GET", "/admin/memory").json()
        conversations = memory["accounted"]["conversations"]
        self.assertEqual(conversations["conversations"], 1)
        self.assertGreater(conversations["bytes"], 0)
        self.assertGreater(conversations["budget_bytes"], conversations["bytes"])
        self.assertGreater(memory["measured"]["resident_bytes"], conversations["bytes"])


def resident_of(server):
    return server.request("GET", "/admin/memory").json()["measured"]["anonymous_bytes"]


class GivenBack(ChatcoreTest):
    settings = {"conversation-memory-budget": "64m", "log-level": "info"}

    def test_what_is_shed_goes_back_to_the_kernel(self):
        before = resident_of(self.server)
        for number in range(2000):
            self.assertEqual(self.ask("x" * 10_000, f"c{number}").status, 200)
        held = self.server.metric("chatcore_conversations_bytes")
        self.assertGreater(held, 20_000_000)
        grown = resident_of(self.server) - before
        self.assertGreater(grown, held * 0.9)
        self.server.request("POST", "/admin/shed", {"target_bytes": 0})
        wait_for(lambda: resident_of(self.server) - before < grown * 0.3,
                 f"seven tenths of {grown} bytes given back")


class EveryKind(ChatcoreTest):
    settings = {"conversation-memory-budget": "32m", "limits-max-body": "64m"}

    def kinds(self):
        return self.server.request("GET", "/admin/memory").json()["accounted"]["kinds"]

    def test_every_kind_is_shown_and_given_back(self):
        self.ask("Hello", "c")
        kinds = self.kinds()
        self.assertEqual(set(kinds), {"conversations", "turns", "requests", "answers", "connections", "caches"})
        self.assertEqual(self.server.metric('chatcore_memory_bytes{kind="conversations"}'),
                         self.server.metric("chatcore_conversations_bytes"))
        self.assertGreater(kinds["connections"], 0)
        self.assertEqual(kinds["turns"], 0)

    def test_idle_conversations_give_way_to_what_comes_in(self):
        for number in range(60):
            self.ask("x" * 400_000, f"c{number}")
        held = self.kinds()["conversations"]
        self.assertGreater(held, 20 << 20)
        refused = self.server.request("POST", "/v1/chat/completions", "x" * (20 << 20))
        self.assertEqual(refused.status, 400)  # it was let in, and read
        self.assertLess(self.kinds()["conversations"], held)
        self.assertGreater(self.server.metric('chatcore_evictions_total{reason="budget"}'), 0)

    def test_a_body_that_can_never_fit_is_refused_before_it_is_read(self):
        refused = self.server.request("POST", "/api/assistant", headers={"Content-Length": str(40 << 20)})
        self.assert_error(refused, 503, "overloaded")
        self.assertTrue(refused.headers["Retry-After"])
        self.assertEqual(self.server.metric('chatcore_requests_shed_total{reason="memory"}'), 1)


class FullOfBodies(ChatcoreTest):
    settings = {"conversation-memory-budget": "1m"}

    def has_room(self, size):
        return self.server.request("POST", "/nowhere", "x" * size).status == 404

    def begin_body(self, size):
        """A request whose last byte never comes."""
        client = socket.create_connection(("127.0.0.1", self.server.port))
        self.addCleanup(client.close)
        client.sendall(f"POST /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {size + 1}\r\n\r\n".encode())
        client.sendall(b"x" * size)

    def test_the_server_can_still_be_watched_and_told_to_shed(self):
        for size in (200_000, 50_000, 10_000, 2_000):
            while self.has_room(size):
                self.begin_body(size)
        for path in ("/-/healthy", "/-/ready", "/metrics", "/admin/memory"):
            self.assertEqual(self.server.request("GET", path).status, 200, path)
        self.assertEqual(self.server.request("POST", "/admin/shed", {"target_bytes": 0}).status, 200)
        self.assertFalse(self.has_room(2_000))


class LongConversation(ChatcoreTest):
    settings = {"log-level": "info"}
    MESSAGES = 1_000_000

    def read_bytes(self):
        with open(f"/proc/{self.server.process.pid}/io", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("rchar")).split()[1])

    def test_only_the_last_window_of_it_is_read_back(self):
        self.ask("Hello", "long")
        self.server.stop()
        with sqlite3.connect(self.server.database) as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(messages)")]
            copied = ["sequence + 2 * n" if name == "sequence" else name for name in columns]
            database.execute(
                f"WITH RECURSIVE times(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM times WHERE n < {self.MESSAGES // 2})"
                f" INSERT INTO messages ({', '.join(columns)}) SELECT {', '.join(copied)} FROM messages, times"
                " WHERE sequence <= 2")
            if "last_sequence" in [row[1] for row in database.execute("PRAGMA table_info(conversations)")]:
                database.execute("UPDATE conversations SET last_sequence = (SELECT max(sequence) FROM messages)")
        self.server.start()
        before = self.read_bytes()
        self.assertEqual(self.ask("And on it goes", "long").status, 200)
        read = self.read_bytes() - before
        self.assertLess(read, 1 << 20, "of a database of %d bytes" % os.path.getsize(self.server.database))
        self.assertGreater(os.path.getsize(self.server.database), 50 << 20)
        self.assertEqual(len(self.server.rows("SELECT 1 FROM messages WHERE sequence > ?", self.MESSAGES)), 4)


class AdminToken(ChatcoreTest):
    def setUp(self):
        super().setUp()
        token_file = self.server.folder + "/token"
        with open(token_file, "w", encoding="ascii") as file:
            file.write("a-very-secret-token\n")
        self.server.stop()
        self.server.flags.append(f"--admin-token-file={token_file}")
        self.server.start()

    def test_the_token_opens_and_nothing_else_does(self):
        for given in (None, "", "Bearer ", "Bearer a-very-secret-tokem", "Bearer a-very-secret-token2",
                      "Basic a-very-secret-token"):
            headers = {} if given is None else {"Authorization": given}
            for method, path in (("GET", "/admin/memory"), ("POST", "/admin/sweep"), ("POST", "/admin/shed")):
                self.assert_error(self.server.request(method, path, headers=headers), 401)
        headers = {"Authorization": "Bearer a-very-secret-token"}
        self.assertEqual(self.server.request("GET", "/admin/memory", headers=headers).status, 200)

    def test_the_token_is_in_no_log_line(self):
        self.server.request("GET", "/admin/memory", headers={"Authorization": "Bearer a-very-secret-token"})
        self.server.stop()
        self.assertNotIn("secret-token", self.server.log())


class Reading(ChatcoreTest):
    settings = {"conversation-memory-budget": "3m", "conversation-max-messages": "2"}

    def test_a_conversation_larger_than_the_budget_is_not_read_out(self):
        for number in range(30):
            # Small as the budget is, a turn may be told to come back.
            text = f"{number}" + "x" * 100_000
            wait_for(lambda text=text: self.ask(text, "large").status == 200, "a large question to be let in")
        wait_for(lambda: self.server.request("GET", "/api/conversations?conversationId=large&limit=2").status == 200,
                 "the end of the conversation")
        for path in ("/api/conversations?conversationId=large&limit=500", "/v1/conversations/large/items?limit=100"):
            answer = self.server.request("GET", path)
            self.assert_error(answer, 503)
            self.assertTrue(answer.headers["Retry-After"])
        wait_for(lambda: self.ask("Are you well?", "small").status == 200, "a small question to be let in")


class ReadingMuch(ChatcoreTest):
    """A conversation larger than the memory that there is, and several who want all of it at once."""
    settings = {"conversation-memory-budget": "64m"}
    MESSAGES = 100
    MOST_RESIDENT = (64 + 64) << 20

    def setUp(self):
        super().setUp()
        self.server.stop()
        records = [{"conversation": {"user": "", "id": "large", "title": "", "metadata": "{}", "listed": True,
                                     "created_ms": 1, "last_used_ms": 2, "last_sequence": self.MESSAGES,
                                     "removed_messages": 0}}]
        records += [{"message": {"sequence": number, "role": "user" if number % 2 else "assistant",
                                 "content": "x" * 1_000_000, "interrupted": False, "created_ms": 1,
                                 "response_id": "resp_last" if number == self.MESSAGES else ""}}
                    for number in range(1, self.MESSAGES + 1)]
        subprocess.run([BINARY, "import", f"--database-url=sqlite://{self.server.database}"], check=True, text=True,
                       input="".join(json.dumps(record) + "\n" for record in records))
        self.server.start()

    def most_resident(self):
        with open(f"/proc/{self.server.process.pid}/status", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmHWM")).split()[1]) << 10

    def at_once(self, count, *request):
        with concurrent.futures.ThreadPoolExecutor(count) as clients:
            return list(clients.map(lambda _: self.server.request(*request), range(count)))

    def assert_within_the_budget(self, answers):
        for answer in answers:
            self.assertIn(answer.status, (200, 503), answer.body[:200])
        print(f"at most {self.most_resident() / (1 << 20):.0f} MiB resident, "
              f"{sum(answer.status == 200 for answer in answers)} of {len(answers)} answered", flush=True)
        self.assertLess(self.most_resident(), self.MOST_RESIDENT)
        self.assertIn(200, [answer.status for answer in answers])

    def test_reading_it_out_stays_within_the_budget(self):
        for path in ("/api/conversations?conversationId=large&limit=500",
                     "/v1/conversations/large/items?limit=100"):
            self.assert_within_the_budget(self.at_once(6, "GET", path))

    def test_prompts_made_of_it_stay_within_the_budget(self):
        body = {"input": "And?", "store": False, "previous_response_id": "resp_last"}
        self.assert_within_the_budget(self.at_once(24, "POST", "/v1/responses", body))


if __name__ == "__main__":
    unittest.main()
