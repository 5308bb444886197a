"""Items added and deleted through one chatcore, in the reads and prompts of another that has the conversation in memory."""
import unittest

import instances_test
from harness.stub_backend import StubBackend, answer, status


class Items(instances_test.InstancesTest):
    def setUp(self):
        super().setUp()
        self.stub = StubBackend()
        self.addCleanup(self.stub.stop)
        self.stub.script = [answer("Yes.")]
        settings = {"llm-base-url": self.stub.url, "llm-model": "stub", "llm-max-retries": "0"}
        self.one, self.other = self.start(**settings), self.start(**settings)
        for question in ("a secret", "something else"):
            self.assert_answered(self.ask(self.one, question))

    def items(self, server):
        return server.request("GET", "/v1/conversations/c/items?order=asc").json()["data"]

    def delete_first_two(self):
        for item in self.items(self.other)[:2]:
            self.assertEqual(self.other.request("DELETE", f"/v1/conversations/c/items/{item['id']}").status, 200)

    def prompt(self):
        return [message["content"] for message in self.stub.requests[-1].json()["messages"]]

    def test_one_that_was_deleted_is_in_no_read_and_no_prompt_elsewhere(self):
        self.delete_first_two()
        self.assertEqual([item["content"][0]["text"] for item in self.items(self.one)], ["something else", "Yes."])
        self.assert_answered(self.ask(self.one, "and on"))
        self.assertEqual(self.prompt(), ["something else", "Yes.", "and on"])

    def test_nor_when_a_question_that_was_not_answered_is_asked_again(self):
        self.stub.script = [status(500)]
        self.assert_refused(self.ask(self.one, "and on"), 503, "unavailable")
        self.delete_first_two()
        self.stub.script = [answer("Yes.")]
        self.assert_answered(self.ask(self.one, "and on"))
        self.assertEqual(self.prompt(), ["something else", "Yes.", "and on"])
        # The question stands once; the empty answer between is the mark of the backend's failure.
        texts = [item["content"][0]["text"] for item in self.items(self.one)]
        self.assertEqual(texts, ["something else", "Yes.", "and on", "", "Yes."])

    def test_those_that_were_added_are_in_the_next_prompt_elsewhere(self):
        added = self.other.request("POST", "/v1/conversations/c/items",
                                   {"items": [{"role": "user", "content": "One"}, {"role": "assistant", "content": "Two"}]})
        self.assertEqual(added.status, 200, added.body)
        self.assert_answered(self.ask(self.one, "and on"))
        self.assertEqual(self.prompt()[4:], ["One", "Two", "and on"])

    def test_a_chain_that_grew_elsewhere_grows_on_here(self):
        previous = None
        for server in (self.one, self.other, self.one, self.other):
            body = {"input": "?"} | ({"previous_response_id": previous} if previous else {})
            previous = server.request("POST", "/v1/responses", body).json()["id"]
        self.assertEqual(len(self.prompt()), 7)
        chains = self.database.psql("SELECT count(*) FROM chatcore.conversations WHERE NOT listed").strip()
        self.assertEqual(chains, "1", "nobody had to fork")


if __name__ == "__main__":
    unittest.main()
