"""Backends that refuse, or fail on, a text of a conversation that is not the question: every later question is answered."""
import re
import unittest

from server import wait_for
from backend import BackendTest
from harness.stub_backend import DONE, answer, chunk, event, saying, status

MARKER = "forbidden-word"


def refusing(fault, otherwise=answer("Yes")):
    """Fails on each prompt with the marker."""
    def behave(stream):
        return (fault if MARKER.encode() in stream.body else otherwise)(stream)
    return behave


FAULTS = {
    "400": status(400),
    "422": status(422),
    "500": status(500),
    "an error event": saying(event({"error": {"message": "no"}})),
    "a filtered answer": saying(chunk(reason="content_filter"), DONE),
}


class ReducedPrompts(BackendTest):
    settings = {"llm-max-retries": "0", "llm-breaker-failures": "4"}

    def assert_goes_on(self, conversation):
        """The stub refuses prompts with the marker, and the conversation has it: three questions, three answers."""
        for question in ("How are you?", "And now?", "And tomorrow?"):
            self.assertEqual(self.ask(question, conversation).text(), "Yes")
            self.assertEqual(self.server.messages(conversation)[-2:][0][2], question)

    def begin(self, *items):
        made = self.server.request("POST", "/v1/conversations", {"items": [
            {"type": "message", "role": role, "content": text} for role, text in items]})
        self.assertEqual(made.status, 200, made.body)
        return made.json()["id"]

    def respond(self, conversation, text, **more):
        return self.server.request("POST", "/v1/responses", {"conversation": conversation, "input": text} | more)

    def test_a_refused_text_in_an_earlier_answer(self):
        for name, fault in FAULTS.items():
            with self.subTest(name):
                self.stub.script = [answer(f"Here is a {MARKER}.")]
                self.ask("Tell me", name)
                self.stub.script = [refusing(fault)]
                before = self.server.metric("chatcore_reduced_prompts_total")
                self.assert_goes_on(name)
                self.assertEqual(self.server.metric("chatcore_reduced_prompts_total"), before + 3)
        self.assertEqual(self.breaker("closed"), 1)
        warnings = re.findall(r"The full prompt failed.*", self.server.log())
        self.assertEqual(len(warnings), 3 * len(FAULTS))
        self.assertNotIn(MARKER, "".join(warnings))

    def test_a_refused_text_in_a_system_message_of_the_conversation(self):
        for name in ("400", "500"):
            with self.subTest(name):
                conversation = self.begin(("system", f"Never say {MARKER}."), ("user", "Hi"), ("assistant", "Hello"))
                self.stub.script = [refusing(FAULTS[name])]
                for question in ("How are you?", "And now?"):
                    replied = self.respond(conversation, question)
                    self.assertEqual(replied.status, 200, replied.body)
                self.assertEqual(self.stub.requests[-1].json()["messages"], [{"role": "user", "content": "And now?"}])

    def test_system_messages_stay_while_the_backend_accepts_them(self):
        conversation = self.begin(("system", "Be brief."), ("user", "Hi"), ("assistant", MARKER))
        self.stub.script = [refusing(status(400))]
        self.assertEqual(self.respond(conversation, "How are you?", instructions="In French.").status, 200)
        self.assertEqual([message["content"] for message in self.stub.requests[-1].json()["messages"]],
                         ["In French.\n\n---\n\nBe brief.", "How are you?"])

    def test_a_refused_text_before_an_answered_question(self):
        for name in ("400", "500"):
            with self.subTest(name):
                conversation = self.begin(("user", MARKER), ("user", "Hi"), ("assistant", "Hello"))
                self.stub.script = [refusing(FAULTS[name])]
                for question in ("How are you?", "And now?"):
                    self.assertEqual(self.respond(conversation, question).status, 200)

    def test_a_refused_text_that_no_backend_saw_at_first(self):
        self.stub.script = [status(429)]
        self.ask(MARKER, "c")
        self.stub.script = [refusing(status(400))]
        self.assert_goes_on("c")

    def test_a_refused_text_in_a_chain_of_responses(self):
        self.stub.script = [answer(MARKER)]
        last = self.server.request("POST", "/v1/responses", {"input": "Hi"}).json()["id"]
        self.stub.script = [refusing(status(400))]
        for question in ("How are you?", "And now?"):
            replied = self.server.request("POST", "/v1/responses", {"input": question, "previous_response_id": last})
            self.assertEqual(replied.status, 200, replied.body)
            last = replied.json()["id"]

    def test_a_refused_question_fails_and_the_next_is_answered(self):
        self.stub.script = [answer("Hello")]
        self.ask("Hi", "c")
        self.stub.script = [refusing(status(400))]
        before = len(self.stub.requests)
        self.assert_error(self.ask(MARKER, "c"), 400)
        self.assertEqual(len(self.stub.requests), before + 2, "with the conversation and alone")
        self.assertEqual(self.ask("How are you?", "c").text(), "Yes")
        self.assertEqual([message["content"] for message in self.stub.requests[-1].json()["messages"]],
                         ["Hi", "Hello", "How are you?"])

    def test_one_turn_counts_once_for_the_breaker(self):
        for conversation in ("a", "b", "c"):
            self.ask("Hi", conversation)
        self.stub.script = [status(500)]
        for conversation in ("a", "b", "c"):
            self.assert_error(self.ask("How are you?", conversation), 503)
        self.assertEqual(len(self.stub.requests), 3 + 2 * 3)
        self.assertEqual(self.breaker("closed"), 1, "three turns are fewer than four failures")

    def test_smaller_prompts_are_not_retried(self):
        self.server.stop()
        self.server.flags[self.server.flags.index("--llm-max-retries=0")] = "--llm-max-retries=2"
        self.server.start()
        self.ask("Hi", "c")
        self.stub.script = [status(500)]
        self.assert_error(self.ask("How are you?", "c"), 503)
        self.assertEqual(len(self.stub.requests), 1 + 3 + 1)

    def test_what_another_try_may_help_is_not_asked_with_less(self):
        self.ask("Hi", "c")
        for fault in (status(429), status(503), status(401), status(403), status(404)):
            before = len(self.stub.requests)
            self.stub.script = [fault]
            self.assertGreaterEqual(self.ask("How are you?", "c").status, 500)
            self.assertEqual(len(self.stub.requests), before + 1)
        self.stub.script = [answer("Yes")]
        wait_for(lambda: self.breaker("open") == 0, "a closed breaker")
        self.ask("How are you?", "c")
        self.assertEqual([message["content"] for message in self.stub.requests[-1].json()["messages"]][0], "Hi")


if __name__ == "__main__":
    unittest.main()
