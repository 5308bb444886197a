"""What is in memory, what leaves it and when; the incident's fixes seen from outside."""
import unittest

from server import ChatcoreTest, wait_for


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


if __name__ == "__main__":
    unittest.main()
