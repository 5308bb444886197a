"""Summaries where several chatcores share one PostgreSQL: each uses what the other has made, and of two at once the one
that goes further stays."""
import unittest

import instances_test
from server import wait_for
from harness.stub_backend import StubBackend, answer, live
from summary_test import NOTE, is_for_summary


class Together(instances_test.InstancesTest):
    def setUp(self):
        super().setUp()
        self.stub = StubBackend()
        self.addCleanup(self.stub.stop)
        self.summary = answer("They spoke of tea.")
        reply = answer("Yes.")
        self.stub.script = [lambda stream: (self.summary if is_for_summary(stream) else reply)(stream)]
        settings = {"llm-base-url": self.stub.url, "llm-model": "stub", "conversation-summary": "true",
                    "conversation-summary-every": "4", "conversation-max-messages": "4"}
        self.one, self.other = self.start(**settings), self.start(**settings)

    def talk(self, server, *questions):
        for question in questions:
            self.assert_answered(self.ask(server, question))

    def kept(self):
        return self.database.psql("SELECT up_to || ' ' || content FROM chatcore.summaries").strip()

    def wait_for_end(self, server, result):
        wait_for(lambda: server.metric('chatcore_summaries_total{result="%s"}' % result), f"a summary that ended {result}")

    def note(self):
        """The system note of the last turn's prompt, None when it has none."""
        asked = [request for request in self.stub.requests if not is_for_summary(request)]
        first = asked[-1].json()["messages"][0]
        return first["content"].removeprefix(NOTE).rpartition("\n")[2] if first["role"] == "system" else None

    def test_what_one_has_made_is_in_the_others_prompts(self):
        self.talk(self.one, "1", "2", "3", "4")
        self.wait_for_end(self.one, "ok")
        self.talk(self.other, "5")
        self.assertEqual(self.note(), "They spoke of tea.")
        # `other` has it in memory, and then learns of a newer one.
        self.summary = answer("Tea and coffee.")
        self.talk(self.one, "6")
        wait_for(lambda: self.kept() == "8 Tea and coffee.", "the second summary")
        self.talk(self.other, "7")
        self.assertEqual(self.note(), "Tea and coffee.")

    def test_of_two_at_once_the_one_that_goes_further_stays(self):
        self.summary = live
        self.talk(self.one, "1", "2", "3", "4")
        first = self.stub.take()
        # `other` has no word of that one, and begins its own when as much again has left.
        self.talk(self.other, "5", "6")
        second = self.stub.take()
        for stream, text in ((second, "Up to the fourth."), (first, "Up to the second.")):
            stream.begin()
            stream.say_text(text)
            stream.finish()
            self.wait_for_end(self.other if stream is second else self.one, "ok" if stream is second else "outdated")
        self.assertEqual(self.kept(), "8 Up to the fourth.")
        for server in (self.one, self.other):
            self.talk(server, "and on")
            self.assertEqual(self.note(), "Up to the fourth.")


if __name__ == "__main__":
    unittest.main()
