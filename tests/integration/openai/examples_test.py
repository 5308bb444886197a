"""Runs every example of docs/api.md against the real chatcore, in their order, as a reader would."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "chatcore"))

from server import ChatcoreTest  # noqa: E402  (its folder has to be on the path first)

PAGE = pathlib.Path(os.environ["LEAKGUARD_SOURCE_DIR"]) / "docs" / "api.md"


class Examples(ChatcoreTest):
    def test_every_example_works(self):
        blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        self.assertGreaterEqual(len(blocks), 5)
        script = "set -euo pipefail\n" + "\necho\n".join(blocks)
        ran = subprocess.run(["bash", "-x", "-c", script], capture_output=True, text=True, timeout=120,
                             env=os.environ | {"api": f"http://127.0.0.1:{self.server.port}"})
        self.assertEqual(ran.returncode, 0, ran.stdout[-2000:] + ran.stderr[-4000:])
        self.assertIn("event: response.completed", ran.stdout)
        self.assertIn("data: [DONE]", ran.stdout)
        self.assertIn('"object":"conversation.deleted"', ran.stdout)


if __name__ == "__main__":
    unittest.main()
