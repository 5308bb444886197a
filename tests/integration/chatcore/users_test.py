"""Users told apart by keys and tokens, kept apart from each other, and limited each."""
import concurrent.futures
import hashlib
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from server import BINARY, PATIENCE, ChatcoreTest, bearer, quoted, wait_for
from tokens import encode, make_token

ALICE = "sk-alice-0123456789abcdef"
BOB = "sk-bob-0123456789abcdef"
SECRET = "a secret that is long enough to sign with"


class WithUsers(ChatcoreTest):
    """alice has a key that stands in the file, bob one whose digest does, everyone else a token."""

    more_settings = {}

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-users-")
        self.addCleanup(folder.cleanup)
        self.keys_file = self.write(folder.name, "keys",
                                    f"# users\nalice:{ALICE}\nbob:sha256:{hashlib.sha256(BOB.encode()).hexdigest()}\n")
        self.secret_file = self.write(folder.name, "secret", SECRET + "\n")
        self.settings = {"auth-keys-file": self.keys_file, "auth-jwt-secret-file": self.secret_file} | self.more_settings
        super().setUp()

    @staticmethod
    def write(folder, name, text):
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def ask_as(self, key, message="Hello", conversation="c", path="/api/assistant"):
        body = {"message": message, "conversationId": conversation}
        return self.server.request("POST", path, body, bearer(key))

    def status_of(self, key, method="GET", path="/api/conversations"):
        return self.server.request(method, path, headers=bearer(key)).status


class Rotation(WithUsers):
    """The secret of tokens is exchanged while the server runs."""

    def setUp(self):
        super().setUp()
        self.folder = os.path.dirname(self.secret_file)
        self.previous = os.path.join(self.folder, "previous")
        self.new = "another secret that is long enough to sign with"

    def restart(self, *flags):
        self.server.stop()
        self.server.flags += flags
        self.server.start()

    def reload(self):
        before = self.server.log().count("Reloaded")
        self.server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.server.log().count("Reloaded") > before, "the line that says Reloaded")

    def statuses(self):
        """With the old secret's token, the new one's, and nobody's."""
        return [self.status_of(make_token({"sub": "carol"}, secret)) for secret in (SECRET, self.new, SECRET + self.new)]

    def test_tokens_of_both_secrets_are_taken_for_as_long_as_the_operator_wants(self):
        self.assertEqual(self.statuses(), [200, 401, 401])
        self.write(self.folder, "previous", SECRET + "\n")
        self.write(self.folder, "secret", self.new + "\n")
        self.restart(f"--auth-jwt-previous-secret-files={self.previous}")
        self.assertEqual(self.statuses(), [200, 200, 401])
        # The last token of the old one has run out: another secret takes its place, without a restart.
        self.write(self.folder, "previous", self.new + "\n")
        self.reload()
        self.assertEqual(self.statuses(), [401, 200, 401])
        for line in (SECRET, self.new):
            self.assertNotIn(line, self.server.log())

    def test_forged_tokens_are_refused_with_several_secrets_too(self):
        self.write(self.folder, "previous", self.new)
        self.restart(f"--auth-jwt-previous-secret-files={self.previous}")
        header, claims, signature = make_token({"sub": "alice"}, self.new).split(".")
        unsigned, bob = encode(b'{"alg":"none"}'), encode(b'{"sub":"bob"}')
        for token in (f"{header}.{claims}.", f"{header}.{claims}.{signature[::-1]}", f"{header}.{claims}.{signature}A",
                      f"{header}.{bob}.{signature}", f"{unsigned}.{claims}.",
                      f"{unsigned}.{claims}.{signature}", make_token({"sub": "alice"}, ""),
                      make_token({"sub": "alice"}, self.new + "\n"), make_token({"sub": "alice"}, self.new[:-1])):
            self.assertEqual(self.status_of(token), 401, token)


class Authentication(WithUsers):
    def test_a_key_in_the_file_and_one_known_by_its_digest_let_in(self):
        self.assertEqual(self.ask_as(ALICE).status, 200)
        self.assertEqual(self.ask_as(BOB).status, 200)
        self.assertEqual(self.server.rows("SELECT DISTINCT user FROM conversations ORDER BY user"),
                         [("alice",), ("bob",)])

    def test_a_token_lets_in_until_it_expires(self):
        now = int(time.time())
        for claims, status in (({"sub": "carol"}, 200), ({"userId": 42, "exp": now + 600}, 200),
                               ({"sub": "carol", "exp": now - 600}, 401), ({"sub": "carol", "nbf": now + 600}, 401)):
            self.assertEqual(self.status_of(make_token(claims, SECRET)), status, claims)
        self.ask_as(make_token({"userId": 42}, SECRET))
        self.assertEqual(self.server.rows("SELECT user FROM conversations"), [("42",)])

    def test_who_shows_nothing_or_something_wrong_is_told_how_to_ask(self):
        for headers in ({}, bearer("sk-nobody-0123456789"), bearer(""), {"Authorization": ALICE},
                        {"Authorization": f"Basic {ALICE}"}, bearer(f"alice:{ALICE}"), bearer(SECRET)):
            answer = self.server.request("GET", "/api/conversations", headers=headers)
            self.assert_error(answer, 401, "invalid_api_key")
            self.assertTrue(answer.headers["WWW-Authenticate"].startswith("Bearer "))

    def test_two_authorizations_are_none(self):
        request = (f"GET /api/conversations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ALICE}\r\n"
                   f"Authorization: Bearer {ALICE}\r\nConnection: close\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE) as stream:
            stream.sendall(request.encode())
            self.assertIn(b" 401 ", stream.recv(4096))

    def test_tokens_that_nobody_signed_are_refused(self):
        real = make_token({"sub": "alice"}, SECRET)
        header, claims, signature = real.split(".")
        unsigned = encode(b'{"alg":"none"}')
        for token in (f"{unsigned}.{claims}.", f"{unsigned}.{claims}.{signature}", f"{header}.{claims}.", f"{header}.{claims}",
                      make_token({"sub": "alice"}, SECRET, {"alg": "none"}), make_token({"sub": "alice"}, ""),
                      make_token({"sub": "alice"}, SECRET, {"alg": "HS512"}, hashlib.sha512),
                      make_token({"sub": "alice"}, SECRET, {"alg": "HS256", "crit": ["exp"]}),
                      make_token({"sub": ""}, SECRET), make_token({}, SECRET), real + "A" * 9000):
            self.assertIn(self.status_of(token), (401, 429), token[:80])  # wrong ones are slowed down
        self.assertEqual(self.status_of(real), 200)

    def test_thousands_of_forged_tokens_over_http(self):
        real = make_token({"sub": "alice"}, SECRET)
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        forged = [real[:at] + letter + real[at + 1:] for at in range(len(real)) for letter in letters[::4]
                  if letter != real[at]]
        self.assertGreater(len(forged), 1500)
        accepted = 0
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE) as stream, \
                stream.makefile("rb") as answers:
            for token in forged:
                stream.sendall(f"HEAD /v1/models HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
                accepted += not answers.readline().startswith((b"HTTP/1.1 401", b"HTTP/1.1 429"))
                while answers.readline() != b"\r\n":
                    pass
        self.assertEqual(accepted, 0)

    def test_health_metrics_and_the_page_ask_nobody(self):
        for path in ("/", "/metrics", "/-/healthy", "/-/ready"):
            self.assertEqual(self.server.request("GET", path).status, 200, path)

    def test_a_key_is_no_way_into_administration_from_another_name(self):
        answer = self.server.request("POST", "/admin/sweep", headers=bearer(ALICE) | {"Host": "evil.example"})
        self.assert_error(answer, 421, "unknown_host")

    def test_openai_clients_show_their_key_the_same_way(self):
        body = {"messages": [{"role": "user", "content": "Hello"}]}
        self.assertEqual(self.server.request("POST", "/v1/chat/completions", body, bearer(ALICE)).status, 200)
        self.assert_error(self.server.request("POST", "/v1/chat/completions", body), 401, "invalid_api_key")


class Isolation(WithUsers):
    def test_the_same_id_is_another_conversation_for_each_user(self):
        self.ask_as(ALICE, "from alice")
        self.ask_as(BOB, "from bob")
        for key, own, other in ((ALICE, "from alice", "from bob"), (BOB, "from bob", "from alice")):
            text = self.server.request("GET", "/api/conversations?conversationId=c", headers=bearer(key)).body.decode()
            self.assertIn(own, text)
            self.assertNotIn(other, text)

    def test_a_list_shows_ones_own(self):
        self.ask_as(ALICE, "from alice", "a")
        self.ask_as(BOB, "from bob", "b")
        listed = self.server.request("GET", "/api/conversations", headers=bearer(BOB)).json()["conversations"]
        self.assertEqual([entry["conversationId"] for entry in listed], ["b"])

    def test_anothers_id_is_not_found_whatever_is_done_with_it(self):
        self.ask_as(ALICE, "from alice", "private")
        path = "/api/conversations?conversationId=" + quoted("private")
        for method in ("GET", "DELETE"):
            answer = self.server.request(method, path, headers=bearer(BOB))
            self.assert_error(answer, 404, "conversation_not_found")
        self.assertEqual(len(self.server.messages("private")), 2)

    def test_tokens_and_keys_of_one_name_are_one_user(self):
        self.ask_as(ALICE, "from alice", "c")
        token = make_token({"sub": "alice"}, SECRET)
        self.assertEqual(self.status_of(token, path="/api/conversations?conversationId=c"), 200)

    def test_what_one_writes_into_anothers_id_is_ones_own(self):
        self.ask_as(ALICE, "from alice", "c")
        self.ask_as(BOB, "from bob", "c")
        self.assertEqual(self.status_of(BOB, "DELETE", "/api/conversations?conversationId=c"), 200)
        self.assertEqual(self.status_of(ALICE, path="/api/conversations?conversationId=c"), 200)


class Rate(WithUsers):
    more_settings = {"limits-user-rate": "0.2", "limits-user-burst": "3"}

    def test_the_one_too_many_is_told_when_to_come_back_and_others_go_on(self):
        self.assertEqual([self.status_of(ALICE) for _ in range(3)], [200] * 3)
        refused = self.server.request("GET", "/api/conversations", headers=bearer(ALICE))
        self.assert_error(refused, 429, "rate_limit_exceeded")
        self.assertIn(int(refused.headers["Retry-After"]), range(1, 6))
        self.assertEqual(self.status_of(BOB), 200)
        self.assertEqual(self.server.metric('chatcore_requests_shed_total{reason="rate_limit_exceeded"}'), 1)


class Streams(WithUsers):
    more_settings = {"limits-user-streams": "2", "llm-words-per-second": "8"}

    def test_answers_under_way_are_bounded_for_each_user(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            running = [pool.submit(self.ask_as, ALICE, "Hello", f"a{n}") for n in range(2)]
            wait_for(lambda: len(self.server.rows("SELECT 1 FROM messages")) == 2, "two answers under way")
            self.assert_error(self.ask_as(ALICE, "Hello", "a3"), 429, "too_many_streams")
            self.assertEqual(self.status_of(ALICE), 200)
            self.assertEqual(pool.submit(self.ask_as, BOB, "Hello", "b").result().status, 200)
            self.assertEqual([one.result().status for one in running], [200, 200])
        self.assertEqual(self.ask_as(ALICE, "Hello", "a4").status, 200)


class HostsAndSites(ChatcoreTest):
    def test_a_name_that_is_not_this_machine_is_refused_on_loopback(self):
        for path in ("/", "/metrics", "/api/conversations", "/v1/models", "/admin/memory"):
            self.assert_error(self.server.request("GET", path, headers={"Host": "rebound.example:8080"}), 421)
            self.assertEqual(self.server.request("GET", path, headers={"Host": "localhost:1"}).status, 200, path)

    def test_administration_takes_json_or_nothing(self):
        shed = '{"target_bytes": 0}'
        for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data"):
            for body in (shed, ""):
                answer = self.server.request("POST", "/admin/shed", body, {"Content-Type": kind})
                self.assert_error(answer, 415, "unsupported_media_type")
            self.assert_error(self.server.request("POST", "/admin/sweep", "", {"Content-Type": kind}), 415)
        self.assertEqual(self.server.request("POST", "/admin/shed", shed).status, 200)
        self.assertEqual(self.server.request("POST", "/admin/sweep").status, 200)

    def test_administration_from_another_sites_page_is_refused(self):
        for headers in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"},
                        {"Sec-Fetch-Site": "same-site"}):
            self.assert_error(self.server.request("POST", "/admin/sweep", headers=headers), 403, "cross_site")


class Allowed(ChatcoreTest):
    settings = {"allowed-hosts": "chat.example"}

    def test_a_name_that_is_allowed_lets_in(self):
        self.assertEqual(self.server.request("GET", "/", headers={"Host": "chat.example"}).status, 200)
        self.assertEqual(self.server.request("GET", "/", headers={"Host": "other.example"}).status, 421)


class Start(unittest.TestCase):
    """What is refused before anything is answered."""

    def refused(self, *flags):
        with tempfile.TemporaryDirectory() as folder:
            run = subprocess.run([BINARY, "serve", f"--database-url=sqlite://{folder}/db", *flags], capture_output=True,
                                 text=True, timeout=PATIENCE, check=False, cwd=folder)
        self.assertEqual(run.returncode, 78, run.stderr)
        return run.stderr

    def with_file(self, setting, text):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            return self.refused("--listen=127.0.0.1:0", f"--{setting}={file.name}")

    def test_an_address_that_others_reach_without_asking_who_they_are(self):
        for listen in ("0.0.0.0:0", ":0", "[::]:0"):
            self.assertIn("auth.keys_file", self.refused(f"--listen={listen}"))

    def test_a_short_or_empty_secret(self):
        for secret in ("", "\n", "x" * 31, "x" * 31 + "\n"):
            self.assertIn("shorter than 32", self.with_file("auth-jwt-secret-file", secret))

    def test_wrong_and_empty_keys_without_showing_them(self):
        error = self.with_file("auth-keys-file", "alice:tooshort\nbob:\n")
        self.assertRegex(error, r":1: .*:2: ")
        self.assertNotIn("tooshort", error)
        self.assertIn("holds no key", self.with_file("auth-keys-file", "# nobody\n"))

    def test_files_that_are_not_there(self):
        for setting in ("auth-keys-file", "auth-jwt-secret-file", "admin-token-file"):
            self.assertIn("/nowhere", self.refused("--listen=127.0.0.1:0", f"--{setting}=/nowhere"))

    def test_settings_that_contradict_each_other(self):
        self.refused("--auth-required=true")
        self.refused("--auth-required=false", "--auth-keys-file=keys")


class WithoutAuthentication(ChatcoreTest):
    settings = {"listen": "0.0.0.0:0", "auth-required": "false"}

    def test_it_is_allowed_when_it_is_said_and_warned_about(self):
        self.assertEqual(self.ask("Hello").status, 200)
        self.assertTrue(re.search("level=warning.*auth.required: false", self.server.log()))


if __name__ == "__main__":
    unittest.main()
