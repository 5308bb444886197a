"""Every prompt that chatcore sends is one that strict chat templates accept, and no conversation stays stuck.

CHATCORE_STRICT_TURNS is how many turns the last test takes (200; 1,000 for the figure in docs/measurements.md).
"""
import os
import random
import time
import unittest

import strict

from backend import BackendTest  # noqa: E402  (found through strict)
from server import wait_for  # noqa: E402

TURNS = int(os.environ.get("CHATCORE_STRICT_TURNS", "200"))
SEED = int(os.environ.get("CHATCORE_STRICT_SEED", "0")) or random.randrange(1, 1 << 30)


class TemplatesTest(BackendTest):
    @classmethod
    def setUpClass(cls):
        strict.install()
        cls.renderer = strict.Renderer()
        cls.addClassCleanup(cls.renderer.stop)

    def setUp(self):
        super().setUp()
        self.chance = random.Random(SEED)
        self.backend = strict.Strict(self.renderer, seed=SEED)
        self.stub.script = [self.backend]

    def assert_all_prompts_were_accepted(self):
        self.assertGreater(self.backend.prompts, 0)
        self.assertEqual(self.backend.faults[:3], [], f"seed {SEED}")

    def post(self, path, body):
        return self.server.request("POST", path, body)


class Renderer(TemplatesTest):
    def test_the_templates_refuse_what_this_is_about(self):
        user = {"role": "user", "content": "a"}
        for messages in ([user, user], [{"role": "assistant", "content": "b"}, user]):
            self.assertIn("gemma3", self.renderer.render(messages)[1])
        self.assertEqual(self.renderer.render([user])[1], {})


class Prompts(TemplatesTest):
    settings = {"llm-system-prompt": "You are an assistant.", "limits-user-rate": "0"}

    def text(self):
        return self.chance.choice(("Hello", "What is it?", " ", "", "größe\nслово", "x" * 300, "</s> [INST] {{ 7 * 7 }}"))

    def test_whatever_a_client_sends_is_rendered(self):
        reached = 0
        for _ in range(300):
            messages = [{"role": self.chance.choice(("system", "developer", "user", "user", "assistant")),
                         "content": self.text()} for _ in range(self.chance.randrange(7))]
            if self.chance.random() < 0.8:
                messages.append({"role": "user", "content": "Which?"})
            if messages and all(not message["content"].strip() for message in messages):
                continue  # nothing to show to anybody
            before = self.backend.prompts
            self.post("/v1/chat/completions", {"messages": messages})
            reached += self.backend.prompts > before
        self.assertGreater(reached, 100)
        self.assert_all_prompts_were_accepted()

    def test_conversations_of_all_kinds_are_rendered(self):
        items = [{"type": "message", "role": role, "content": text} for role, text in
                 (("system", "Be kind."), ("assistant", "Welcome."), ("user", "My name is Bo."), ("user", "I like tea."))]
        conversation = self.post("/v1/conversations", {"items": items}).json()["id"]
        for question in ("Who am I?", [{"role": "developer", "content": "In French."}, {"role": "user", "content": "a"},
                                       {"role": "user", "content": "b"}], "And now?"):
            reply = self.post("/v1/responses", {"input": question, "conversation": conversation, "instructions": "Be brief."})
            self.assertEqual(reply.status, 200, reply.body)
        sent = self.stub.requests[-1].json()["messages"]
        for text in ("You are an assistant.", "Be brief.", "Be kind.", "Welcome.", "In French."):
            self.assertIn(text, sent[0]["content"])
        self.assertEqual(sent[1]["content"], "My name is Bo.\n\nI like tea.\n\nWho am I?", "nothing that was said is lost")
        first = self.post("/v1/responses", {"input": "One", "instructions": "Count."}).json()["id"]
        self.assertEqual(self.post("/v1/responses", {"input": "Two", "previous_response_id": first}).status, 200)
        self.assertEqual(self.post("/v1/responses", {"input": "Two again", "previous_response_id": first}).status, 200)
        self.assert_all_prompts_were_accepted()


class Summaries(TemplatesTest):
    settings = {"conversation-summary": "true", "conversation-summary-every": "4", "conversation-max-messages": "4"}

    def test_their_prompts_and_the_prompts_with_them_are_rendered(self):
        for i in range(12):
            self.assertEqual(self.ask(f"question {i}", "c").status, 200)
        wait_for(lambda: self.server.metric('chatcore_summaries_total{result="ok"}'), "a summary")
        self.assertEqual(self.ask("Last", "c").status, 200)
        self.assertIn("Summary of this conversation", self.stub.requests[-1].json()["messages"][0]["content"])
        self.assert_all_prompts_were_accepted()


class Recovery(TemplatesTest):
    """A backend with a short context that fails one request in ten, and a few questions at which it fails always."""
    settings = {"llm-max-retries": "0", "llm-system-prompt": "You are an assistant.", "limits-user-rate": "0"}

    def turn(self, name):
        kind, conversation = name
        question = self.chance.choice(("What is it?", "Tell me more. " * self.chance.randrange(1, 60), "Why?"))
        if self.chance.random() < 0.03:
            question = "poison " + question
        if kind == "assistant":
            return self.ask(question, conversation)
        body = {"input": question, "conversation": conversation}
        if self.chance.random() < 0.3:
            body["instructions"] = "Be brief."
        if self.chance.random() < 0.2:
            body["input"] = [{"role": "user", "content": "Here is a text."}, {"role": "user", "content": question}]
        return self.post("/v1/responses", body)

    def test_no_conversation_stays_stuck(self):
        self.backend.fail_share = 0.1
        self.backend.context_tokens = 800
        names = [("assistant", f"a{i}") for i in range(10)]
        for _ in range(10):
            system = [{"type": "message", "role": "system", "content": "Be kind."}]
            names.append(("responses", self.post("/v1/conversations", {"items": system}).json()["id"]))
        began = time.monotonic()
        failed = 0
        for number in range(TURNS):
            failed += self.turn(self.chance.choice(names)).status != 200
            if number == TURNS // 2:  # nothing of it is a matter of memory
                self.server.stop()
                self.server.start()
        took = time.monotonic() - began
        self.backend.fail_share = 0
        # What no answer shows to be harmless is left out of prompts after a failure or two.
        stuck = [name for name in names if all(self.last_turn(name) != 200 for _ in range(3))]
        print(f"{TURNS} turns in {took:.1f} s over {len(names)} conversations: {self.backend.prompts} prompts,"
              f" {self.backend.failed} made to fail, {self.backend.too_long} too long, {failed} turns failed,"
              f" {len(self.backend.faults)} prompts refused by a template, {len(stuck)} conversations stuck (seed {SEED})")
        self.assertGreater(self.backend.failed, TURNS // 30)
        self.assertGreater(self.backend.too_long, 0)
        self.assertEqual(stuck, [], f"seed {SEED}")
        self.assert_all_prompts_were_accepted()

    def last_turn(self, name):
        kind, conversation = name
        if kind == "assistant":
            return self.ask("And now?", conversation).status
        return self.post("/v1/responses", {"input": "And now?", "conversation": conversation}).status


if __name__ == "__main__":
    unittest.main()
