"""Applications that people put in front of OpenAI (Continue, LibreChat's engine, mem0), their own code unchanged, against
the real chatcore: applications/*.test.mjs, for node's own test runner.

Of their many providers only OpenAI's is installed: `overrides` in package.json puts an empty package in place of the
others, which these applications load only when they are configured. better-sqlite3, whose binary does not come from the
npm registry, is replaced by libsql, which has the same interface.
"""
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "chatcore"), str(HERE.parents[1])]

from backend import BackendTest  # noqa: E402  (its folder has to be on the path first)
from harness.npm import install_packages  # noqa: E402
from scripted_backend import behave  # noqa: E402

INSTALLED = pathlib.Path(os.environ["LEAKGUARD_BUILD_DIR"]) / "applications"


class Applications(BackendTest):
    def test_each_works_unchanged(self):
        self.stub.script = [behave]
        # Nothing of the surroundings may point an application elsewhere.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
        node = subprocess.run(["node", "--test", "applications.test.mjs"], cwd=INSTALLED, capture_output=True, text=True,
                              timeout=250, check=False,
                              env=inherited | {"CHATCORE_URL": f"http://127.0.0.1:{self.server.port}"})
        summary = [line for line in node.stdout.splitlines() if line.startswith(("# tests", "# pass", "# fail"))]
        print("; ".join(line[2:] for line in summary))
        failed = [line for line in node.stdout.splitlines() if line.startswith(("not ok", "  error:"))]
        self.assertEqual(node.returncode, 0, "\n".join(failed) + node.stderr[-2000:] + self.server.log()[-2000:])
        self.assertNotIn("# tests 0", node.stdout)


if __name__ == "__main__":
    install_packages(HERE / "applications", INSTALLED)
    unittest.main()
