"""Summaries of what leaves a conversation's window: folded, kept, in every later prompt; and whatever happens to one on its
way, turns neither wait for it nor fail."""
import json
import signal
import time
import unittest

from server import wait_for
from backend import BackendTest
from harness import stub_backend as stub
from harness.stub_backend import answer, live, status

NOTE = "Summary of this conversation before the messages that follow"


def is_for_summary(request):
    return request.json()["messages"][0]["content"].startswith("You keep the summary of a conversation")


class SummaryTest(BackendTest):
    settings = {"conversation-summary": "true", "conversation-summary-every": "4", "conversation-max-messages": "4",
                "llm-breaker-failures": "0"}

    def setUp(self):
        super().setUp()
        self.reply = answer("Yes.")
        self.summary = answer("They spoke ", "of tea.")
        self.stub.script = [lambda stream: (self.summary if is_for_summary(stream) else self.reply)(stream)]

    def talk(self, turns, conversation="c", begin=0):
        for number in range(begin, begin + turns):
            reply = self.ask(f"question {number}", conversation)
            self.assertEqual((reply.status, reply.events()[-1][0]), (200, "end"), reply.body)

    def prompt(self):
        """The messages of the last turn's prompt, as (role, content)."""
        asked = [request for request in self.stub.requests if not is_for_summary(request)]
        return [(message["role"], message["content"]) for message in asked[-1].json()["messages"]]

    def folded(self):
        """What each request for a summary had in it, as (role, content)."""
        asked = [request.json()["messages"][1]["content"] for request in self.stub.requests if is_for_summary(request)]
        return [[(line["role"], line["content"]) for line in map(json.loads, text.splitlines())] for text in asked]

    def ended(self, result):
        return self.server.metric('chatcore_summaries_total{result="%s"}' % result)

    def wait_for_end(self, result, count=1):
        wait_for(lambda: self.ended(result) >= count, f"{count} summaries that ended {result}")

    def stored(self):
        return self.server.rows("SELECT up_to, content FROM summaries")


class Folded(SummaryTest):
    def test_what_has_left_is_in_the_next_prompt_in_its_place(self):
        self.talk(3)
        self.assertEqual(self.folded(), [], "too little has left")
        self.talk(1, begin=3)
        self.wait_for_end("ok")
        self.assertEqual(self.folded(), [[("user", "question 0"), ("assistant", "Yes."), ("user", "question 1"),
                                          ("assistant", "Yes.")]])
        self.assertEqual(self.stored(), [(4, "They spoke of tea.")])
        self.talk(1, begin=4)
        (role, note), *talk = self.prompt()
        self.assertEqual(role, "system")
        self.assertTrue(note.startswith(NOTE) and note.endswith("\nThey spoke of tea."), note)
        self.assertEqual(talk, [("user", "question 3"), ("assistant", "Yes."), ("user", "question 4")])
        self.assertEqual(len(self.server.messages("c")), 10, "it is no message of the conversation")

    def test_the_next_one_folds_the_former_and_what_has_left_since(self):
        self.talk(4)
        self.wait_for_end("ok")
        self.summary = answer("Tea, and then coffee.")
        self.talk(2, begin=4)
        self.wait_for_end("ok", 2)
        self.assertEqual(self.folded()[1], [("summary", "They spoke of tea."), ("user", "question 2"), ("assistant", "Yes."),
                                            ("user", "question 3"), ("assistant", "Yes.")])
        self.assertEqual(self.stored(), [(8, "Tea, and then coffee.")])

    def test_it_follows_the_system_message_which_is_not_folded(self):
        made = self.server.request("POST", "/v1/conversations", {"items": [{"role": "system", "content": "Be kind."}]})
        self.talk(4, made.json()["id"])
        self.wait_for_end("ok")
        self.assertEqual(self.folded()[0][0], ("user", "question 0"))
        self.talk(1, made.json()["id"], begin=4)
        own, summary = self.prompt()[0][1].split("\n\n---\n\n")
        self.assertEqual((self.prompt()[0][0], own), ("system", "Be kind."))
        self.assertTrue(summary.startswith(NOTE))

    def test_it_is_there_after_a_crash_and_a_restart(self):
        self.talk(4)
        self.wait_for_end("ok")
        self.server.stop(signal.SIGKILL)
        self.server.start()
        self.talk(1, begin=4)
        self.assertTrue(self.prompt()[0][1].endswith("\nThey spoke of tea."))

    def test_one_that_does_not_end_is_cut(self):
        self.summary = answer(*["word " for _ in range(2000)])
        self.talk(4)
        self.wait_for_end("ok")
        self.assertEqual(self.server.rows("SELECT length(content) FROM summaries"), [(2044,)])

    def test_an_item_that_is_deleted_takes_it_along(self):
        self.talk(4)
        self.wait_for_end("ok")
        items = self.server.request("GET", "/v1/conversations/c/items?order=asc").json()["data"]
        self.assertEqual(self.server.request("DELETE", f"/v1/conversations/c/items/{items[1]['id']}").status, 200)
        self.assertEqual(self.stored(), [])
        self.talk(1, begin=4)
        self.assertEqual(self.prompt()[0], ("user", "question 3"))


class ByTokens(SummaryTest):
    settings = SummaryTest.settings | {"conversation-max-messages": "50", "conversation-max-tokens": "200",
                                       "conversation-summary-size": "256"}

    def test_what_the_tokens_leave_out_is_folded_too(self):
        self.reply = answer("word " * 60)
        self.talk(5)
        self.wait_for_end("ok")
        self.assertEqual(self.folded()[0][0], ("user", "question 0"))
        self.talk(1, begin=5)
        self.assertTrue(self.prompt()[0][1].startswith(NOTE))
        self.assertNotIn(("user", "question 1"), self.prompt())


class GoneWrong(SummaryTest):
    def test_a_backend_that_refuses_is_asked_again_when_as_many_more_have_left(self):
        self.summary = status(500)
        self.talk(4)
        self.wait_for_end("failed")
        self.talk(1, begin=4)
        self.assertEqual(len(self.folded()), 1)
        self.summary = answer("At last.")
        self.talk(1, begin=5)
        self.wait_for_end("ok")
        self.assertEqual(len(self.folded()[1]), 8)
        self.assertEqual(self.stored(), [(8, "At last.")])

    def test_one_that_says_nothing_changes_nothing(self):
        self.summary = answer(" \n")
        self.talk(4)
        self.wait_for_end("failed")
        self.assertEqual(self.stored(), [])

    def test_nobody_waits_for_one_that_hangs_and_a_stop_cuts_it(self):
        self.summary = stub.hang
        self.talk(4)
        wait_for(self.folded, "a request for a summary")
        self.talk(6, begin=4)
        self.assertEqual(len(self.folded()), 1, "one at a time")
        began = time.monotonic()
        self.assertEqual(self.server.stop(), 0)
        self.assertLess(time.monotonic() - began, 10, "first bytes may take 60 s")
        self.assertEqual(self.stored(), [])

    def test_more_than_two_at_once_are_skipped(self):
        self.summary = stub.hang
        for conversation in ("a", "b"):
            self.talk(4, conversation)
        wait_for(lambda: len(self.folded()) == 2, "two requests for summaries")
        self.talk(4, "c")
        self.wait_for_end("skipped")
        self.assertEqual(len(self.folded()), 2)

    def test_a_crash_in_between_is_made_good(self):
        self.summary = live
        self.talk(4)
        self.stub.take()
        self.server.stop(signal.SIGKILL)
        self.server.start()
        self.assertEqual(self.stored(), [])
        self.summary = answer("All of it.")
        self.talk(2, begin=4)
        self.wait_for_end("ok")
        self.assertEqual(len(self.folded()[1]), 8)

    def test_one_whose_conversation_is_deleted_meanwhile_is_dropped(self):
        for is_begun_anew in (False, True):
            with self.subTest(is_begun_anew):
                self.summary = live
                self.talk(4)
                stream = self.stub.take()
                stream.begin()
                stream.say_text("It was ")
                self.assertEqual(self.server.request("DELETE", "/api/conversations?conversationId=c").status, 200)
                if is_begun_anew:
                    self.talk(1)
                stream.say_text("a secret.")
                stream.finish()
                stream.given_back.set()  # its connection is not used again
                self.wait_for_end("outdated", 1 + is_begun_anew)
                self.assertEqual(self.stored(), [])

    def test_one_of_an_item_that_is_deleted_meanwhile_is_dropped(self):
        self.summary = live
        self.talk(4)
        stream = self.stub.take()
        items = self.server.request("GET", "/v1/conversations/c/items?order=asc").json()["data"]
        self.assertEqual(self.server.request("DELETE", f"/v1/conversations/c/items/{items[0]['id']}").status, 200)
        stream.begin()
        stream.say_text("It was a secret.")
        stream.finish()
        self.wait_for_end("outdated")
        self.assertEqual(self.stored(), [])


class Off(SummaryTest):
    settings = SummaryTest.settings | {"conversation-summary": "false"}

    def test_nothing_is_summarised_and_what_was_before_is_not_used(self):
        self.talk(6)
        self.assertEqual(self.folded(), [])
        self.server.stop()
        self.server.flags.append("--conversation-summary=true")
        self.server.flags.remove("--conversation-summary=false")
        self.server.start()
        self.talk(2, begin=6)
        self.wait_for_end("ok")
        self.server.stop()
        self.server.flags[-1] = "--conversation-summary=false"
        self.server.start()
        self.talk(1, begin=8)
        self.assertEqual(self.prompt()[0][0], "user")


if __name__ == "__main__":
    unittest.main()
