"""How a serving chatcore and whoever runs it talk to each other: reload, sockets, readiness, watchdog, log."""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

from server import BINARY, PATIENCE, Chatcore, ChatcoreTest, bearer, wait_for
from tokens import make_token

ALICE = "sk-alice-0123456789abcdef"
BOB = "sk-bob-0123456789abcdef"


# Puts the descriptors from 3 on, in their order, and becomes the program.
PASS_SOCKETS = """
import os, sys
copies = [os.dup(number) for number in eval(sys.argv[1])]
for place, copy in enumerate(copies, 3):
    os.dup2(copy, 100 + place)
for place in range(3, 3 + len(copies)):
    os.dup2(100 + place, place, inheritable=True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(copies)))
os.execv(sys.argv[2], sys.argv[2:])
"""


class WithFiles(unittest.TestCase):
    """A server whose settings stand in a file that a test may rewrite."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-running-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.keys = self.write("keys", f"alice:{ALICE}\n")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self, config, **environment):
        self.config = self.write("chatcore.yml", config)
        os.environ.update(environment)
        try:
            server = Chatcore(self.folder, {"config": self.config})
        finally:
            for name in environment:
                del os.environ[name]
        self.addCleanup(server.kill)
        return server

    def reload(self, server, outcome="Reloaded"):
        before = server.log().count(outcome)
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: server.log().count(outcome) > before, f"the line that says {outcome}")


class Reload(WithFiles):
    def status_of(self, server, key):
        return server.request("GET", "/api/conversations", headers=bearer(key)).status

    def test_keys_change_and_a_stream_under_way_goes_on(self):
        server = self.start(f"auth: {{keys_file: {self.keys}}}\nllm: {{words_per_second: 10}}\n")
        answers = []
        asking = threading.Thread(target=lambda: answers.append(server.request(
            "POST", "/api/assistant", {"message": "Hello", "conversationId": "c"}, bearer(ALICE))))
        asking.start()
        wait_for(lambda: server.messages("c"), "the question under way")
        self.write("keys", f"bob:{BOB}\n")
        self.reload(server)
        self.assertEqual(answers, [], "the stream goes on")
        self.assertEqual((self.status_of(server, ALICE), self.status_of(server, BOB)), (401, 200))
        asking.join()
        self.assertEqual(answers[0].events()[-1][0], "end")

    def test_limits_change(self):
        server = self.start(f"auth: {{keys_file: {self.keys}}}\n")
        self.assertEqual([self.status_of(server, ALICE) for _ in range(5)], [200] * 5)
        self.write("chatcore.yml", f"auth: {{keys_file: {self.keys}}}\nlimits: {{user_rate: 0.01, user_burst: 2}}\n")
        self.reload(server)
        self.assertEqual([self.status_of(server, ALICE) for _ in range(3)], [200, 200, 429])
        self.assertIn("setting=limits.user_rate", server.log())

    def test_the_bound_on_turns_changes(self):
        server = self.start("llm: {words_per_second: 3}\n")
        streams = [server.open_stream("/api/assistant", {"message": "Hello", "conversationId": f"c{number}"})[0]
                   for number in range(2)]
        self.write("chatcore.yml", "llm: {words_per_second: 3}\nlimits: {max_turns: 2}\n")
        self.reload(server)
        refused = server.request("POST", "/api/assistant", {"message": "One more", "conversationId": "c9"})
        self.assertEqual((refused.status, refused.json()["error"]["code"]), (503, "overloaded"))
        for stream in streams:
            stream.close()

    def test_what_needs_a_restart_is_named_each_time_and_its_value_is_not_shown(self):
        server = self.start("conversation: {ttl: 1h}\n")
        self.write("chatcore.yml", "conversation: {ttl: 2h}\nretrieval: {store: /planted/value}\ndrain: {deadline: 33s}\n")
        for _ in range(2):
            self.reload(server)
        self.assertEqual(len(re.findall("level=warning .*restart.*setting=conversation.ttl", server.log())), 2)
        self.assertEqual(len(re.findall("level=warning .*restart.*setting=drain.deadline", server.log())), 2)
        self.assertNotIn("setting=retrieval.store", server.log(), "a flag of this test wins over the file")
        self.assertNotRegex(server.log(), "33s|/planted/value")

    def test_a_wrong_configuration_is_refused_as_a_whole_with_every_mistake(self):
        server = self.start(f"auth: {{keys_file: {self.keys}}}\n")
        self.write("keys", f"bob:{BOB}\n")
        self.write("chatcore.yml", f"auth: {{keys_file: {self.keys}}}\nlimits: {{user_rate: fast, user_brst: 2}}\n")
        self.reload(server, "Reload refused")
        self.assertRegex(server.log(), r"chatcore.yml:2:\d+: limits.user_rate")
        self.assertIn('did you mean \\"user_burst\\"?', server.log())
        self.assertEqual((self.status_of(server, ALICE), self.status_of(server, BOB)), (200, 401))

    def test_wrong_files_are_refused_and_the_keys_before_stay(self):
        server = self.start(f"auth: {{keys_file: {self.keys}}}\n")
        for text in ("", "bob:short\n"):
            self.write("keys", text)
            self.reload(server, "Reload refused")
        os.remove(self.keys)
        self.reload(server, "Reload refused")
        self.assertEqual(self.status_of(server, ALICE), 200)

    def test_authentication_cannot_be_lost_by_a_reload_where_others_reach_the_server(self):
        server = self.start(f"auth: {{keys_file: {self.keys}}}\n")
        server.stop()
        server.flags.append("--listen=0.0.0.0:0")
        server.flags = [flag for flag in server.flags if flag != "--listen=127.0.0.1:0"]
        server.start()
        self.write("chatcore.yml", "")
        self.reload(server, "Reload refused")
        self.assertEqual(self.status_of(server, "nobody-0123456789"), 401)

    def test_an_address_that_waits_for_a_restart_is_checked_as_that_restart_will(self):
        self.write("web.yml", "http_server_config: {headers: {X-Frame-Options: deny}}\n")
        server = self.start("listen: 127.0.0.1:0\n")
        server.stop()
        server.flags = [flag for flag in server.flags if flag != "--listen=127.0.0.1:0"]
        server.start()
        self.write("chatcore.yml", f"listen: 0.0.0.0:0\nweb_config_file: {self.folder}/web.yml\n")
        self.reload(server, "Reload refused")
        self.assertIn("basic_auth_users: missing", server.log())


class ServiceManager(WithFiles):
    """The real messages on a real socket, as systemd receives them."""

    def start_notified(self, **environment):
        path = os.path.join(self.folder, "notify")
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.manager.close)
        self.manager.bind(path)
        self.manager.settimeout(PATIENCE)
        return self.start("", NOTIFY_SOCKET=path, **environment)

    def next_message(self):
        return self.manager.recv(4096).decode()

    def test_ready_reloading_and_stopping_are_told_in_their_order(self):
        server = self.start_notified()
        self.assertEqual(self.next_message(), "READY=1")
        server.process.send_signal(signal.SIGHUP)
        self.assertRegex(self.next_message(), r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
        self.assertEqual(self.next_message(), "READY=1")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.next_message(), "STOPPING=1")
        self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_the_watchdog_is_fed_until_the_program_stands_still(self):
        server = self.start_notified(WATCHDOG_USEC="400000")
        self.assertEqual([self.next_message() for _ in range(4)], ["READY=1"] + ["WATCHDOG=1"] * 3)
        server.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, server.process.pid, os.WSTOPPED)
        self.manager.setblocking(False)
        with self.assertRaises(BlockingIOError):
            while True:
                self.next_message()
        self.manager.settimeout(1.5)
        with self.assertRaises(TimeoutError):
            self.next_message()
        server.process.send_signal(signal.SIGCONT)
        self.manager.settimeout(PATIENCE)
        self.assertEqual(self.next_message(), "WATCHDOG=1")


class SocketActivation(WithFiles):
    def start_with_sockets(self, *sockets, **settings):
        """As a service manager does: sockets from descriptor 3 on, LISTEN_PID the program's own."""
        numbers = [each.fileno() for each in sockets]
        flags = [f"--database-url=sqlite://{self.folder}/db", f"--retrieval-store={self.folder}/store"]
        flags += [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
        with open(f"{self.folder}/log", "wb") as log:
            process = subprocess.Popen([sys.executable, "-c", PASS_SOCKETS, repr(numbers), BINARY, "serve", *flags],
                                       stderr=log, pass_fds=numbers)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def listening(self, address="127.0.0.1"):
        listener = socket.create_server((address, 0))
        self.addCleanup(listener.close)
        return listener

    def log(self):
        with open(f"{self.folder}/log", encoding="utf-8") as log:
            return log.read()

    def test_a_client_that_came_before_the_program_is_answered(self):
        listeners = [self.listening(), self.listening()]
        clients = [socket.create_connection(each.getsockname(), PATIENCE) for each in listeners]
        for client in clients:
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        process = self.start_with_sockets(*listeners)
        for client in clients:
            with client:
                self.assertIn(b"200 OK", client.recv(4096))
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertIn(f"listen=127.0.0.1:{listeners[0].getsockname()[1]},127.0.0.1:", self.log())

    def test_a_socket_that_others_reach_needs_authentication_too(self):
        self.assertEqual(self.start_with_sockets(self.listening("0.0.0.0")).wait(PATIENCE), 78)
        self.assertIn("auth.keys_file", self.log())
        process = self.start_with_sockets(self.listening("0.0.0.0"), auth_keys_file=self.keys)
        wait_for(lambda: "Ready" in self.log(), "the line that says Ready")
        process.terminate()
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_a_socket_of_another_kind_is_refused(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(f"{self.folder}/socket")
            other.listen()
            self.assertEqual(self.start_with_sockets(other).wait(PATIENCE), 78)


class Log(ChatcoreTest):
    """A busy run at the most talkative level: what people write and what opens doors is nowhere in the log."""

    SECRET = "planted-jwt-secret-0123456789abcdef"
    TOKEN = "planted-admin-token-0123456789"

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-log-")
        self.addCleanup(folder.cleanup)
        files = {"auth-keys-file": f"alice:{ALICE}\n", "auth-jwt-secret-file": self.SECRET, "admin-token-file": self.TOKEN}
        self.settings = {"conversation-sweep-interval": "100ms", "conversation-ttl": "200ms", "limits-user-streams": "1",
                         "llm-words-per-second": "50", "conversation-max-messages": "4"}
        for name, text in files.items():
            self.settings[name] = os.path.join(folder.name, name)
            with open(self.settings[name], "w", encoding="utf-8") as file:
                file.write(text)
        super().setUp()

    def test_neither_messages_nor_secrets_are_logged(self):
        ask = self.server.request
        token = make_token({"sub": "carol"}, self.SECRET)
        message = {"message": "planted question", "conversationId": "c"}
        completion = {"messages": [{"role": "user", "content": "planted question"}]}
        for _ in range(3):
            ask("POST", "/api/assistant", message, bearer(ALICE))
            ask("POST", "/v1/chat/completions", completion, bearer(token))
        ask("POST", "/api/assistant", message, bearer("planted-wrong-key-0123"))
        ask("POST", "/api/assistant", '{"message": "planted question', bearer(ALICE))
        ask("GET", "/api/conversations?conversationId=c", headers=bearer(token))
        ask("POST", "/admin/shed", {"target_bytes": 0}, bearer(self.TOKEN))
        ask("POST", "/admin/sweep", headers=bearer("planted-wrong-token"))
        ask("GET", "/planted/path", headers=bearer(ALICE))
        self.server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "Reloaded" in self.server.log(), "the reload")
        with open(self.settings["auth-keys-file"], "w", encoding="utf-8") as file:
            file.write("alice:planted-key\nplanted-line\n")
        self.server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "Reload refused" in self.server.log(), "the refusal")
        wait_for(lambda: re.search("Cleaned up [1-9]", self.server.log()), "a sweep that removed something")
        self.server.stop()
        log = self.server.log()
        self.assertIn("level=debug", log)
        for secret in ("planted", ALICE, token, token.split(".")[2], "question", "carol"):
            self.assertNotIn(secret, log)
        for line in log.splitlines():
            self.assertRegex(line, r'^ts=\S+ level=(debug|info|warning|error) msg=("[^"]*"|\S+)( \w+=("(\\.|[^"\\])*"|\S+))*$')


if __name__ == "__main__":
    unittest.main()
