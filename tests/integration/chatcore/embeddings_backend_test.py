"""Vectors by a backend: for ingest and for questions, and what happens without it."""
import os
import socket
import subprocess
import tempfile
import unittest

from server import BINARY, wait_for
from backend import BackendTest
from harness.stub_backend import StubBackend, answer, embeddings, hang, live, saying, status

TEXTS = {"tides.md": "The spring tide comes with the full moon.", "bread.md": "Sourdough bread needs a night of rest."}


class WithEmbeddings(BackendTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-test-")
        self.addCleanup(folder.cleanup)
        self.folder = os.path.join(folder.name, "texts")
        os.mkdir(self.folder)
        for name, text in TEXTS.items():
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.embedder = StubBackend()
        self.embedder.script = [embeddings]
        self.addCleanup(self.embedder.stop)
        self.embedding_settings = {"embeddings-base-url": self.embedder.url, "embeddings-model": "stub-embedding",
                                   "embeddings-dimensions": "128", "embeddings-total-timeout": "2s",
                                   "retrieval-store": os.path.join(folder.name, "store")}
        self.settings = self.embedding_settings
        super().setUp()
        self.stub.script = [answer("Yes.")]

    def ingest(self):
        flags = [f"--{name}={value}" for name, value in self.embedding_settings.items()]
        return subprocess.run([BINARY, "ingest", self.folder, *flags], capture_output=True, text=True, check=False)

    def passages_of(self, question):
        self.assertEqual(self.ask(question, "c").status, 200)
        return "".join(message["content"] for message in self.stub.requests[-1].json()["messages"]
                       if message["role"] == "system")


class Embeddings(WithEmbeddings):
    def test_a_question_finds_its_passage(self):
        self.assertEqual(self.ingest().returncode, 0)
        self.assertEqual(self.embedder.requests[0].path, "/v1/embeddings")
        self.assertEqual(self.embedder.requests[0].json()["model"], "stub-embedding")
        wait_for(lambda: self.server.metric("chatcore_vector_store_chunks") == 2, "the new store")
        found = self.passages_of("When comes the spring tide?")
        self.assertIn("full moon", found)
        self.assertNotIn("Sourdough", found)

    def test_ingest_outlasts_a_busy_backend(self):
        self.embedder.script = [status(429, Retry_After=1), status(503), embeddings]
        self.assertEqual(self.ingest().returncode, 0)

    def test_ingest_says_what_is_wrong_and_leaves_the_store_alone(self):
        for fault in (status(401), saying("{}")):
            self.embedder.script = [fault]
            ended = self.ingest()
            self.assertEqual(ended.returncode, 1)
            self.assertIn("the embeddings backend", ended.stderr)
            self.assertNotIn("sk-secret", ended.stderr)
            self.assertFalse(os.path.exists(self.embedding_settings["retrieval-store"]))

    def test_without_the_backend_a_question_is_answered_without_passages(self):
        self.assertEqual(self.ingest().returncode, 0)
        wait_for(lambda: self.server.metric("chatcore_vector_store_chunks") == 2, "the new store")
        for fault in (hang, status(500), status(401)):
            self.embedder.script = [fault]
            self.assertEqual(self.passages_of(f"When comes the {fault} tide?"), "")
        # The answers alone would hide it for ever.
        self.assertEqual(self.server.metric("chatcore_vector_search_failures_total"), 3)
        self.embedder.script = [embeddings]
        self.assertIn("full moon", self.passages_of("When comes the spring tide?"))
        wait_for(lambda: "Questions get their passages again" in self.server.log(), "the end in the log")
        self.assertEqual(self.server.log().count("Questions are answered without passages"), 1)
        self.assertEqual(self.server.metric("chatcore_vector_search_failures_total"), 3)


class UnfinishedIngest(WithEmbeddings):
    """300 chunks are five requests of at most 64."""
    COUNT = 300

    def setUp(self):
        super().setUp()
        for number in range(self.COUNT - len(TEXTS)):
            with open(os.path.join(self.folder, f"{number}.txt"), "w", encoding="utf-8") as file:
                file.write(f"Text number {number} is about the {number * 7}th thing.")
        self.store = self.embedding_settings["retrieval-store"]

    def embedded(self):
        """The texts of all requests that were answered with vectors, once for each time."""
        return [text for request in self.answered for text in request.json()["input"]]

    def answering(self, stream):
        self.answered.append(stream)
        return embeddings(stream)

    def assert_finishes(self):
        ended = self.ingest()
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(len(set(self.embedded())), self.COUNT)
        self.assertEqual(len(self.embedded()), self.COUNT, "a text was embedded twice")
        self.assertFalse(os.path.exists(self.store + ".embedded"))
        wait_for(lambda: self.server.metric("chatcore_vector_store_chunks") == self.COUNT, "the new store")

    def test_a_backend_that_fails_in_the_middle_has_not_worked_in_vain(self):
        self.answered = []
        self.embedder.script = [self.answering, self.answering, status(401)]
        ended = self.ingest()
        self.assertEqual(ended.returncode, 1)
        self.assertFalse(os.path.exists(self.store))
        self.assertEqual(len(self.embedded()), 128)
        self.embedder.script = [self.answering]
        self.assert_finishes()

    def test_an_ingest_that_is_killed_goes_on_where_it_was(self):
        self.answered = []
        self.embedder.script = [self.answering, self.answering, self.answering, live]
        flags = [f"--{name}={value}" for name, value in self.embedding_settings.items()]
        killed = subprocess.Popen([BINARY, "ingest", self.folder, *flags], stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        stream = self.embedder.take()
        killed.kill()
        self.assertNotEqual(killed.wait(), 0)
        stream.given_back.set()
        self.assertFalse(os.path.exists(self.store))
        self.embedder.script = [self.answering]
        self.assert_finishes()


class LeavingClient(WithEmbeddings):
    def setUp(self):
        super().setUp()
        self.server.kill()
        self.server.flags = [flag for flag in self.server.flags if not flag.startswith("--embeddings-total-timeout")]
        self.server.flags.append("--embeddings-total-timeout=60s")
        self.server.start()

    def test_a_client_that_leaves_while_passages_are_looked_for_is_not_waited_for(self):
        self.assertEqual(self.ingest().returncode, 0)
        wait_for(lambda: self.server.metric("chatcore_vector_store_chunks") == 2, "the new store")
        self.embedder.script = [live]
        body = b'{"message":"When?","conversationId":"left"}'
        with socket.create_connection(("127.0.0.1", self.server.port)) as client:
            client.sendall(b"POST /api/assistant HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(body) + body)
            stream = self.embedder.take()
            self.addCleanup(stream.given_back.set)
        wait_for(lambda: self.server.metric("chatcore_streams_cancelled_total") == 1, "the cancelled turn")
        self.assertEqual(self.stub.requests, [])
        self.assertEqual([row[1] for row in self.server.messages("left")], ["user"])


class WrongConfiguration(unittest.TestCase):
    def test_what_belongs_together_is_asked_for(self):
        for flags in (["--llm-base-url=http://127.0.0.1:1/v1"],
                      ["--embeddings-base-url=http://127.0.0.1:1/v1", "--embeddings-model=m"],
                      ["--llm-base-url=http://127.0.0.1:1", "--llm-model=m", "--llm-api-key-file=/nonexistent"],
                      ["--llm-base-url=ftp://host"], ["--llm-base-url=http://user:secret@host"]):
            ended = subprocess.run([BINARY, "serve", "--listen=127.0.0.1:0", "--database-url=sqlite://:memory:", *flags],
                                   capture_output=True, text=True, timeout=20, check=False)
            self.assertEqual(ended.returncode, 78, flags)


if __name__ == "__main__":
    unittest.main()
