"""What popular clients call beside the main routes: references to stored items over several turns (the Vercel AI SDK),
input items and token counts (OpenAI's client), text completions (Continue)."""
import json
import unittest

from server import ChatcoreTest


def user(text):
    return {"role": "user", "content": [{"type": "input_text", "text": text}]}


def reference(identifier):
    return {"type": "item_reference", "id": identifier}


class References(ChatcoreTest):
    def respond(self, **body):
        return self.server.request("POST", "/v1/responses", {"model": "any", **body})

    def test_turns_that_refer_to_stored_answers_go_on(self):
        history = []
        for turn in range(4):
            history.append(user(f"Question {turn}"))
            answer = self.respond(input=history, include=["reasoning.encrypted_content"])
            self.assertEqual(answer.status, 200, answer.body)
            history += [reference("rs_0123"), {"type": "reasoning", "id": "rs_4", "summary": []},
                        reference(answer.json()["output"][0]["id"])]
        texts = [row[0] for row in self.server.rows(
            "SELECT content FROM messages WHERE conversation_id = (SELECT max(conversation_id) FROM messages)"
            " ORDER BY sequence")]
        self.assertEqual(texts[0::2], [f"Question {turn}" for turn in range(4)])
        self.assertTrue(all("I found nothing" in text for text in texts[1::2]), texts)
        self.assertEqual(len(texts), 8)

    def test_an_item_that_is_not_there_is_404_and_named(self):
        known = self.respond(input="Hello").json()["output"][0]["id"]
        for identifier in ("msg_x", known[:-1] + "9", known.replace("msg_r", "msg_c"), ""):
            refused = self.respond(input=[reference(identifier), user("And?")])
            self.assert_error(refused, 404, "item_not_found")
            self.assertEqual(refused.json()["error"]["param"], "input")

    def test_a_reference_into_the_conversation_itself_is_not_said_twice(self):
        conversation = self.server.request("POST", "/v1/conversations", {}).json()["id"]
        first = self.respond(input="One", conversation=conversation).json()["output"][0]["id"]
        answer = self.respond(input=[reference(first), user("Two")], conversation=conversation)
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual([row[1] for row in self.server.messages(conversation)],
                         ["user", "assistant", "user", "assistant"])


class StoredResponses(ChatcoreTest):
    def test_input_items_are_what_precedes_the_answer(self):
        respond = lambda **body: self.server.request("POST", "/v1/responses", body).json()
        first = respond(input=[user("One"), {"role": "assistant", "content": "Uno"}, user("Two")])
        second = respond(input="Three", previous_response_id=first["id"])
        items = lambda path: self.server.request("GET", f"/v1/responses/{path}").json()
        texts = lambda page: [item["content"][0]["text"] for item in page["data"]]
        page = items(first["id"] + "/input_items?order=asc")
        self.assertEqual(texts(page), ["One", "Uno", "Two"])
        self.assertFalse(page["has_more"])
        self.assertEqual(texts(items(second["id"] + "/input_items?limit=1")), ["Three"])
        self.assertEqual(texts(items(f"{first['id']}/input_items?after={page['data'][1]['id']}")), ["One"])
        self.assert_error(self.server.request("GET", "/v1/responses/resp_x/input_items"), 404)

    def test_a_response_cannot_be_cancelled_once_it_is_there(self):
        stored = self.server.request("POST", "/v1/responses", {"input": "Hello"}).json()["id"]
        self.assert_error(self.server.request("POST", f"/v1/responses/{stored}/cancel"), 400)
        self.assert_error(self.server.request("POST", "/v1/responses/resp_x/cancel"), 404)

    def test_input_tokens_are_counted(self):
        count = lambda **body: self.server.request("POST", "/v1/responses/input_tokens", body).json()
        alone = count(input="Hello", instructions="Be brief.")
        self.assertEqual(alone["object"], "response.input_tokens")
        stored = self.server.request("POST", "/v1/responses", {"input": "Hello"}).json()["id"]
        more = count(input="Hello", instructions="Be brief.", previous_response_id=stored)
        self.assertGreater(more["input_tokens"], alone["input_tokens"])


class TextCompletions(ChatcoreTest):
    def complete(self, **body):
        return self.server.request("POST", "/v1/completions", {"model": "any", "prompt": "Hello there"} | body)

    def test_whole_and_streamed(self):
        whole = self.complete().json()
        self.assertEqual((whole["object"], whole["choices"][0]["finish_reason"]), ("text_completion", "stop"))
        events = [data for _, data in self.complete(stream=True, stream_options={"include_usage": True}).events()]
        self.assertEqual(events[-1], "[DONE]")
        chunks = [json.loads(data) for data in events[:-1]]
        self.assertEqual("".join(choice["text"] for chunk in chunks for choice in chunk["choices"]),
                         whole["choices"][0]["text"])
        self.assertEqual(chunks[-1]["usage"], whole["usage"])
        self.assertEqual(self.complete(prompt=["Hello there"]).json()["choices"][0]["text"], whole["choices"][0]["text"])

    def test_what_cannot_be_done_is_refused_by_name(self):
        for name, value in {"prompt": ["a", "b"], "suffix": "x", "echo": True, "n": 2, "best_of": 3,
                            "logprobs": 2}.items():
            refused = self.complete(**{name: value})
            self.assert_error(refused, 400)
            self.assertEqual(refused.json()["error"]["param"], name)
        self.assert_error(self.complete(prompt=None), 400, "missing_field")
        self.assert_error(self.complete(prompt=[1, 2, 3]), 400)


if __name__ == "__main__":
    unittest.main()
