"""One chatcore as the backend of another: what the stub stands for, by the real thing, on both sides of the wire."""
import socket
import tempfile
import unittest

from server import PATIENCE, Chatcore, ChatcoreTest, wait_for


class Chain(ChatcoreTest):
    upstream_settings = {"llm-words-per-second": "0"}

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-test-")
        self.addCleanup(folder.cleanup)
        self.upstream = Chatcore(folder.name, self.upstream_settings)
        self.addCleanup(self.upstream.kill)
        self.settings = {"llm-base-url": f"http://127.0.0.1:{self.upstream.port}/v1",
                         "llm-model": "leakguard-extractive"}
        super().setUp()

    def completion(self, server, **more):
        body = {"model": "m", "messages": [{"role": "user", "content": "What about größe and слово?"}]} | more
        return server.request("POST", "/v1/chat/completions", body)


class Whole(Chain):
    def test_the_answer_is_the_upstreams_own(self):
        direct = self.completion(self.upstream).json()["choices"][0]
        chained = self.completion(self.server).json()["choices"][0]
        self.assertEqual(chained, direct)

    def test_the_usage_is_the_upstreams_own(self):
        self.assertEqual(self.completion(self.server).json()["usage"], self.completion(self.upstream).json()["usage"])

    def test_a_conversation_is_kept_here_and_not_there(self):
        for _ in range(3):
            self.assertEqual(self.ask("Hello", "c").status, 200)
        self.assertEqual(len(self.server.messages("c")), 6)
        self.assertEqual(self.upstream.rows("SELECT count(*) FROM messages"), [(0,)])

    def test_connections_are_kept(self):
        for _ in range(5):
            self.completion(self.server)
        self.assertEqual(self.server.metric("chatcore_backend_connects_total"), 1)

    def test_an_upstream_that_ends_is_503_and_one_that_is_back_is_used(self):
        self.completion(self.server)
        self.upstream.stop()
        self.assert_error(self.completion(self.server), 503, "unavailable")
        self.upstream.flags = [flag for flag in self.upstream.flags if not flag.startswith("--listen")]
        self.upstream.flags.append(f"--listen=127.0.0.1:{self.upstream.port}")
        self.upstream.start()
        self.assertEqual(self.completion(self.server).status, 200)


class Slow(Chain):
    upstream_settings = {"llm-words-per-second": "5"}

    def test_words_come_through_one_by_one(self):
        stream, _ = self.server.open_stream("/api/assistant", {"message": "Hello there", "conversationId": "c"})
        with stream:
            pieces = 0
            while True:
                piece = stream.recv(4096)
                pieces += 1
                if b"event: end" in piece:
                    break
        self.assertGreater(pieces, 5)
        self.assertEqual(self.server.messages("c")[1][3], 0)

    def test_a_client_that_leaves_cancels_the_upstreams_generation_too(self):
        stream, _ = self.server.open_stream("/api/assistant", {"message": "Hello", "conversationId": "c"})
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        stream.close()
        wait_for(lambda: self.upstream.metric("chatcore_streams_cancelled_total") == 1, "the upstream's cancel")
        self.assertEqual(wait_for(lambda: self.server.messages("c")[1:], "the partial answer")[0][3], 1)

    def test_an_upstream_that_is_killed_leaves_a_partial_answer(self):
        stream, _ = self.server.open_stream("/api/assistant", {"message": "Hello", "conversationId": "c"})
        self.upstream.kill()
        stream.settimeout(PATIENCE)
        data = b""
        while b"event: error" not in data:
            piece = stream.recv(4096)
            self.assertTrue(piece, data)
            data += piece
        stream.close()
        self.assertEqual(self.server.messages("c")[1][3], 1)


if __name__ == "__main__":
    unittest.main()
