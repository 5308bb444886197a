"""`chatcore ingest` over the real program: killed at random moments, run while a server answers, a large docs.json, a
progress bar on a terminal only."""
import json
import os
import pty
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from server import BINARY, ChatcoreTest, wait_for  # noqa: E402

KILLS = 20
SWAPS = 50


def ingest(store, *paths, **more):
    return subprocess.run([BINARY, "ingest", *paths, f"--store={store}"], capture_output=True, text=True, timeout=120,
                          **more)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def many_texts(folder, word, count=60):
    for number in range(count):
        write(os.path.join(folder, f"{number}.txt"), f"{word} number {number}. " * 150)


class Killed(unittest.TestCase):
    def test_leaves_the_old_store_or_the_new_one_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, "vectors.store")
            texts = os.path.join(folder, "texts")
            whole = set()
            for word in ("cats", "ships"):
                many_texts(texts, word)
                began = time.monotonic()
                self.assertEqual(ingest(store, texts).returncode, 0)
                took = time.monotonic() - began
                with open(store, "rb") as file:
                    whole.add(file.read())
            seed = random.randrange(1 << 32)
            pick = random.Random(seed)
            killed = 0
            for round_ in range(10 * KILLS):
                if killed == KILLS:
                    break
                many_texts(texts, ("cats", "ships")[round_ % 2])
                began = time.monotonic()
                process = subprocess.Popen([BINARY, "ingest", texts, f"--store={store}"], stdout=subprocess.DEVNULL)
                try:
                    process.wait(pick.uniform(0, took * 1.1))
                    took = time.monotonic() - began  # a machine that is less busy now would end them all in time
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    killed += 1
                with open(store, "rb") as file:
                    self.assertIn(file.read(), whole, f"seed {seed}, round {round_}")
            self.assertEqual(killed, KILLS, f"seed {seed}")
            # What the killed ones left behind is in nobody's way.
            self.assertEqual(ingest(store, texts).returncode, 0)


class Narrowed(unittest.TestCase):
    def test_who_names_only_what_is_new_is_told_what_is_lost(self):
        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, "store")
            write(os.path.join(folder, "a.md"), "Cats sleep at noon.\n")
            write(os.path.join(folder, "b.md"), "Dogs bark.\n")
            self.assertNotIn("not in this one", ingest(store, os.path.join(folder, "a.md")).stdout)
            self.assertIn("1 files of the store before are not in this one", ingest(store, os.path.join(folder, "b.md")).stdout)


class WhileServing(ChatcoreTest):
    def test_no_question_fails_while_the_store_is_replaced_fifty_times(self):
        store = os.path.join(self.server.folder, "vectors.store")
        texts = os.path.join(self.server.folder, "texts")
        answers = []
        stop = threading.Event()

        def ask():
            while not stop.is_set():
                answers.append(self.server.request("POST", "/api/assistant", {"message": "Who sleeps at noon?"}))

        def make(number):
            write(os.path.join(texts, "a.md"), f"Generation {number} sleeps at noon.\n")
            self.assertEqual(ingest(store, texts).returncode, 0)

        make(0)
        wait_for(lambda: self.server.metric("chatcore_vector_store_loads_total") >= 1, "the first store")
        askers = [threading.Thread(target=ask) for _ in range(2)]
        for asker in askers:
            asker.start()
        try:
            for number in range(1, SWAPS + 1):
                make(number)
            wait_for(lambda: f"Generation {SWAPS} sleeps" in answers[-1].text(), "an answer from the last store")
        finally:
            stop.set()
            for asker in askers:
                asker.join()
        self.assertEqual({answer.status for answer in answers}, {200})
        self.assertTrue(all("sleeps at noon" in answer.text() for answer in answers), "each had its passage")
        self.assertGreaterEqual(self.server.metric("chatcore_vector_store_loads_total"), 2)
        with open(f"/proc/{self.server.process.pid}/maps", encoding="utf-8") as maps:
            self.assertEqual(sum("vectors.store" in line for line in maps), 1, "one generation is mapped")

    def test_a_broken_new_store_is_counted_and_the_old_one_goes_on(self):
        store = os.path.join(self.server.folder, "vectors.store")
        write(os.path.join(self.server.folder, "texts/a.md"), "Cats sleep at noon.\n")
        self.assertEqual(ingest(store, os.path.join(self.server.folder, "texts")).returncode, 0)
        wait_for(lambda: self.server.metric("chatcore_vector_store_chunks") == 1, "the store")
        write(os.path.join(self.server.folder, "broken"), "this is no vector store")
        os.rename(os.path.join(self.server.folder, "broken"), store)
        wait_for(lambda: self.server.metric("chatcore_vector_store_load_failures_total") == 1, "the broken one")
        answer = self.server.request("POST", "/api/assistant", {"message": "Who sleeps at noon?"})
        self.assertIn("Cats sleep", answer.text())
        refused = ingest(store, os.path.join(self.server.folder, "texts"))
        self.assertEqual(refused.returncode, 1)
        self.assertEqual(subprocess.run([BINARY, "ingest", os.path.join(self.server.folder, "texts"), f"--store={store}",
                                         "--force"], capture_output=True, timeout=60).returncode, 0)
        wait_for(lambda: self.server.metric("chatcore_vector_store_loads_total") == 3, "the mended store")


class DocsJson(unittest.TestCase):
    def test_a_hundred_megabytes_are_streamed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "docs.json")
            embedding = json.dumps([0.0123456789] * 1536)
            with open(path, "w", encoding="utf-8") as file:
                file.write('{"_documents":[')
                for number in range(5000):
                    text = json.dumps(f"Document number {number} about cats.")
                    file.write(f'{"," if number else ""}{{"pageContent":{text},"embedding":{embedding}}}')
                file.write("]}")
            self.assertGreater(os.path.getsize(path), 100_000_000)
            limit = 96 << 20  # less than the file, and room for the vectors and the program
            done = ingest(os.path.join(folder, "store"), path,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("5000 chunks", done.stdout)

    def test_a_broken_one_is_named_with_the_place(self):
        with tempfile.TemporaryDirectory() as folder:
            write(os.path.join(folder, "docs.json"), '{"_documents":[{"pageContent":"a"},')
            done = ingest(os.path.join(folder, "store"), os.path.join(folder, "docs.json"))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, r"docs\.json: .*at byte 3\d")
            self.assertFalse(os.path.exists(os.path.join(folder, "store")))


class Progress(unittest.TestCase):
    def test_a_bar_on_a_terminal_and_none_elsewhere(self):
        with tempfile.TemporaryDirectory() as folder:
            many_texts(os.path.join(folder, "texts"), "cats", 5)
            store = os.path.join(folder, "store")
            self.assertEqual(ingest(store, os.path.join(folder, "texts")).stderr, "")
            os.remove(store)
            terminal, end = pty.openpty()
            subprocess.run([BINARY, "ingest", os.path.join(folder, "texts"), f"--store={store}"], stderr=end,
                           stdout=subprocess.DEVNULL, timeout=60, check=True)
            os.close(end)
            shown = b""
            while True:
                try:
                    block = os.read(terminal, 4096)
                except OSError:  # the other end is closed
                    break
                if not block:
                    break
                shown += block
            os.close(terminal)
            self.assertRegex(shown.decode(), r"\[#{30}\] 5/5 files|\[#{30}\] \d+/\d+ chunks, \d+/s, 0 s left")


if __name__ == "__main__":
    unittest.main()
