"""Every route once, as a client meets it."""
import json
import unittest

from server import ChatcoreTest


class Assistant(ChatcoreTest):
    def test_a_question_is_answered_as_a_stream_that_ends_with_an_end_event(self):
        answer = self.ask("What is the cleanup line?")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/event-stream")
        events = answer.events()
        self.assertTrue(all(set(json.loads(data)) == {"data"} for event, data in events[:-1]))
        self.assertEqual(events[-1][0], "end")
        self.assertIn("cleanup line", answer.text())

    def test_a_client_without_an_id_is_given_one_in_the_header_and_in_the_end_event(self):
        answer = self.ask("Hello")
        given = answer.headers["X-Conversation-Id"]
        self.assertEqual(json.loads(answer.events()[-1][1])["conversationId"], given)
        self.assertEqual(len(self.server.messages(given)), 2)

    def test_question_and_answer_are_stored_when_the_stream_has_ended(self):
        answer = self.ask("Hello", "c1")
        self.assertEqual(self.server.messages("c1"),
                         [(1, "user", "Hello", 0), (2, "assistant", answer.text(), 0)])

    def test_turns_of_one_conversation_follow_each_other(self):
        for number in range(3):
            self.ask(f"Question {number}", "c1")
        self.assertEqual([row[:2] for row in self.server.messages("c1")],
                         [(1, "user"), (2, "assistant"), (3, "user"), (4, "assistant"), (5, "user"), (6, "assistant")])

    def test_an_id_that_is_no_ascii_comes_back_percent_encoded_in_the_header(self):
        answer = self.ask("سلام", "گفتگو 1")
        self.assertEqual(answer.headers["X-Conversation-Id"], "%DA%AF%D9%81%D8%AA%DA%AF%D9%88%201")
        self.assertEqual(len(self.server.messages("گفتگو 1")), 2)


class Conversations(ChatcoreTest):
    def test_the_list_has_the_last_used_first(self):
        self.ask("First question", "a")
        self.ask("Second question", "b")
        self.ask("Again", "a")
        listed = self.server.request("GET", "/api/conversations").json()["conversations"]
        self.assertEqual([(entry["conversationId"], entry["title"], entry["messages"]) for entry in listed],
                         [("a", "First question", 4), ("b", "Second question", 2)])

    def test_one_conversation_is_read_with_its_messages(self):
        self.ask("Hello", "a")
        answer = self.server.request("GET", "/api/conversations?conversationId=a").json()
        self.assertEqual(answer["lastSequence"], 2)
        self.assertEqual([message["role"] for message in answer["messages"]], ["user", "assistant"])

    def test_no_more_messages_are_read_than_asked_for(self):
        for number in range(3):
            self.ask(f"Question {number}", "a")
        answer = self.server.request("GET", "/api/conversations?conversationId=a&limit=2").json()
        self.assertEqual([message["sequence"] for message in answer["messages"]], [5, 6])

    def test_a_deleted_conversation_is_gone_from_storage_and_memory(self):
        self.ask("Hello", "a")
        answer = self.server.request("DELETE", "/api/conversations?conversationId=a")
        self.assertEqual((answer.status, answer.json()["deleted"]), (200, True))
        self.assert_nothing_stored()
        self.assert_error(self.server.request("GET", "/api/conversations?conversationId=a"), 404)
        self.assert_error(self.server.request("DELETE", "/api/conversations?conversationId=a"), 404)

    def test_a_deleted_conversation_begins_anew_at_sequence_one(self):
        self.ask("Hello", "a")
        self.server.request("DELETE", "/api/conversations?conversationId=a")
        self.ask("Again", "a")
        self.assertEqual([row[:3:2] for row in self.server.messages("a")][0], (1, "Again"))


class Completions(ChatcoreTest):
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]

    def complete(self, **more):
        return self.server.request("POST", "/v1/chat/completions", {"model": "any", "messages": self.messages} | more)

    def test_a_whole_completion_has_openais_shape(self):
        answer = self.complete().json()
        self.assertEqual(answer["object"], "chat.completion")
        self.assertTrue(answer["id"].startswith("chatcmpl-"))
        choice = answer["choices"][0]
        self.assertEqual((choice["message"]["role"], choice["finish_reason"]), ("assistant", "stop"))
        self.assertTrue(choice["message"]["content"])
        usage = answer["usage"]
        self.assertEqual(usage["total_tokens"], usage["prompt_tokens"] + usage["completion_tokens"])

    def test_a_streamed_completion_has_the_same_text_and_ends_with_done(self):
        data = [data for _, data in self.complete(stream=True).events()]
        self.assertEqual(data[-1], "[DONE]")
        chunks = [json.loads(chunk) for chunk in data[:-1]]
        self.assertEqual({chunk["object"] for chunk in chunks}, {"chat.completion.chunk"})
        self.assertEqual(len({chunk["id"] for chunk in chunks}), 1)
        self.assertEqual(chunks[0]["choices"][0]["delta"]["role"], "assistant")
        self.assertEqual(chunks[-1]["choices"][0]["finish_reason"], "stop")
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
        self.assertEqual(text, self.complete().json()["choices"][0]["message"]["content"])

    def test_a_stream_counts_tokens_when_asked(self):
        data = [data for _, data in self.complete(stream=True, stream_options={"include_usage": True}).events()]
        last = json.loads(data[-2])
        self.assertEqual(last["choices"], [])
        self.assertGreater(last["usage"]["completion_tokens"], 0)
        for chunk in data[:-2]:
            self.assertIsNone(json.loads(chunk)["usage"])

    def test_completions_keep_nothing(self):
        self.complete()
        self.complete(stream=True)
        self.assert_nothing_stored()

    def test_the_model_is_listed(self):
        models = self.server.request("GET", "/v1/models").json()
        self.assertEqual(models["object"], "list")
        self.assertEqual(models["data"][0]["id"], self.complete().json()["model"])


class Responses(ChatcoreTest):
    def respond(self, body):
        return self.server.request("POST", "/v1/responses", body).json()["id"]

    def test_nothing_is_left_of_a_chain_when_its_last_response_was_deleted(self):
        first = self.respond({"input": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "A secret"},
                                        {"role": "assistant", "content": "Kept."}, {"role": "user", "content": "More"}]})
        second = self.respond({"input": "And then?", "previous_response_id": first})
        fork = self.respond({"input": "Or else?", "previous_response_id": first})
        for each in (first, second):
            self.assertEqual(self.server.request("DELETE", f"/v1/responses/{each}").status, 200)
        self.assertEqual(self.server.request("GET", f"/v1/responses/{fork}").status, 200)
        self.assertEqual(self.server.request("DELETE", f"/v1/responses/{fork}").status, 200)
        self.assertEqual(self.server.rows("SELECT content FROM messages"), [])


class UnknownPaths(ChatcoreTest):
    def test_a_base_url_without_v1_is_told_what_is_missing(self):
        answer = self.server.request("POST", "/chat/completions", {"messages": []})
        self.assert_error(answer, 404, "not_found")
        self.assertIn("base URL must end with /v1", answer.json()["error"]["message"])
        self.assertEqual(self.server.request("GET", "/nowhere").json()["error"]["message"], "No such path")


class Observing(ChatcoreTest):
    def test_health_and_readiness_are_green(self):
        self.assertEqual(self.server.request("GET", "/-/healthy").status, 200)
        self.assertEqual(self.server.request("GET", "/-/ready").status, 200)

    def test_a_turn_shows_in_the_metrics(self):
        self.ask("Hello", "a")
        for name, value in {
            'chatcore_requests_total{code="200",route="/api/assistant"}': 1,
            'chatcore_request_duration_seconds_count{route="/api/assistant"}': 1,
            'chatcore_backend_requests_total{result="ok"}': 1,
            "chatcore_conversations": 1,
            "chatcore_streams_cancelled_total": 0,
            "chatcore_database_appends_total": 2,
        }.items():
            self.assertEqual(self.server.metric(name), value, name)
        self.assertGreater(self.server.metric("chatcore_conversations_bytes"), 0)
        self.assertGreater(self.server.metric("process_resident_memory_bytes"), 1 << 20)

    def test_paths_that_clients_make_up_do_not_become_series(self):
        for number in range(5):
            self.server.request("GET", f"/made/up/{number}")
        self.assertEqual(self.server.metric('chatcore_requests_total{code="404",route="other"}'), 5)

    def test_every_answer_names_its_request(self):
        first = self.server.request("GET", "/-/healthy").headers["X-Request-Id"]
        second = self.ask("Hello").headers["X-Request-Id"]
        self.assertRegex(first, "^req_[0-9a-f]{32}$")
        self.assertNotEqual(first, second)
        self.assertTrue(self.server.request("GET", "/nowhere").headers["X-Request-Id"])

    def test_a_request_keeps_the_name_its_client_gave_it_when_that_is_a_plain_word(self):
        for given, kept in (("trace-1.a_B", True), ("x" * 64, True), ("x" * 65, False), ("a b", False), ("é", False)):
            answer = self.server.request("GET", "/-/healthy", headers={"X-Request-Id": given.encode("latin-1")})
            self.assertEqual(answer.headers["X-Request-Id"] == given, kept, given)

    def test_the_page_may_run_only_its_own_script(self):
        first = self.server.request("GET", "/")
        second = self.server.request("GET", "/")
        self.assertIn("text/html", first.headers["Content-Type"])
        policy = first.headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        nonce = policy.split("'nonce-")[1].split("'")[0]
        self.assertIn(f'<script nonce="{nonce}">', first.body.decode())
        self.assertNotIn("{{nonce}}", first.body.decode())
        self.assertNotEqual(policy, second.headers["Content-Security-Policy"])


if __name__ == "__main__":
    unittest.main()
