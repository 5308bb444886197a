"""Limits learned from a backend's refusals: its context length, and the fields that it refuses."""
import os
import tempfile
import unittest

from server import bearer, wait_for
from backend import BackendTest
from harness.stub_backend import answer, event, refusal, saying, status


class Limited:
    """A backend that refuses requests by their JSON, as a test configures; the first matching refusal is sent."""

    def __init__(self, *rules):
        self.rules = rules
        self.refused = 0

    def __call__(self, stream):
        for rule in self.rules:
            if refused := rule(stream.json()):
                self.refused += 1
                return refused(stream)
        return answer("Yes.")(stream)


def context_of(tokens, say):
    def rule(request):
        used = sum(len(message["content"]) for message in request["messages"]) // 4
        if used + request.get("max_tokens", 0) > tokens:
            return say(used, tokens)
        return None
    return rule


def llama(used, tokens):
    return refusal(400, code=400, type="exceed_context_size_error", n_prompt_tokens=used, n_ctx=tokens, message="too long")


def openai(used, tokens):
    return refusal(400, code="context_length_exceeded", type="invalid_request_error", param="messages",
                   message=f"This model's maximum context length is {tokens} tokens. However, your messages resulted in {used} tokens.")


def lm_studio(used, tokens):
    error = {"error": {"message": f"Trying to keep the first {used} tokens when context the overflows. However, the model is loaded"
                                  f" with context length of only {tokens} tokens, which is not enough."}}
    return saying("event: error\n" + event(error))


def wordless(_used, _tokens):
    return refusal(413, message="Payload too large")


def without(field, status=400, **error):
    return lambda request: refusal(status, **error) if field in request else None


WORDS = "some words of a real question " * 20  # 150 tokens


class Context(BackendTest):
    def grow(self, say, turns=12):
        limited = Limited(context_of(1000, say))
        self.stub.script = [limited]
        for i in range(turns):
            reply = self.ask(f"turn {i} {WORDS}", "grow")
            self.assertEqual(reply.status, 200, reply.body)
        sent = self.stub.requests[-1].json()["messages"]
        self.assertIn(f"turn {turns - 1} ", sent[-1]["content"])
        self.assertEqual(sent[0]["role"], "user")
        self.assertGreater(len(sent), 4, "what fits is there")
        return limited

    def test_the_oldest_turns_are_left_out_and_the_size_is_known_from_then_on(self):
        for say in (llama, openai, lm_studio):
            with self.subTest(say.__name__):
                self.server.stop()
                self.server.start()
                self.assertIsNone(self.server.metric("chatcore_backend_context_tokens"))
                self.assertEqual(self.grow(say).refused, 1)
                self.assertEqual(self.server.metric("chatcore_backend_context_tokens"), 1000)
        wait_for(lambda: "context_tokens=1000" in self.server.log(), "the log line")

    def test_a_backend_that_does_not_say_how_long_it_may_be_is_asked_for_less(self):
        self.assertLess(self.grow(wordless).refused, 6)

    def test_a_question_that_does_not_fit_alone_is_the_clients_affair(self):
        self.stub.script = [Limited(context_of(1000, llama))]
        for refused in (self.ask(WORDS * 10, "c"), self.complete(WORDS * 10)):
            self.assert_error(refused, 400, "context_length_exceeded")
            self.assertEqual(refused.json()["error"]["param"], "messages")
            self.assertEqual(refused.json()["error"]["type"], "invalid_request_error")
        self.assertEqual(self.ask("short", "c").status, 200)

    def test_a_bound_that_the_context_cannot_hold_is_lowered(self):
        self.stub.script = [Limited(context_of(1000, openai))]
        self.assertEqual(self.complete("Hello " * 100, max_tokens=990).status, 200)
        sent = self.stub.requests[-1].json()
        self.assertIn("Hello", sent["messages"][0]["content"])
        self.assertGreater(sent["max_tokens"], 100)

    def test_a_proxy_that_refuses_the_size_is_not_the_models_context(self):
        page = "<html><head><title>413 Request Entity Too Large</title></head></html>"

        def nginx(_used, _tokens):
            return lambda stream: stream.raw("HTTP/1.1 413 Request Entity Too Large\r\nContent-Type: text/html\r\n"
                                             f"Content-Length: {len(page)}\r\n\r\n{page}")
        self.stub.script = [Limited(context_of(1000, nginx))]
        for refused in (self.ask(WORDS * 10, "c"), self.complete(WORDS * 10)):
            self.assert_error(refused, 413, "request_too_large")
            self.assertIn("The language model is behind a proxy", refused.json()["error"]["message"])
        wait_for(lambda: "client_max_body_size" in self.server.log(), "what the operator can do")
        self.assertEqual(self.breaker("closed"), 1)
        self.grow(nginx)
        self.assertIsNone(self.server.metric("chatcore_backend_context_tokens"), "nothing is learned of the model")

    def test_other_conversations_profit_at_once(self):
        limited = self.grow(llama)
        history = [{"role": role, "content": WORDS} for _ in range(10) for role in ("user", "assistant")]
        body = {"messages": history + [{"role": "user", "content": "And now?"}]}
        self.assertEqual(self.server.request("POST", "/v1/chat/completions", body).status, 200)
        self.assertEqual(limited.refused, 1)


class Fields(BackendTest):
    def learned(self):
        return self.server.request("GET", "/admin/backend").json()["backend"]["learned"]

    def test_what_is_refused_by_name_is_left_out_from_then_on(self):
        limited = Limited(
            without("temperature", param="temperature", code="unsupported_value", message="Unsupported value: temperature"),
            without("stream_options", 422, message="Extra inputs are not permitted: stream_options"),
            without("max_tokens", param="max_tokens", code="unsupported_parameter",
                    message="Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."))
        self.stub.script = [limited]
        for _ in range(3):
            self.assertEqual(self.complete(temperature=0.5, max_tokens=10, top_p=0.5).status, 200)
        self.assertEqual(limited.refused, 3)
        sent = self.stub.requests[-1].json()
        self.assertEqual((sent["max_completion_tokens"], sent["top_p"]), (10, 0.5))
        self.assertEqual(self.learned(), {"context_tokens": None, "system_message_taken": True, "fields_not_taken": [
            {"field": "max_tokens", "instead": "max_completion_tokens"}, {"field": "stream_options", "instead": None},
            {"field": "temperature", "instead": None}]})
        log = wait_for(lambda: self.server.log() if self.server.log().count("refuses a field") == 3 else None, "three lines")
        self.assertIn("field=max_tokens instead=max_completion_tokens", log)

    def test_a_value_out_of_range_is_the_clients_fault_and_teaches_nothing(self):
        self.stub.script = [Limited(lambda request: refusal(400, param="temperature", message="temperature must be at most 1")
                                    if request.get("temperature", 0) > 1 else None)]
        refused = self.complete(temperature=1.5)
        self.assert_error(refused, 400)
        self.assertEqual(refused.json()["error"]["param"], "temperature")
        self.assertEqual(self.complete(temperature=0.5).status, 200)
        self.assertEqual(self.stub.requests[-1].json()["temperature"], 0.5)

    def test_a_refusal_that_a_users_own_words_bring_about_teaches_nothing(self):
        self.stub.script = [Limited(lambda request: refusal(400, message=request["messages"][-1]["content"])
                                    if "unsupported" in request["messages"][-1]["content"] else None)]
        self.assert_error(self.complete("unsupported: temperature, stream_options", temperature=1), 400)
        self.assertEqual(self.learned()["fields_not_taken"], [])
        self.assertEqual(self.complete(temperature=1).status, 200)
        self.assertIn("stream_options", self.stub.requests[-1].json())

    def test_a_template_without_system_messages_is_served_too(self):
        limited = Limited(lambda request: refusal(400, message="System role not supported")
                          if request["messages"][0]["role"] == "system" else None)
        self.stub.script = [limited]
        for question in ("One", "Two"):
            body = {"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": question}]}
            self.assertEqual(self.server.request("POST", "/v1/chat/completions", body).status, 200)
        self.assertEqual(limited.refused, 1)
        self.assertEqual(self.stub.requests[-1].json()["messages"], [{"role": "user", "content": "Be kind.\n\n---\n\nTwo"}])
        self.assertFalse(self.learned()["system_message_taken"])

    def test_without_a_backend_there_is_nothing_to_show(self):
        self.server.stop()
        self.server.flags = [flag for flag in self.server.flags if not flag.startswith("--llm-")]
        self.server.start()
        self.assertEqual(self.server.request("GET", "/admin/backend").json(), {"model": "leakguard-extractive", "backend": None})


KEYS = {user: f"a-key-of-{user}-that-nobody-guesses" for user in ("alice", "bob")}


class Users(BackendTest):
    """One user's requests make the backend fail, each in a conversation of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-test-")
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "keys")
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(f"{user}:{key}\n" for user, key in KEYS.items())
        self.settings = {"auth-keys-file": path, "llm-max-retries": "0", "llm-breaker-failures": "3"}
        super().setUp()
        self.stub.script = [lambda stream: (status(500) if "bad" in stream.body.decode() else answer("Yes."))(stream)]

    def ask_as(self, user, content):
        body = {"messages": [{"role": "user", "content": content}]}
        return self.server.request("POST", "/v1/chat/completions", body, bearer(KEYS[user]))

    def test_shut_out_that_user_alone(self):
        for i in range(6):
            self.assertEqual(self.ask_as("alice", f"bad {i}").status, 503)
        self.assertEqual(len(self.stub.requests), 3, "the rest is not asked at all")
        self.assertEqual(self.ask_as("alice", "good").status, 503)
        self.assertEqual(self.ask_as("bob", "good").status, 200)


if __name__ == "__main__":
    unittest.main()
