"""Runs the tests of OpenAI's client (*.test.mjs, for node's own test runner) against the real chatcore.

The client is installed by `npm ci` into the build folder, in the version that package-lock.json pins. Without node, npm
or the registry this fails and says so: that the client works unchanged is what is promised.
"""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "chatcore"), str(HERE.parents[1])]

from server import Chatcore  # noqa: E402  (its folder has to be on the path first)
from harness import stub_backend as stub  # noqa: E402
from harness.npm import install_packages  # noqa: E402
from harness.postgres import Postgres  # noqa: E402

INSTALLED = pathlib.Path(os.environ["LEAKGUARD_BUILD_DIR"]) / "openai-client"
KEYS = {user: f"a-key-of-{user}-that-nobody-guesses" for user in ("alice", "bob", "carol")}


def as_asked(stream):
    """A backend that does what the last word of the question says."""
    behaviours = {"hang": stub.hang, "refuse": stub.status(400), "deny": stub.status(401), "fail": stub.status(500),
                  "break": stub.cut_off(stub.chunk("Half an ")), "pause": say_and_pause, "call": stub.saying(*CALL),
                  "json": stub.answer('{"a": ', "1}"), "long": stub.answer('{"a', reason="length"),
                  "filtered": stub.answer('{"a', reason="content_filter")}
    word = stream.json()["messages"][-1]["content"].split()[-1]
    return behaviours.get(word, stub.answer("Fine."))(stream)


def call_of(reason=None, **function):
    delta = {"tool_calls": [{"index": 0, **function}]} if function else {}
    return stub.event({"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})


CALL = [call_of(id="c1", type="function", function={"name": "f", "arguments": '{"x"'}),
        call_of(function={"arguments": ": 1}"}), call_of("tool_calls"), stub.DONE]


def say_and_pause(stream):
    stream.begin()
    stream.say_text("Well, ")
    return stub.hang(stream)


class OfficialClient(unittest.TestCase):
    def run_node(self, script, settings, **environment):
        with tempfile.TemporaryDirectory(prefix="chatcore-openai-") as folder:
            for name, text in environment.pop("files", {}).items():
                pathlib.Path(folder, name).write_text(text, encoding="utf-8")
            server = Chatcore(folder, {name: value.replace("FOLDER", folder) for name, value in settings.items()})
            try:
                # Nothing of the surroundings may point the client elsewhere.
                inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
                node = subprocess.run(
                    ["node", "--test", script], cwd=INSTALLED, capture_output=True, text=True, timeout=200,
                    env=inherited | {"CHATCORE_URL": f"http://127.0.0.1:{server.port}"} | environment)
                self.assertEqual(node.returncode, 0, node.stdout[-6000:] + node.stderr + "\n" + server.log()[-3000:])
                self.assertNotIn("# tests 0", node.stdout)
            finally:
                server.kill()

    def test_completions_models_and_embeddings(self):
        self.run_node("stateless.test.mjs", {})

    def test_responses_and_conversations(self):
        self.run_node("stateful.test.mjs", {})

    def test_slow_answers_are_cancelled_and_a_busy_server_is_tried_again(self):
        # Slow enough that a client on a busy machine leaves long before the answer's end.
        self.run_node("busy.test.mjs", {"llm-words-per-second": "2", "limits-max-turns": "1"})

    def test_errors(self):
        with contextlib.ExitStack() as stack:
            backend = stack.enter_context(stub.StubBackend())
            backend.script = [as_asked]
            database = stack.enter_context(Postgres())
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="chatcore-openai-"))
            url_file = pathlib.Path(folder, "url")
            url_file.write_text(database.url, encoding="utf-8")
            settings = {"llm-base-url": backend.url, "llm-model": "stub", "llm-first-byte-timeout": "500ms",
                        "llm-max-retries": "0", "llm-breaker-failures": "0", "limits-max-body": "64k",
                        "database-url-file": str(url_file)}
            other = Chatcore(folder, settings)
            stack.callback(other.kill)
            self.run_node("errors.test.mjs", settings, CHATCORE_OTHER_URL=f"http://127.0.0.1:{other.port}")

    def test_keys(self):
        self.run_node("keys.test.mjs", {"auth-keys-file": "FOLDER/keys", "auth-required": "true",
                                        "limits-user-rate": "0.01", "limits-user-burst": "6"},
                      files={"keys": "".join(f"{user}:{key}\n" for user, key in KEYS.items())},
                      CHATCORE_KEY=KEYS["alice"], CHATCORE_KEY_OF_BOB=KEYS["bob"],
                      CHATCORE_KEY_OF_CAROL=KEYS["carol"])


if __name__ == "__main__":
    install_packages(HERE, INSTALLED)
    unittest.main()
