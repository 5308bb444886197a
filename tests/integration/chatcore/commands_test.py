"""The program's commands, exit codes, and wrong configurations."""
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from server import BINARY, PATIENCE, Chatcore


def run(*arguments, **environment):
    return subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=30,
                          env={"PATH": os.environ["PATH"], **environment}, check=False)


class CommandTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path


class Usage(CommandTest):
    def test_help_names_every_command_and_setting(self):
        shown = run("--help")
        self.assertEqual(shown.returncode, 0)
        for word in ("serve", "ingest", "check-config", "--conversation-ttl", "--limits-max-turns", "CHATCORE_CONFIG"):
            self.assertIn(word, shown.stdout)

    def test_version(self):
        self.assertRegex(run("--version").stdout, r"^chatcore \d+\.\d+\.\d+ ")

    def test_wrong_usage_is_exit_2(self):
        for arguments in (["nonsense"], ["serve", "--nonsense"], ["serve", "extra"], ["ingest"], ["serve", "--listen"],
                          ["serve", "--conversation-tt=1s"]):
            with self.subTest(arguments):
                self.assertEqual(run(*arguments).returncode, 2)


    def test_the_nearest_command_and_option_are_suggested(self):
        for arguments, words in ((["sevre"], "no such command: sevre; did you mean serve?"),
                                 (["exprot", "x"], "did you mean export?"),
                                 (["serve", "--lisen=127.0.0.1:1"], "no such option: --lisen; did you mean --listen?"),
                                 (["serve", "--conversation-tt", "1s"], "did you mean --conversation-ttl?"),
                                 (["serve", "--confg", "x.yml"], "did you mean --config?"),
                                 (["ingest", "--froce", "x"], "did you mean --force?")):
            with self.subTest(arguments):
                self.assertIn(words, run(*arguments).stderr)
        for arguments in (["unheard-of"], ["serve", "--something-unheard-of"]):
            refused = run(*arguments)
            self.assertIn("no such", refused.stderr)
            self.assertNotIn("did you mean", refused.stderr)


class Configuration(CommandTest):
    def test_every_error_is_told_at_once_with_its_place(self):
        path = self.write("bad.yml", "listen: nowhere\nconversation:\n  tll: 2h\n  memory_budget: lots\ndatabse: {}\n")
        for command in (["check-config", path], ["serve", "--config", path]):
            checked = run(*command)
            self.assertEqual(checked.returncode, 78)
            self.assertIn(f"{path}:1:9: listen: ", checked.stderr)
            self.assertIn(f"{path}:3:3: conversation.tll: unknown key \"tll\"; did you mean \"ttl\"?", checked.stderr)
            self.assertIn(f"{path}:4:18: conversation.memory_budget: ", checked.stderr)
            self.assertIn(f"{path}:5:1: databse: unknown key \"databse\"; did you mean \"database\"?", checked.stderr)

    def test_no_yaml_and_no_file(self):
        path = self.write("bad.yml", "a: [1\n")
        self.assertEqual(run("check-config", path).returncode, 78)
        missing = run("check-config", os.path.join(self.folder, "none.yml"))
        self.assertEqual(missing.returncode, 78)
        self.assertIn("No such file", missing.stderr)

    def test_flag_over_environment_over_file_over_default(self):
        path = self.write("c.yml", "log: {level: wrong-in-file, format: wrong-in-file}\nlisten: wrong-in-file\n")
        checked = run("check-config", path, "--listen=wrong-in-flag", CHATCORE_LOG_LEVEL="wrong-in-environment")
        self.assertIn("--listen: listen: \"wrong-in-flag\"", checked.stderr)
        self.assertIn("CHATCORE_LOG_LEVEL: log.level: \"wrong-in-environment\"", checked.stderr)
        self.assertEqual(checked.stderr.count("wrong-in-file"), 3)
        good = self.write("good.yml", "listen: 127.0.0.1:9999999\n")
        self.assertEqual(run("check-config", good, "--listen=127.0.0.1:1").returncode, 78)

    def test_a_fine_file(self):
        path = self.write("good.yml", "conversation: {ttl: 90m, memory_budget: off}\ndrain: {deadline: 5s}\n")
        checked = run("check-config", path)
        self.assertEqual((checked.returncode, checked.stdout), (0, "The configuration is fine.\n"))
        self.assertIn("no file was named", run("check-config").stdout)

    def test_a_database_that_cannot_be_opened_is_exit_1(self):
        path = self.write("not-a-database", "this is not SQLite, but long enough to be looked at\n" * 40)
        served = run("serve", "--listen=127.0.0.1:0", f"--database-url=sqlite://{path}")
        self.assertEqual(served.returncode, 1)
        self.assertIn("Cannot open the database", served.stderr)

    def test_it_is_told_why_a_database_cannot_be_opened(self):
        served = run("serve", "--listen=127.0.0.1:0", f"--database-url=sqlite://{self.folder}/.")
        self.assertIn("it is a folder; name a file in it", served.stderr)
        if os.geteuid() != 0:
            return self.skipTest("another user's folder needs root")
        os.chmod(self.folder, 0o755)
        program = shutil.copy(BINARY, self.folder)  # that user may not be allowed into the build's folder
        served = subprocess.run([program, "serve", "--listen=127.0.0.1:0", f"--database-url=sqlite://{self.folder}/c.db"],
                                capture_output=True, text=True, timeout=30, check=False, user=65534, group=65534)
        self.assertEqual(served.returncode, 1)
        self.assertIn(f"{self.folder}: Permission denied; give this user write access", served.stderr)
        return None

    def test_files_of_keys_and_secrets_are_looked_at_as_by_serve(self):
        missing = os.path.join(self.folder, "none")
        fine = self.write("secret", "s" * 32)
        wrong = [([f"--auth-keys-file={missing}"], f"auth.keys_file: {missing}: cannot be opened: No such file"),
                 ([f"--auth-keys-file={self.folder}"], f"auth.keys_file: {self.folder}: cannot be read: Is a directory"),
                 ([f"--auth-keys-file={self.write('empty', '')}"], "holds no key"),
                 ([f"--auth-keys-file={self.write('keys', 'alice:short')}"], "keys:1: a key is 16 to 512"),
                 ([f"--auth-jwt-secret-file={missing}"], f"auth.jwt_secret_file: {missing}: cannot be opened"),
                 ([f"--auth-jwt-secret-file={self.write('short', 'abc')}"], "holds 3 bytes"),
                 ([f"--auth-jwt-secret-file={fine}", f"--auth-jwt-previous-secret-files={fine},{missing}"],
                  f"auth.jwt_previous_secret_files: {missing}: cannot be opened"),
                 ([f"--auth-jwt-previous-secret-files={fine}"], "means nothing without auth.jwt_secret_file"),
                 ([f"--auth-jwt-secret-file={fine}", f"--auth-jwt-previous-secret-files={','.join([fine] * 4)}"],
                  "names more than 3 files"),
                 ([f"--admin-token-file={missing}"], f"admin.token_file: {missing}: cannot be opened"),
                 (["--llm-base-url=http://127.0.0.1:1/v1"], "llm.model: must be set"),
                 (["--llm-base-url=http://127.0.0.1:1/v1", "--llm-model=x", f"--llm-api-key-file={missing}"],
                  f"llm.api_key_file: {missing}: cannot be opened"),
                 (["--llm-base-url=https://127.0.0.1:1/v1", "--llm-model=x", f"--llm-ca-file={missing}"],
                  f"llm.ca_file: {missing}: cannot be opened"),
                 (["--embeddings-base-url=https://127.0.0.1:1/v1", "--embeddings-model=x", "--embeddings-dimensions=3",
                   f"--embeddings-ca-file={fine}"], f"embeddings.ca_file: {fine}: holds no certificate in PEM")]
        for flags, words in wrong:
            for command in ("check-config", "import", "serve"):
                with self.subTest(words, command=command):
                    done = run(command, *flags, f"--database-url=sqlite://{self.folder}/db",
                               *(["--listen=127.0.0.1:0"] if command == "serve" else []))
                    self.assertEqual(done.returncode, 78, done.stderr)
                    self.assertIn(words, done.stderr)
        both = run("check-config", f"--auth-keys-file={missing}", f"--auth-jwt-secret-file={missing}", "--listen=nowhere")
        for words in ("auth.keys_file", "auth.jwt_secret_file", "--listen", "make it, or correct the setting"):
            self.assertIn(words, both.stderr, "all at once")
        fine_too = run("check-config", f"--auth-jwt-secret-file={fine}", f"--auth-jwt-previous-secret-files={fine}")
        self.assertEqual(fine_too.returncode, 0, fine_too.stderr)
        listed = self.write("list.yml", f"auth: {{jwt_secret_file: {fine}, jwt_previous_secret_files: '{fine}, {fine}'}}\n")
        self.assertEqual(run("check-config", listed).returncode, 0)

    def test_administration_that_is_open_to_everyone_is_warned_of(self):
        for more, warned in (({}, True), ({"admin-token-file": self.write("token", "secret\n")}, False)):
            server = Chatcore(tempfile.mkdtemp(dir=self.folder), {"admin-allow-remote": "true"} | more)
            self.addCleanup(server.kill)
            self.assertEqual("may use /admin" in server.log(), warned)

    def test_memory_without_a_bound_is_warned_of(self):
        for budget, warned in (("off", True), ("64m", False)):
            server = Chatcore(tempfile.mkdtemp(dir=self.folder), {"conversation-memory-budget": budget})
            self.addCleanup(server.kill)
            self.assertEqual("Memory is bounded by nothing" in server.log(), warned)

    def test_summaries_need_a_language_model(self):
        checked = run("check-config", "--conversation-summary=true")
        self.assertEqual(checked.returncode, 78)
        self.assertIn("conversation.summary: is true, but the built-in answerer", checked.stderr)
        self.assertEqual(run("check-config", "--conversation-summary=true", "--llm-base-url=http://127.0.0.1:1/v1",
                             "--llm-model=x").returncode, 0)

    def test_a_token_file_that_is_missing_or_empty_is_exit_78(self):
        empty = self.write("token", "")
        for path in (empty, os.path.join(self.folder, "none")):
            served = run("serve", "--listen=127.0.0.1:0", f"--database-url=sqlite://{self.folder}/c.db",
                         f"--admin-token-file={path}")
            self.assertEqual(served.returncode, 78)


class ServiceManager(CommandTest):
    def test_it_is_told_when_serving_begins_and_when_it_ends(self):
        path = os.path.join(self.folder, "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.bind(path)
            notified.settimeout(PATIENCE)
            os.environ["NOTIFY_SOCKET"] = path
            self.addCleanup(os.environ.pop, "NOTIFY_SOCKET")
            server = Chatcore(self.folder, {})
            self.addCleanup(server.kill)
            self.assertEqual(notified.recv(100), b"READY=1")
            server.stop()
            self.assertEqual(notified.recv(100), b"STOPPING=1")


class Ingest(CommandTest):
    def test_answers_quote_what_was_ingested(self):
        self.write("texts/guide.md", "The cleanup line is written on every sweep, also when nothing was removed.\n")
        store = os.path.join(self.folder, "vectors.store")
        ingested = run("ingest", os.path.join(self.folder, "texts"), f"--store={store}")
        self.assertEqual((ingested.returncode, ingested.stderr), (0, ""))
        self.assertIn("1 files", ingested.stdout)
        server = Chatcore(self.folder, {})
        self.addCleanup(server.kill)
        answer = server.request("POST", "/api/assistant", {"message": "When is the cleanup line written?",
                                                           "conversationId": "c"})
        self.assertIn("every sweep", answer.text())
        self.assertEqual(server.metric("chatcore_vector_store_chunks"), 1)
        self.assertEqual([row[2] for row in server.messages("c")][0], "When is the cleanup line written?")
        server.request("POST", "/api/assistant", {"message": "And again?"})
        self.assertEqual(server.metric("chatcore_vector_store_loads_total"), 1)

    def test_a_broken_store_is_reported_and_questions_are_answered_without_it(self):
        self.write("vectors.store", "this is no vector store")
        server = Chatcore(self.folder, {})
        self.addCleanup(server.kill)
        self.assertIn("answered without passages", server.log())
        self.assertEqual(server.request("POST", "/api/assistant", {"message": "Hello"}).status, 200)

    def test_a_folder_that_does_not_exist_is_exit_1(self):
        self.assertEqual(run("ingest", os.path.join(self.folder, "none")).returncode, 1)


if __name__ == "__main__":
    unittest.main()
