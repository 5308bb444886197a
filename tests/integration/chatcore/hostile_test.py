"""Attacks on the HTTP surface, with an honest client beside them that asks all the while: at least 99.9 % of its
requests are answered, and the server's memory stays in its budget.

The slow attacks are those of slowhttptest (Debian); the others are made here.
"""
import contextlib
import itertools
import json
import os
import resource
import socket
import subprocess
import threading
import time
import unittest

from server import PATIENCE, ChatcoreTest, wait_for

SECONDS = float(os.environ.get("HOSTILE_SECONDS", "6"))
CONNECTIONS = 3000      # of a slow attack: three times what the server has places for
IDLE_CONNECTIONS = 10_000
MOST_RESIDENT = (256 + 64) << 20  # the default budget and what the program itself may take


class HonestClient(threading.Thread):
    """Asks a question and the health of the server in turn, each on a connection of its own, until told to stop."""

    def __init__(self, server):
        super().__init__()
        self._server = server
        self._ended = threading.Event()
        self.good = 0
        self.failures = []
        self.most_resident = 0

    def run(self):
        for number in itertools.count():
            if self._ended.is_set():
                return
            self._ask(number)

    def stop(self):
        self._ended.set()
        self.join()

    def _ask(self, number):
        self.most_resident = max(self.most_resident, resident_bytes(self._server.process.pid))
        try:
            if number % 2 == 0:
                answer = self._server.request("GET", "/-/healthy")
                whole = answer.status == 200
            else:
                body = {"message": f"How are you, {number}?", "conversationId": f"honest-{number % 20}"}
                answer = self._server.request("POST", "/api/assistant", body)
                whole = answer.status == 200 and b"event: end" in answer.body
        except OSError as error:
            self.failures.append(repr(error))
        else:
            if whole:
                self.good += 1
            else:
                self.failures.append(f"{answer.status} {answer.body[-200:]}")


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


class Hostile(ChatcoreTest):
    settings = {"log-level": "info"}

    def setUp(self):
        super().setUp()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    @contextlib.contextmanager
    def honest_client(self, name):
        client = HonestClient(self.server)
        client.start()
        try:
            yield client
        finally:
            client.stop()
        asked = client.good + len(client.failures)
        print(f"{name}: {client.good} of {asked} honest requests answered, resident {client.most_resident >> 20} MiB",
              flush=True)
        self.assertGreater(asked, 100)
        self.assertLessEqual(len(client.failures), asked / 1000, client.failures[:5])
        self.assertLess(client.most_resident, MOST_RESIDENT)

    def slow_attack(self, name, *options, path="/api/assistant"):
        command = ["slowhttptest", *options, "-c", str(CONNECTIONS), "-r", "1000", "-l", str(round(SECONDS)), "-p", "3",
                   "-u", f"http://127.0.0.1:{self.server.port}{path}", "-v", "1"]
        with self.honest_client(name):
            attack = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assertEqual(attack.returncode, 0, attack.stdout[-2000:] + attack.stderr[-2000:])

    def test_slow_headers(self):
        self.slow_attack("slow headers", "-H", "-i", "1", "-x", "24")

    def test_slow_bodies(self):
        self.slow_attack("slow bodies", "-B", "-i", "1", "-s", "1000000", "-x", "10", "-f", "application/json")

    def test_slow_reading(self):
        self.slow_attack("slow reading", "-X", "-k", "2", "-n", "1", "-w", "1", "-y", "64", "-z", "5", path="/metrics")

    def flood(self, name, attack, threads=4):
        """`attack(connection)` again and again on new connections, from several threads at once."""
        until = time.monotonic() + SECONDS
        attacks = itertools.count()

        def run():
            while time.monotonic() < until:
                with contextlib.suppress(OSError):  # the server hangs up on those who never end
                    with socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE) as connection:
                        next(attacks)
                        attack(connection)

        workers = [threading.Thread(target=run) for _ in range(threads)]
        with self.honest_client(name):
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        self.assertGreater(next(attacks), 5, "the attack was one")

    def test_header_floods(self):
        headers = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(1000))

        def attack(connection):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n" + headers)
            self.assertIn(b" 431 ", connection.recv(100))

        self.flood("header flood", attack)

    def test_a_header_without_end(self):
        def attack(connection):
            while True:
                connection.sendall(b"a" * 65536)

        self.flood("a header without a line's end", attack)

    def test_chunks_without_end(self):
        head = b"POST /api/assistant HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"

        def attack(connection):
            connection.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
            while True:
                connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")

        self.flood("chunks without end", attack)

    def test_lengths_that_lie(self):
        def attack(connection):
            lies = (b"Content-Length: 99999999999999999999", b"Content-Length: -1", b"Content-Length: 1000000000",
                    b"Content-Length: 5\r\nContent-Length: 6", b"Content-Length: 5\r\nTransfer-Encoding: chunked")
            for lie in lies:
                with socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE) as liar:
                    liar.sendall(b"POST /api/assistant HTTP/1.1\r\nHost: localhost\r\n" + lie + b"\r\n\r\n12345")
                    self.assertRegex(liar.recv(100), rb"^HTTP/1.1 4\d\d ")

        self.flood("lying lengths", attack)

    def test_deep_json(self):
        body = b'{"message":' + b"[" * 400_000
        head = (b"POST /api/assistant HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body))

        def attack(connection):
            connection.sendall(head + body)
            self.assertIn(b" 400 ", connection.recv(100))

        self.flood("deep JSON", attack)

    def test_ten_thousand_idle_connections(self):
        with contextlib.ExitStack() as stack, self.honest_client("10,000 idle connections"):
            for _ in range(IDLE_CONNECTIONS):
                idle = socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE)
                stack.enter_context(contextlib.closing(idle))
            began = time.monotonic()
            wait_for(lambda: time.monotonic() > began + 2, "two seconds with all of them")

    def test_sql_in_every_field_is_text(self):
        for text in ("'; DROP TABLE messages; --", "\" OR 1=1 --", "a'), ('x','y", "%' UNION SELECT * FROM messages --",
                     "\\'; DELETE FROM conversations; --"):
            with self.subTest(text):
                self.assertEqual(self.ask(text, text).status, 200)
                self.assertEqual([row[2] for row in self.server.messages(text)][0], text)
        self.assertEqual(self.server.rows("SELECT count(*) FROM conversations"), [(5,)])
        listed = json.loads(self.server.request("GET", "/api/conversations").body)
        self.assertEqual(len(listed["conversations"]), 5)


if __name__ == "__main__":
    unittest.main()
