"""Clients that people use with OpenAI (Vercel's AI SDK, LangChain.js, LlamaIndex.TS, the Agents SDK, openai 7), each
with its defaults, against the real chatcore: *.test.mjs, for node's own test runner.

`npm ci` installs them into the build folder, in the versions that package-lock.json pins. Without node, npm or the
registry this fails and says so.
"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "chatcore"), str(HERE.parents[1])]

from backend import BackendTest  # noqa: E402  (its folder has to be on the path first)
from server import Chatcore  # noqa: E402
from scripted_backend import behave  # noqa: E402
from harness.npm import install_packages  # noqa: E402

INSTALLED = pathlib.Path(os.environ["LEAKGUARD_BUILD_DIR"]) / "clients"


class Clients(BackendTest):
    def run_tests(self, script, server):
        # Nothing of the surroundings may point a client elsewhere.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
        node = subprocess.run(["node", "--test", script], cwd=INSTALLED, capture_output=True, text=True,
                              timeout=250, check=False,
                              env=inherited | {"CHATCORE_URL": f"http://127.0.0.1:{server.port}"})
        summary = [line for line in node.stdout.splitlines() if line.startswith(("# tests", "# pass", "# fail"))]
        print("; ".join(line[2:] for line in summary))
        failed = [line for line in node.stdout.splitlines() if line.startswith(("not ok", "  error:"))]
        self.assertEqual(node.returncode, 0, "\n".join(failed) + node.stderr[-2000:] + server.log()[-2000:])
        self.assertNotIn("# tests 0", node.stdout)

    def test_each_works_unchanged(self):
        with tempfile.TemporaryDirectory(prefix="chatcore-clients-") as folder:
            server = Chatcore(folder, {})
            self.addCleanup(server.kill)
            self.run_tests("clients.test.mjs", server)

    def test_tools_and_structured_answers_by_a_backend(self):
        self.stub.script = [behave]
        self.run_tests("tools.test.mjs", self.server)


if __name__ == "__main__":
    install_packages(HERE, INSTALLED)
    unittest.main()
