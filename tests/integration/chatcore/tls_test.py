"""chatcore over TLS, and users who sign in with a password, as curl and Python's TLS meet them."""
import http.client
import json
import os
import signal
import ssl
import subprocess
import tempfile
import unittest

from server import BINARY, PATIENCE, ChatcoreTest, bearer, wait_for

TLS = os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "tests/fixtures/tls")
# "open sesame"
HASH = "$2y$04$abcdefghijklmnopqrstuu/LVz6MZlItEy42I2juLihZ66HnQx/cy"
KEY = "sk-carol-0123456789abcdef"


class OverTls(ChatcoreTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-tls-")
        self.addCleanup(folder.cleanup)
        self.web = os.path.join(folder.name, "web.yml")
        self.write_web(f"basic_auth_users: {{alice: {HASH}, bob: {HASH}}}\n")
        keys = os.path.join(folder.name, "keys")
        with open(keys, "w", encoding="utf-8") as file:
            file.write(f"carol:{KEY}\n")
        self.settings = {"web-config-file": self.web, "auth-keys-file": keys}
        super().setUp()

    def write_web(self, more):
        with open(self.web, "w", encoding="utf-8") as file:
            file.write(f"tls_server_config: {{cert_file: {TLS}/server.pem, key_file: {TLS}/server.key}}\n{more}")

    def curl(self, path, *options, data=None):
        """(status, body)"""
        command = ["curl", "--silent", "--show-error", "--no-buffer", "--cacert", f"{TLS}/ca.pem", "--max-time", str(PATIENCE),
                   "--write-out", "\n%{http_code}", "--header", "Content-Type: application/json", *options,
                   f"https://localhost:{self.server.port}{path}"]
        if data is not None:
            command += ["--data-binary", "@-"]
        ran = subprocess.run(command, input=None if data is None else json.dumps(data), capture_output=True, text=True,
                             check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        body, _, status = ran.stdout.rpartition("\n")
        return int(status), body

    def test_a_password_a_key_and_neither(self):
        question = {"message": "Hello", "conversationId": "c"}
        status, body = self.curl("/api/assistant", "--user", "alice:open sesame", data=question)
        self.assertEqual(status, 200)
        self.assertIn("event: end", body)
        self.assertEqual(self.curl("/api/assistant", "--header", f"Authorization: Bearer {KEY}", data=question)[0], 200)
        for options in ((), ("--user", "alice:wrong"), ("--user", "nobody:open sesame"),
                        ("--header", "Authorization: Bearer sk-none-0123456789abcdef")):
            self.assertEqual(self.curl("/api/assistant", *options, data=question)[0], 401, options)
        self.assertEqual(self.curl("/-/healthy")[0], 200)

    def test_users_have_their_own_conversations(self):
        self.curl("/api/assistant", "--user", "alice:open sesame", data={"message": "Hello", "conversationId": "hers"})
        self.assertIn("hers", self.curl("/api/conversations", "--user", "alice:open sesame")[1])
        self.assertNotIn("hers", self.curl("/api/conversations", "--user", "bob:open sesame")[1])

    def test_a_browser_is_asked_for_a_password(self):
        status, body = self.curl("/api/conversations", "--include")
        self.assertEqual(status, 401)
        self.assertRegex(body.lower(), "www-authenticate: basic realm=")

    def test_guesses_are_slowed_down(self):
        self.assertEqual(self.curl("/api/conversations", "--user", "alice:open sesame")[0], 200)
        codes = [self.curl("/api/conversations", "--user", f"alice:guess{i}")[0] for i in range(12)]
        self.assertEqual((codes[0], codes[-1]), (401, 429))
        self.assertEqual(self.curl("/api/conversations", "--user", "alice:open sesame")[0], 200)

    def test_pages_of_other_sites_cannot_use_a_browsers_password(self):
        self.write_web(f"basic_auth_users: {{alice: {HASH}}}\n")
        self.server.stop()
        self.server.flags.append("--allowed-origins=*")
        self.server.start()
        foreign = ["--header", "Origin: https://evil.example", "--header", "Sec-Fetch-Site: cross-site"]
        status, body = self.curl("/v1/conversations", "--user", "alice:open sesame", *foreign, data={})
        self.assertEqual((status, "cross_site" in body), (403, True), body)
        key = ["--header", f"Authorization: Bearer {KEY}"]
        self.assertEqual(self.curl("/v1/conversations", *key, *foreign, data={})[0], 200)

    def test_large_requests_and_answers_come_whole(self):
        text = "word " * 150_000  # 750 KB, many records
        for _ in range(2):
            status, body = self.curl("/v1/responses", "--user", "alice:open sesame",
                                     data={"model": "chatcore", "input": text, "conversation": "conv_large"})
            self.assertIn(status, (200, 404), body[:300])
        status, body = self.curl("/v1/chat/completions", "--user", "alice:open sesame",
                                 data={"model": "chatcore", "messages": [{"role": "user", "content": text}]})
        self.assertEqual(status, 200, body[:300])

    def test_a_kept_connection_serves_many_requests_of_all_sizes(self):
        context = ssl.create_default_context(cafile=f"{TLS}/ca.pem")
        connection = http.client.HTTPSConnection("localhost", self.server.port, timeout=PATIENCE, context=context)
        self.addCleanup(connection.close)
        for size in (0, 1, 16 << 10, (16 << 10) + 1, 100, 300 << 10, 5):
            body = json.dumps({"model": "chatcore", "messages": [{"role": "user", "content": "x" * size + "?"}]})
            connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"} | bearer(KEY))
            answer = connection.getresponse()
            content = answer.read()
            self.assertEqual(answer.status, 200, content[:300])
            json.loads(content)

    def test_sighup_changes_users_and_a_wrong_file_changes_nothing(self):
        def reload(web, line):
            self.write_web(web)
            before = self.server.log().count(line)
            self.server.process.send_signal(signal.SIGHUP)
            wait_for(lambda: self.server.log().count(line) > before, line)

        reload("basic_auth_users: {alice: short}\n", "bcrypt")
        self.assertEqual(self.curl("/api/conversations", "--user", "alice:open sesame")[0], 200)
        reload(f"basic_auth_users: {{bob: {HASH}}}\n", "Reloaded")
        self.assertEqual(self.curl("/api/conversations", "--user", "alice:open sesame")[0], 401)
        self.assertEqual(self.curl("/api/conversations", "--user", "bob:open sesame")[0], 200)


class Configuration(unittest.TestCase):
    def check(self, web, *flags):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "web.yml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(web)
            return subprocess.run([BINARY, "check-config", f"--web-config-file={path}", *flags], capture_output=True,
                                  text=True, timeout=PATIENCE, check=False)

    def test_an_open_address_needs_users(self):
        tls = f"tls_server_config: {{cert_file: {TLS}/server.pem, key_file: {TLS}/server.key}}\n"
        refused = self.check(tls, "--listen=0.0.0.0:8080")
        self.assertEqual(refused.returncode, 78)
        self.assertIn("basic_auth_users: missing", refused.stderr)
        self.assertEqual(self.check(f"{tls}basic_auth_users: {{a: {HASH}}}", "--listen=0.0.0.0:8080").returncode, 0)
        self.assertEqual(self.check(tls).returncode, 0)

    def test_every_page_may_send_requests_only_where_clients_authenticate(self):
        tls = f"tls_server_config: {{cert_file: {TLS}/server.pem, key_file: {TLS}/server.key}}\n"
        refused = self.check(tls, "--allowed-origins=*")
        self.assertEqual(refused.returncode, 78)
        self.assertIn("allowed_origins", refused.stderr)
        self.assertEqual(self.check(f"{tls}basic_auth_users: {{a: {HASH}}}", "--allowed-origins=*").returncode, 0)

    def test_what_is_wrong_has_its_place(self):
        refused = self.check("basic_auth_user: {}\n")
        self.assertEqual(refused.returncode, 78)
        self.assertIn("web.yml:1:1: basic_auth_user: unknown key \"basic_auth_user\"; did you mean \"basic_auth_users\"?", refused.stderr)


if __name__ == "__main__":
    unittest.main()
