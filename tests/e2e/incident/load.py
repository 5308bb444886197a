"""Clients of the chat service: each asks in conversations of its own, again and again, and remembers what was promised.

An answer counts as acknowledged when its stream has ended with `event: end`: from then on question and answer must be
found in the conversation for ever. A connection that is refused was never a request; the client tries again, as any
client does while a service restarts.

A load has a pace: how long a leak takes to its cap is then a property of the test, and not of the machine it runs on.
"""

import http.client
import json
import threading
import time
import urllib.parse


class Outcomes:
    """What became of all requests. Lists hold (conversation id, question)."""

    def __init__(self):
        self.acknowledged = []
        self.refused = 0            # 503 with Retry-After
        self.broken = []            # (what happened, question): a request that was taken and not answered properly
        self.not_connected = 0      # tries that found nobody listening


class Load:
    """`with Load(port) as load: …` asks until the block ends; then `load.outcomes` is complete.

    `turns_a_second` is the most that all clients ask together; None asks as fast as answers come."""

    def __init__(self, port, clients=8, question_bytes=24_000, turns_a_conversation=1, turns_a_second=None):
        self.outcomes = Outcomes()
        self._port = port
        self._question_bytes = question_bytes
        self._turns = turns_a_conversation
        self._pause = clients / turns_a_second if turns_a_second else 0
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._client, args=(number,)) for number in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind, error, trace):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _client(self, number):
        count = 0
        while not self._stop.is_set():
            count += 1
            for turn in range(self._turns):
                if self._stop.is_set():
                    return
                began = time.monotonic()
                head = f"question {number}-{count}-{turn} "
                self._ask(f"c{number}-{count}", head + "x" * (self._question_bytes - len(head)))
                self._stop.wait(max(0, began + self._pause - time.monotonic()))

    def _ask(self, conversation, question):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.connect()
        except OSError:
            with self._lock:
                self.outcomes.not_connected += 1
            self._stop.wait(0.05)
            return
        try:
            body = json.dumps({"message": question, "conversationId": conversation})
            connection.request("POST", "/api/assistant", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode()
            retry_after = answer.getheader("Retry-After")
        except (OSError, http.client.HTTPException) as error:
            with self._lock:
                self.outcomes.broken.append((repr(error), conversation))
            return
        finally:
            connection.close()
        with self._lock:
            if answer.status == 200 and text.rstrip().endswith("event: end") or "event: end\n" in text[-64:]:
                self.outcomes.acknowledged.append((conversation, question))
            elif answer.status == 503 and retry_after:
                self.outcomes.refused += 1
            else:
                self.outcomes.broken.append((f"{answer.status} {text[-200:]}", conversation))
        if answer.status == 503:
            self._stop.wait(0.05)


def lost_messages(port, acknowledged):
    """Of the acknowledged turns, those whose question is not in the stored conversation or has no answer after it."""
    lost = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for conversation, question in acknowledged:
        connection.request("GET", f"/api/conversations?conversationId={urllib.parse.quote(conversation)}")
        answer = connection.getresponse()
        body = answer.read().decode()
        messages = json.loads(body).get("messages", []) if answer.status == 200 else []
        contents = [message["content"] for message in messages]
        if question not in contents or contents.index(question) + 1 >= len(contents):
            lost.append((conversation, answer.status, len(messages)))
    connection.close()
    return lost
