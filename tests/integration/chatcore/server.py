"""Starts the real chatcore on a port of its own, talks HTTP to it, and looks into its database.

    class Something(ChatcoreTest):
        settings = {"conversation-ttl": "1s"}
        def test_a_fact(self):
            self.assertEqual(self.ask("Hello").status, 200)

Every test gets a fresh server and a fresh database in a folder that goes with it. Waiting is always for a condition,
with a bound, never for a time.
"""
import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

BINARY = os.environ.get("CHATCORE_BINARY") or sys.exit("CHATCORE_BINARY must name the program to test")
PATIENCE = 20  # seconds any single condition may take on a busy machine


def wait_for(condition, what):
    """Returns the first true value of condition()."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.01)
    raise AssertionError(f"waited {PATIENCE} s in vain for: {what}")


class Answer:
    """A whole HTTP answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)

    def events(self):
        """Server-sent events as (event, data as text)."""
        return parse_events(self.body.decode())

    def text(self):
        """The text of an /api/assistant stream."""
        return "".join(json.loads(data)["data"] for event, data in self.events() if event == "message")


def parse_events(text):
    events = []
    for block in text.split("\n\n"):
        lines = block.split("\n")
        event = next((line[7:] for line in lines if line.startswith("event: ")), "message")
        data = "".join(line[6:] for line in lines if line.startswith("data: "))
        if data:
            events.append((event, data))
    return events


class Chatcore:
    def __init__(self, folder, settings, preexec=None):
        """`preexec` runs in the child before it becomes chatcore: to enter a cgroup, say."""
        self.preexec = preexec
        self.folder = folder
        self.database = os.path.join(folder, "chatcore.db")
        defaults = {
            "listen": "127.0.0.1:0",
            "database-url": f"sqlite://{self.database}",
            "retrieval-store": os.path.join(folder, "vectors.store"),
            "log-level": "debug",
        }
        self.flags = [f"--{name}={value}" for name, value in (defaults | settings).items()]
        self.log_path = os.path.join(folder, "log")
        self.start()

    def start(self):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CHATCORE_")}
        with open(self.log_path, "ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen([BINARY, "serve", *self.flags], stderr=log, env=environment,
                                            preexec_fn=self.preexec)

        def ready_port():
            if self.process.poll() is not None:
                raise AssertionError("chatcore ended at start:\n" + self.log()[begin:])
            found = re.search(r"msg=\"?Ready\"?.* port=(\d+)", self.log()[begin:])
            return found and int(found.group(1))

        self.port = wait_for(ready_port, "the line that says Ready")

    def log(self):
        with open(self.log_path, encoding="utf-8") as log:
            return log.read()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def request(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body)
            all_headers = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, body, all_headers | (headers or {}))
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def open_stream(self, path, body):
        """Sends a request and returns (socket, first bytes of the answer): the rest is for the caller to read."""
        data = json.dumps(body).encode()
        stream = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
        stream.sendall(f"{head}\r\n\r\n".encode() + data)
        begin = b""
        while b"data: " not in begin:
            piece = stream.recv(4096)
            if not piece:
                raise AssertionError(f"the stream ended before its first event: {begin!r}")
            begin += piece
        return stream, begin

    def metric(self, name):
        """One sample's value by its name with labels, None when it is absent."""
        for line in self.request("GET", "/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return None

    def rows(self, query, *values):
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as database:
            return database.execute(query, values).fetchall()

    def messages(self, conversation):
        """What is stored of a conversation: (sequence, role, content, interrupted)."""
        return self.rows(
            "SELECT sequence, role, content, interrupted FROM messages JOIN conversations ON id = conversation_id"
            " WHERE external_id = ? ORDER BY sequence", conversation)


class ChatcoreTest(unittest.TestCase):
    settings = {}

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-test-")
        self.addCleanup(folder.cleanup)
        self.server = Chatcore(folder.name, self.settings)
        self.addCleanup(self.server.kill)

    def ask(self, message, conversation=None):
        body = {"message": message}
        if conversation is not None:
            body["conversationId"] = conversation
        return self.server.request("POST", "/api/assistant", body)

    def assert_nothing_stored(self):
        self.assertEqual(self.server.rows("SELECT count(*) FROM conversations"), [(0,)])
        self.assertEqual(self.server.rows("SELECT count(*) FROM messages"), [(0,)])
        self.assertEqual(self.server.metric("chatcore_conversations"), 0)

    def assert_error(self, answer, status, code=None):
        """OpenAI's shape, whatever went wrong."""
        self.assertEqual(answer.status, status, answer.body)
        error = answer.json()["error"]
        self.assertEqual(set(error), {"message", "type", "code", "param"})
        self.assertTrue(error["message"])
        if code:
            self.assertEqual(error["code"], code)


def bearer(key):
    """The header that shows an API key or token."""
    return {"Authorization": f"Bearer {key}"}


def quoted(text):
    return urllib.parse.quote(text, safe="")
