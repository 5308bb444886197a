"""What was acknowledged is never lost and never doubled, wherever SIGKILL strikes: while the server starts, between a
question and its answer, in the midst of a commit.

Clients ask questions that are all different and note what became of each: acknowledged (the stream ended with
`event: end`), refused, or unknown (the connection broke). After each kill the next server must hold every acknowledged
question once with its answer behind it, and every unknown one at most once.

    DURABILITY_KILLS=1000 DURABILITY_SEED=7 …    the full run, or one run again

On SQLite and on PostgreSQL, where in every tenth life the database server is killed as well.
"""
import http.client
import json
import os
import random
import signal
import subprocess
import threading
import time
import unittest

from harness.postgres import Postgres
from server import BINARY, ChatcoreTest, parse_events, quoted, wait_for

KILLS = int(os.environ.get("DURABILITY_KILLS", "50"))
SEED = int(os.environ.get("DURABILITY_SEED", str(time.time_ns() % 1_000_000)))
CLIENTS = 6
LONGEST_LIFE = 0.25    # seconds of load before a kill
LONGEST_BIRTH = 0.03   # seconds; the server answers some 20 ms after it was started


class Client(threading.Thread):
    """Asks in one conversation until the server is gone, so each kill finds a turn of each client under way."""

    lives = 0

    def __init__(self, port, conversation):
        super().__init__()
        Client.lives += 1
        self.conversation = conversation
        self.acknowledged = []
        self.unknown = []  # questions that may be stored or not: the last one, and those answered with an error
        self._port = port
        self._name = f"client {Client.lives}"

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            number = 0
            while True:
                number += 1
                self._ask(connection, f"{self._name} asks {number}")
        except (OSError, http.client.HTTPException):
            connection.close()

    def _ask(self, connection, question):
        self.unknown.append(question)
        connection.request("POST", "/api/assistant",
                           json.dumps({"message": question, "conversationId": self.conversation}),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status == 200 and any(event == "end" for event, _ in parse_events(text)):
            self.acknowledged.append(self.unknown.pop())


class OnSqlite(ChatcoreTest):
    settings = {"log-level": "info", "conversation-ttl": "1s", "conversation-sweep-interval": "100ms"}

    def test_nothing_acknowledged_is_lost_or_doubled(self):
        chance = random.Random(SEED)
        print(f"seed {SEED}, {KILLS} kills")
        self.server.kill()
        lives = []
        for life in range(KILLS):
            if chance.random() < 0.2:
                self._kill_at_birth(chance.uniform(0, LONGEST_BIRTH))
            self.server.start()
            for client in lives[-1] if lives else []:
                self._check_over_http(client)
            # Two conversations live through many kills, the others are new: memory, storage and the seam between.
            clients = [Client(self.server.port, f"old-{life // 50}-{n}" if n < 2 else f"new-{life}-{n}")
                       for n in range(CLIENTS)]
            for client in clients:
                client.start()
            time.sleep(chance.uniform(0, LONGEST_LIFE))  # a random moment is the test's subject
            self.strike(life)
            for client in clients:
                client.join()
            lives.append(clients)
        self.server.start()
        for client in lives[-1]:
            self._check_over_http(client)
        self.assertEqual(self.server.stop(), 0)
        self._check_all([client for clients in lives for client in clients])

    def strike(self, _life):
        self.server.stop(signal.SIGKILL)

    def _kill_at_birth(self, seconds):
        process = subprocess.Popen([BINARY, "serve", *self.server.flags], stderr=subprocess.DEVNULL)
        time.sleep(seconds)
        process.kill()
        process.wait()

    def _check_over_http(self, client):
        """What a client finds that comes back after the kill: its last turns, in order, each with its answer."""
        path = f"/api/conversations?conversationId={quoted(client.conversation)}&limit=500"
        answer = self.server.request("GET", path)
        if answer.status == 404:
            return self.assertEqual(client.acknowledged, [], client.conversation)
        messages = answer.json()["messages"]
        self._check_turns([(message["role"], message["content"]) for message in messages], client.acknowledged[-200:])

    def _check_turns(self, messages, acknowledged):
        places = {}
        for place, (role, content) in enumerate(messages):
            if role == "user":
                self.assertNotIn(content, places, "stored twice")
                places[content] = place
        for question in acknowledged:
            self.assertIn(question, places, "acknowledged and lost")
            answer = places[question] + 1
            self.assertTrue(answer < len(messages) and messages[answer][0] == "assistant", f"no answer to {question!r}")

    def _check_all(self, clients):
        """Every message of every life, straight from the database."""
        stored = {}
        for conversation, sequence, role, content in self.stored_messages():
            stored.setdefault(conversation, []).append((role, content))
            self.assertEqual(sequence, len(stored[conversation]), "no hole and no double in the sequence")
        by_conversation = {}
        for client in clients:
            by_conversation.setdefault(client.conversation, []).extend(client.acknowledged)
        for conversation, acknowledged in by_conversation.items():
            self._check_turns(stored.get(conversation, []), acknowledged)
        asked = {question for client in clients for question in client.acknowledged + client.unknown}
        questions = [content for messages in stored.values() for role, content in messages if role == "user"]
        self.assertEqual(set(questions) - asked, set(), "stored and never asked")
        acknowledged = sum(len(client.acknowledged) for client in clients)
        cut = sum(question not in by_conversation[client.conversation] for client in clients
                  for question in client.unknown)
        print(f"{acknowledged} turns acknowledged, {cut} cut by a kill: 0 lost, 0 doubled")
        self.assertGreater(acknowledged, KILLS, "the load was a load")
        self.assertGreater(cut, KILLS, "the kills struck turns under way")

    def stored_messages(self):
        return self.server.rows("SELECT external_id, sequence, role, content FROM messages"
                                " JOIN conversations ON id = conversation_id ORDER BY id, sequence")


class OnPostgres(OnSqlite):
    def setUp(self):
        self.postgres = self.enterContext(Postgres())
        self.settings = OnSqlite.settings | {"database-url": self.postgres.url}
        super().setUp()

    def strike(self, life):
        if life % 10 == 9:
            self.postgres.crash()
        super().strike(life)
        if life % 10 == 9:
            self.postgres.start()

    def stored_messages(self):
        rows = self.postgres.psql("SELECT json_build_array(external_id, sequence, role, content) FROM chatcore.messages"
                                  " JOIN chatcore.conversations ON id = conversation_id ORDER BY id, sequence")
        return [json.loads(row) for row in rows.split("\n")]


if __name__ == "__main__":
    unittest.main()
