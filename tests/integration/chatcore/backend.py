"""A chatcore whose language model is the stub backend (or whatever `backend` says)."""
import json
import os
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", ".."))

from server import PATIENCE, ChatcoreTest, wait_for  # noqa: E402
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

    def ask_live(self, path, body, receive_buffer=None):
        """A client that has sent its request, and the backend's side of it (the script is `live`)."""
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(PATIENCE)
        client.connect(("127.0.0.1", self.server.port))
        self.addCleanup(client.close)
        data = json.dumps(body).encode()
        client.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                       f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
        stream = self.stub.take()
        self.addCleanup(stream.given_back.set)
        return client, stream

    def read_until(self, client, mark):
        data = b""
        while mark not in data:
            piece = client.recv(4096)
            self.assertTrue(piece, f"the stream ended before {mark!r}: {data!r}")
            data += piece
        return data

    def wait_for_rows(self, conversation, count):
        return wait_for(lambda: len(rows := self.server.messages(conversation)) >= count and rows,
                        f"{count} messages in the database")
