"""Backends as they are: each behaviour asked for whole and streamed, through a conversation too; thinking models; what is
passed on to a backend and back."""
import json
import unittest

from server import wait_for
from backend import BackendTest
from harness.stub_backend import DONE, answer, chunk, event, hang, live, saying

KEEP_ALIVE = b": keep-alive\n\n"


def delta(reason=None, **fields):
    return event({"choices": [{"index": 0, "delta": fields, "finish_reason": reason}]})


def document(body, content_type="application/json"):
    """An answer that is no stream."""
    def behave(stream):
        data = json.dumps(body)
        stream.raw(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(data)}\r\n\r\n{data}")
    return behave


def typed(head, *data):
    def behave(stream):
        stream.raw(f"HTTP/1.1 200 OK\r\n{head}Transfer-Encoding: chunked\r\n\r\n")
        for piece in data:
            stream.say(piece)
        stream.raw("0\r\n\r\n")
    return behave


def linger(*data):
    def behave(stream):
        stream.begin()
        for piece in data:
            stream.say(piece)
        return hang(stream)
    return behave


HELLO = chunk("Hello") + chunk(" world")
STOP = chunk(reason="stop")
USAGE = {"prompt_tokens": 7, "completion_tokens": 2}
MESSAGE = {"choices": [{"index": 0, "message": {"content": "Hello world"}, "finish_reason": "stop"}], "usage": USAGE}

# Behaviour and how the answer ends.
GOOD = {
    "choices null": (saying(HELLO, STOP, event({"choices": None, "usage": USAGE}), DONE), "stop"),
    "choices missing": (saying(HELLO, STOP, event({"usage": USAGE}), DONE), "stop"),
    "foreign objects": (saying(event({"type": "ping"}), "data:\n\n", HELLO, STOP, DONE), "stop"),
    "parts": (saying(delta(content=[{"type": "thinking", "thinking": "hm"}]),
                     delta(content=[{"type": "text", "text": "Hello world"}]), STOP, DONE), "stop"),
    "other words for length": (saying(HELLO, chunk(reason="MAX_TOKENS"), DONE), "length"),
    "a number as reason": (saying(HELLO, event({"choices": [{"delta": {}, "finish_reason": 7}]})), "stop"),
    "another choice": (saying(event({"choices": [{"index": 1, "delta": {"content": "no"}}]}), HELLO, STOP), "stop"),
    "message for delta": (saying(event(MESSAGE), DONE), "stop"),
    "no blank line at the end": (saying(HELLO, STOP.rstrip("\n")), "stop"),
    "halves of letters": (saying(chunk("Hello"), event('{"choices":[{"delta":{"content":" \\ud83d"}}]}'),
                                 event('{"choices":[{"delta":{"content":"\\ude00"}}]}'), STOP), "stop"),
    "one document": (document(MESSAGE), "stop"),
    "text/plain": (typed("Content-Type: text/plain\r\n", HELLO, STOP, DONE), "stop"),
    "no content type": (typed("", HELLO, STOP, DONE), "stop"),
    "error null": (saying(event({"error": None, "choices": [{"delta": {"content": "Hello world"}}]}), STOP), "stop"),
    "an end that stays open": (linger(HELLO, STOP), "stop"),
}

BAD = {
    "as a reason": saying(chunk("Hello"), chunk(reason="error"), DONE),
    "in a choice": saying(chunk("Hello"), event({"choices": [{"error": {"code": 502}, "delta": {}}]}), DONE),
    "in an event": saying(chunk("Hello"), event({"error": {"message": "sk-secret"}}), DONE),
    "of the event's type": saying(chunk("Hello"), 'event: error\ndata: {"message":"sk-secret"}\n\n', DONE),
    "as text": saying(chunk("Hello"), event("Internal Server Error")),
}


class Answers(BackendTest):
    settings = {"llm-breaker-failures": "0"}

    def test_each_behaviour_is_the_answer_that_it_means(self):
        for name, (behave, reason) in GOOD.items():
            with self.subTest(name):
                text = "Hello 😀" if name == "halves of letters" else "Hello world"
                self.stub.script = [behave]
                whole = self.complete().json()["choices"][0]
                self.assertEqual((whole["message"]["content"], whole["finish_reason"]), (text, reason))
                streamed = self.complete(stream=True)
                self.assertEqual(self.streamed_text(streamed), text)
                reasons = [choice["finish_reason"] for piece in self.chunks(streamed) for choice in piece["choices"]]
                self.assertEqual(reasons[-1], reason)
                self.assertEqual(self.ask("Hello", name).text(), text)
                self.assertEqual(self.server.messages(name)[1][2:], (text, int(reason == "length")))

    def test_an_error_in_the_answer_is_an_error_to_the_client_and_stored_as_interrupted(self):
        for name, behave in BAD.items():
            with self.subTest(name):
                self.stub.script = [behave]
                self.assertGreaterEqual(self.complete().status, 500)
                streamed = self.complete(stream=True)
                self.assertIn("error", self.chunks(streamed)[-1])
                self.assertNotIn("[DONE]", streamed.body.decode())
                self.assertEqual([kind for kind, _ in self.ask("Hello", name).events()], ["message", "error"])
                self.assertEqual(self.server.messages(name)[1][1:], ("assistant", "Hello", 1))
        self.assertNotIn("sk-secret", self.server.log())

    def test_an_error_that_comes_first_sets_the_status(self):
        for behave in (saying(event({"error": {"code": 500}}), DONE), document({"error": {"code": 503}})):
            self.stub.script = [behave]
            self.assert_error(self.complete(stream=True), 503)

    def test_a_refusal_is_not_an_empty_answer(self):
        self.stub.script = [saying(delta(content=None, refusal="I cannot."), STOP, DONE)]
        message = self.complete().json()["choices"][0]["message"]
        self.assertEqual((message["content"], message["refusal"]), (None, "I cannot."))
        refusals = [choice["delta"].get("refusal") for piece in self.chunks(self.complete(stream=True))
                    for choice in piece["choices"]]
        self.assertIn("I cannot.", refusals)
        response = self.server.request("POST", "/v1/responses", {"input": "Hello"}).json()
        self.assertEqual(response["output"][0]["content"][0]["text"], "I cannot.")
        self.assertEqual(self.ask("Hello", "c").text(), "I cannot.")

    def test_a_call_that_nobody_offered_is_not_an_empty_answer_of_a_conversation(self):
        self.stub.script = [saying(delta(tool_calls=[{"index": 0, "id": "1", "function": {"name": "f"}}]),
                                   delta("tool_calls"), DONE)]
        kind, error = self.ask("Hello", "c").events()[-1]
        self.assertEqual(kind, "error")
        self.assertIn("language model", error)
        response = self.server.request("POST", "/v1/responses", {"input": "Hello"})
        self.assertGreaterEqual(response.status, 500)


class Thinking(BackendTest):
    settings = {"llm-idle-timeout": "300ms", "llm-first-byte-timeout": "60s"}

    def setUp(self):
        super().setUp()
        self.stub.script = [live]

    def test_the_client_gets_its_head_with_the_first_byte_and_signs_of_life_until_the_text(self):
        client, stream = self.ask_live("/api/assistant", {"message": "Hello", "conversationId": "c"})
        stream.begin()
        stream.say(": thinking\n\n")
        head = self.read_until(client, b"\r\n\r\n")
        self.assertIn(b" 200 ", head)
        self.assertIn(b"x-accel-buffering: no", head.lower())
        self.read_until(client, KEEP_ALIVE)  # well beyond the idle timeout, which is about texts
        stream.say_text("Hi")
        stream.finish()
        self.read_until(client, b"event: end")
        self.assertEqual(self.server.messages("c")[1][1:], ("assistant", "Hi", 0))

    def test_a_backend_that_sends_no_more_than_its_head_is_alive_too(self):
        client, stream = self.ask_live("/v1/chat/completions",
                                       {"messages": [{"role": "user", "content": "Hello"}], "stream": True})
        stream.begin()
        self.assertIn(b'"role":"assistant"', self.read_until(client, b'"role":"assistant"'))
        stream.say_text("Hi")
        stream.finish()
        self.read_until(client, b"[DONE]")

    def test_silence_after_the_first_text_is_another_matter(self):
        client, stream = self.ask_live("/api/assistant", {"message": "Hello", "conversationId": "c"})
        stream.begin()
        stream.say_text("Hi")
        self.assertIn(b"event: error", self.read_until(client, b"backend_timeout"))

    def test_what_it_thinks_is_passed_through_and_not_stored(self):
        for name in ("reasoning_content", "reasoning"):
            self.stub.script = [saying(delta(role="assistant", content=None, **{name: "Let me "}),
                                       delta(**{name: "think."}), chunk("Hi"), STOP, DONE)]
            message = self.complete().json()["choices"][0]["message"]
            self.assertEqual((message["content"], message[name]), ("Hi", "Let me think."))
            deltas = [choice["delta"] for piece in self.chunks(self.complete(stream=True))
                      for choice in piece["choices"]]
            self.assertEqual("".join(each.get(name, "") for each in deltas), "Let me think.")
            self.assertEqual(self.ask("Hello", name).text(), "Hi")
            self.assertEqual(self.server.messages(name)[1][2], "Hi")

    def test_a_response_has_a_summary_of_it_when_asked_for(self):
        self.stub.script = [saying(delta(reasoning_content="hm"), chunk("Hi"), STOP, DONE)]
        body = {"input": "Hello", "reasoning": {"summary": "auto"}}
        output = self.server.request("POST", "/v1/responses", body).json()["output"]
        self.assertEqual([item["type"] for item in output], ["reasoning", "message"])
        self.assertEqual(output[0]["summary"], [{"type": "summary_text", "text": "hm"}])
        kinds = [kind for kind, _ in self.server.request("POST", "/v1/responses", body | {"stream": True}).events()]
        self.assertIn("response.reasoning_summary_text.delta", kinds)
        self.assertEqual(kinds[-1], "response.completed")
        plain = self.server.request("POST", "/v1/responses", {"input": "Hello"}).json()["output"]
        self.assertEqual([item["type"] for item in plain], ["message"])

    def test_a_response_that_fails_without_a_word_leaves_nothing_that_nobody_could_find(self):
        self.stub.script = [saying(": thinking\n\n", delta(reasoning_content="hm"), event({"error": {"code": 500}}))]
        for stream in (False, True):
            self.server.request("POST", "/v1/responses", {"input": "Hello", "stream": stream})
            wait_for(lambda: self.server.rows("SELECT count(*) FROM messages") == [(0,)], "an empty database")


class PassedOn(BackendTest):
    settings = {"llm-system-prompt": "Be brief."}

    FIELDS = {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
              "tool_choice": "required", "parallel_tool_calls": False, "response_format": {"type": "json_object"},
              "stop": ["END"], "n": 1, "seed": 7, "logit_bias": {"50256": -100}, "min_p": 0.05, "foo": [1, {"a": None}]}
    CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}

    def test_fields_reach_the_backend_and_calls_come_back(self):
        pieces = [delta(role="assistant", content=None, tool_calls=[
            {"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}])]
        pieces += [delta(tool_calls=[{"index": 0, "function": {"arguments": part}}]) for part in ('{"x"', ': 1}')]
        self.stub.script = [saying(*pieces, delta("tool_calls"), DONE)]
        choice = self.complete(**self.FIELDS).json()["choices"][0]
        self.assertEqual(choice["finish_reason"], "tool_calls")
        self.assertEqual((choice["message"]["content"], choice["message"]["tool_calls"]), (None, [self.CALL]))
        asked = self.stub.requests[-1].json()
        self.assertEqual({name: asked.get(name) for name in self.FIELDS}, self.FIELDS)
        streamed = self.complete(stream=True, **self.FIELDS)
        calls = [call for piece in self.chunks(streamed) for choice in piece["choices"]
                 for call in choice["delta"].get("tool_calls", [])]
        self.assertEqual("".join(call["function"]["arguments"] for call in calls), '{"x": 1}')
        self.assertEqual((calls[0]["index"], calls[0]["id"]), (0, "c1"))
        self.assertEqual(self.chunks(streamed)[-1]["choices"][0]["finish_reason"], "tool_calls")

    def test_messages_that_are_more_than_text_are_passed_on_in_the_form_of_a_prompt(self):
        image = {"role": "user", "content": [{"type": "text", "text": "What is it?"}, {
            "type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}]}
        messages = [{"role": "user", "content": "Call it."},
                    {"role": "assistant", "content": None, "tool_calls": [self.CALL]},
                    {"role": "tool", "tool_call_id": "c1", "content": "42"}]
        for given in (messages, [image]):
            self.assertEqual(self.server.request("POST", "/v1/chat/completions", {"messages": given}).status, 200)
            sent = self.stub.requests[-1].json()["messages"]
            self.assertEqual(sent[0], {"role": "system", "content": "Be brief."})
            self.assertEqual(sent[1:], given)
        given = [{"role": "user", "content": "Hello"}, {"role": "system", "content": "Be kind."}, image]
        self.assertEqual(self.server.request("POST", "/v1/chat/completions", {"messages": given}).status, 200)
        sent = self.stub.requests[-1].json()["messages"]
        self.assertEqual([message["role"] for message in sent], ["system", "user"])
        self.assertEqual(sent[0]["content"], "Be brief.\n\n---\n\nBe kind.")
        self.assertEqual([part["type"] for part in sent[1]["content"]], ["text", "text", "image_url"])
        in_flight = lambda: self.server.request("GET", "/admin/memory").json()["accounted"]["in_flight"]["bytes"]
        wait_for(lambda: in_flight() == 0, "all bytes given back")


if __name__ == "__main__":
    unittest.main()
