"""A chatcore whose language model is the stub backend (or whatever `backend` says)."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))

from server import ChatcoreTest, wait_for  # noqa: E402
from harness.stub_backend import StubBackend  # noqa: E402

KEY = "sk-0123456789-very-secret"


class BackendTest(ChatcoreTest):
    settings = {}
    certificate = None

    def setUp(self):
        self.stub = StubBackend(self.certificate)
        self.addCleanup(self.stub.stop)
        defaults = {"llm-base-url": self.stub.url, "llm-model": "stub-model"}
        self.settings = defaults | self.settings
        super().setUp()

    def complete(self, content="Hello", **more):
        body = {"model": "any", "messages": [{"role": "user", "content": content}]} | more
        return self.server.request("POST", "/v1/chat/completions", body)

    def breaker(self, state):
        return self.server.metric('chatcore_backend_breaker_state{state="%s"}' % state)

    def chunks(self, answer):
        return [json.loads(data) for _, data in answer.events() if data != "[DONE]"]

    def streamed_text(self, answer):
        return "".join(choice["delta"].get("content", "") for chunk in self.chunks(answer) if "choices" in chunk
                       for choice in chunk["choices"])

    def wait_for_rows(self, conversation, count):
        return wait_for(lambda: len(rows := self.server.messages(conversation)) >= count and rows,
                        f"{count} messages in the database")
