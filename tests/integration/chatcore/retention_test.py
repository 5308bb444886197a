"""The database has one copy of a history that clients send with each request, and nothing older than `retention`."""
import os
import sqlite3
import time
import unittest

from server import PATIENCE, ChatcoreTest, wait_for

TURNS = int(os.environ.get("CHATCORE_HISTORY_TURNS", "60"))


class History(ChatcoreTest):
    """Clients of /v1/responses that keep their own history send all of it each turn, and `store` is true by default."""

    def respond(self, history, **more):
        answer = self.server.request("POST", "/v1/responses", {"model": "m", "input": history} | more)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()

    def turn(self, history, question):
        history.append({"role": "user", "content": question})
        answer = self.respond(history)
        history.append({"role": "assistant", "content": answer["output"][0]["content"][0]["text"]})
        return answer["id"]

    def stored_bytes(self):
        return self.server.rows("SELECT coalesce(sum(length(content)), 0) FROM messages")[0][0]

    def test_a_history_sent_whole_each_turn_is_stored_once(self):
        history = [{"role": "system", "content": "Be kind."}]
        ids = [self.turn(history, f"question {number} " + "words " * 160) for number in range(TURNS)]
        text = sum(len(message["content"]) for message in history)
        stored = self.stored_bytes()
        print(f"{TURNS} turns: {text} bytes of text, {stored} stored, {stored / text:.2f} times")
        self.assertLessEqual(stored, 1.1 * text)
        self.assertEqual(len(self.server.rows("SELECT 1 FROM conversations")), 1)
        for number in (0, TURNS // 2, TURNS - 1):
            kept = self.server.request("GET", f"/v1/responses/{ids[number]}").json()
            self.assertEqual(kept["output"][0]["content"][0]["text"], history[2 * number + 2]["content"])

    def test_after_a_restart_one_more_copy_is_stored_and_then_none(self):
        history = []
        for number in range(5):
            self.turn(history, f"question {number}")
        self.server.stop()
        self.server.start()
        for number in range(5, 10):
            self.turn(history, f"question {number}")
        self.assertEqual(len(self.server.rows("SELECT 1 FROM conversations")), 2)

    def test_a_branch_has_a_chain_of_its_own(self):
        history = []
        self.turn(history, "one")
        branch = list(history)
        first = self.turn(history, "two")
        second = self.turn(branch, "another two")
        self.assertEqual(len(self.server.rows("SELECT 1 FROM conversations")), 2)
        self.assertNotEqual(first, second)
        self.turn(history, "three")
        self.turn(branch, "another three")
        self.assertEqual(len(self.server.rows("SELECT 1 FROM conversations")), 2)
        self.assertEqual(sorted(row[0] for row in self.server.rows("SELECT last_sequence FROM conversations")), [6, 6])

    def test_a_chain_that_was_deleted_is_begun_anew(self):
        history = []
        first = self.turn(history, "one")
        self.assertEqual(self.server.request("DELETE", f"/v1/responses/{first}").status, 200)
        self.turn(history, "two")
        self.assertEqual([row[0] for row in self.server.rows("SELECT last_sequence FROM conversations")], [4])

    def test_streams_go_on_in_the_same_chain(self):
        history = []
        self.turn(history, "one")
        history.append({"role": "user", "content": "two"})
        answer = self.server.request("POST", "/v1/responses", {"model": "m", "input": history, "stream": True})
        self.assertEqual(answer.status, 200)
        text = "".join(data for event, data in answer.events() if event == "response.completed")
        self.assertTrue(text)
        self.assertEqual([row[0] for row in self.server.rows("SELECT last_sequence FROM conversations")], [4])


class Retention(ChatcoreTest):
    settings = {"conversation-ttl": "1s", "retention-conversations": "1h", "retention-responses": "1h"}

    def test_a_sweep_removes_what_is_old_and_says_so(self):
        self.ask("Hello", "one")
        self.server.request("POST", "/v1/responses", {"model": "m", "input": "Hello"})
        self.assertEqual(len(self.server.rows("SELECT 1 FROM conversations")), 2)
        unit = self.server.rows("SELECT max(last_used_at) FROM conversations")[0][0] / time.time()  # per second
        with sqlite3.connect(self.server.database, timeout=PATIENCE) as database:
            database.execute("UPDATE conversations SET last_used_at = last_used_at - ?", (round(7200 * unit),))
        database.close()

        def swept():
            self.server.request("POST", "/admin/sweep")
            return not self.server.rows("SELECT 1 FROM conversations")

        wait_for(swept, "both to be gone")
        wait_for(lambda: "retention sweep removed" in self.server.log(), "the line of the log")
        for kind in ("conversation", "response"):
            name = f'chatcore_retention_removed_total{{kind="{kind}",reason="age"}}'
            wait_for(lambda name=name: self.server.metric(name) == 1, name)
        self.assertEqual(self.server.rows("SELECT count(*) FROM messages"), [(0,)])


if __name__ == "__main__":
    unittest.main()
