"""Every example configuration is accepted by the program that it is for, and a spoiled copy is not."""

import glob
import os
import subprocess
import tempfile
import unittest

import yaml

from harness.requirements import require_file

CONFIGS = os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "configs")
GUARD_EXAMPLES = ["leakguard.yml", "minimal.yml", "node-app.yml"]
WRONG_CONFIGURATION = 78


def check(program, path):
    command = [os.environ[program], "check-config", path]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def load(name):
    with open(f"{CONFIGS}/{name}", encoding="utf-8") as file:
        return yaml.safe_load(file)


class Examples(unittest.TestCase):
    def test_leakguard_takes_its_examples(self):
        for name in GUARD_EXAMPLES:
            with self.subTest(name):
                answer = check("LEAKGUARD", f"{CONFIGS}/{name}")
                self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_chatcore_takes_its_example(self):
        answer = check("CHATCORE", f"{CONFIGS}/chatcore.yml")
        self.assertEqual(answer.returncode, 0, answer.stdout + answer.stderr)

    def test_a_spoiled_copy_is_refused_with_its_place(self):
        with open(f"{CONFIGS}/leakguard.yml", encoding="utf-8") as file:
            text = file.read()
        self.assertIn("memory: 700m ", text)
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as spoiled:
            spoiled.write(text.replace("memory: 700m ", "memory: seven "))
            spoiled.flush()
            answer = check("LEAKGUARD", spoiled.name)
        self.assertEqual(answer.returncode, WRONG_CONFIGURATION)
        self.assertRegex(answer.stdout + answer.stderr, r":\d+:\d+: workloads\[0\]\.caps\.memory")

    def test_no_example_is_left_untested(self):
        examples = {os.path.basename(path) for path in glob.glob(f"{CONFIGS}/*.yml")}
        compose_files = {name for name in examples if name.startswith("compose")}
        self.assertEqual(examples - compose_files, {*GUARD_EXAMPLES, "chatcore.yml"})

    def test_only_a_line_that_always_comes_is_expected(self):
        always = load("leakguard.yml")["workloads"][0]["expect_log"][0]
        sometimes = load("node-app.yml")["workloads"][0]["expect_log"][0]
        self.assertEqual(always["every"], "30m")
        self.assertNotIn("every", sometimes)


if __name__ == "__main__":
    require_file(os.environ.get("LEAKGUARD"), "the program leakguard")
    require_file(os.environ.get("CHATCORE"), "the program chatcore")
    unittest.main(verbosity=2)
