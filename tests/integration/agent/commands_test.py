"""The commands that ask and check: their words and their exit codes."""

import json
import os
import tempfile
import unittest

from agent import Agent, ask, require_agent, unique, WORKLOAD
from harness.process import free_port

WRONG = """agent: {listen: [127.0.0.1:10780]}
workloads:
  - name: web
    container: web
    caps: {memry: 700m, cpus: lots}
"""
RIGHT = """workloads:
  - {name: web, container: web, caps: {memory: 700m}}
"""


class CheckConfigTest(unittest.TestCase):
    def check(self, text):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = os.path.join(folder, "leakguard.yml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path, ask("check-config", path)

    def test_all_errors_are_told_at_once_with_their_place(self):
        path, answer = self.check(WRONG)
        self.assertEqual(answer.returncode, 78)
        self.assertIn(f"{path}:5:12: workloads[0].caps.memry", answer.stderr)
        self.assertRegex(answer.stderr, r":5:\d+: workloads\[0\]\.caps\.cpus: .*lots")
        self.assertIn("2 errors", answer.stderr)
        self.assertEqual(answer.stdout, "")

    def test_the_nearest_key_is_named(self):
        self.assertRegex(self.check(WRONG)[1].stderr, r"memry.*\bmemory\b")

    def test_a_right_file_is_fine(self):
        path, answer = self.check(RIGHT)
        self.assertEqual((answer.returncode, answer.stdout), (0, f"{path} is fine: 1 workload\n"))

    def test_a_file_that_is_not_there_is_an_error(self):
        answer = ask("check-config", "/nowhere/leakguard.yml")
        self.assertEqual(answer.returncode, 78)
        self.assertIn("/nowhere/leakguard.yml", answer.stderr)

    def test_run_refuses_a_wrong_file_in_the_same_words(self):
        path, answer = self.check(WRONG)
        started = ask("run", "--config", path)
        self.assertEqual(started.returncode, 78)
        self.assertIn(started.stderr, answer.stderr)
        self.assertIn("workloads[0].caps.memry", started.stderr)


    def test_an_address_that_others_can_reach_is_refused_until_it_is_allowed(self):
        open_to_all = f"agent: {{listen: ['0.0.0.0:{free_port()}']}}\n" + RIGHT
        path, answer = self.check(open_to_all)
        started = ask("run", "--config", path)
        self.assertEqual((answer.returncode, started.returncode), (78, 78))
        self.assertIn("set web.allow_insecure to true", answer.stderr)
        self.assertIn(started.stderr, answer.stderr)
        self.assertEqual(self.check("web: {allow_insecure: true}\n" + open_to_all)[1].returncode, 0)


class TryPatternTest(unittest.TestCase):
    LOG = "Listening\n\x1b[32mCleaned up \x1b[1m7\x1b[0m old\r\nCleaned up many old \u202e\n"

    def try_on(self, pattern, *more, log=LOG):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        path = os.path.join(folder, "app.log")
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(log)
        return ask("try-pattern", pattern, path, *more)

    def test_the_lines_that_match_are_shown_with_their_captures(self):
        answer = self.try_on(r"Cleaned up (?P<count>\w+) old")
        self.assertEqual(answer.returncode, 0)
        self.assertEqual(answer.stdout,
                         "2: Cleaned up 7 old\n    count = 7\n"
                         "3: Cleaned up many old \\u202e\n    count = many  (not a number: not exported as a value)\n"
                         "3 lines read, 2 matched\n")

    def test_json_is_one_document(self):
        document = json.loads(self.try_on(r"^Cleaned up (?P<count>\d+)", "--json").stdout)
        self.assertEqual((document["lines"], document["matches"]), (3, 1))
        self.assertEqual(document["matched"], [{"line": 2, "text": "Cleaned up 7 old", "captures": {"count": 7.0}}])

    def test_no_match_is_exit_code_1_and_no_line_5(self):
        self.assertEqual(self.try_on("Swept").returncode, 1)
        self.assertEqual(self.try_on("Swept", log="").returncode, 5)

    def test_a_pattern_of_another_language_is_shown_in_re2s_form(self):
        answer = self.try_on(r"/Cleaned up (?<count>\d+)/i")
        self.assertEqual(answer.returncode, 2)
        self.assertIn(r"RE2 takes '(?i)Cleaned up (?P<count>\d+)'", answer.stderr)

    def test_a_file_or_an_engine_that_is_not_there_is_told(self):
        self.assertEqual(ask("try-pattern", "x", "/nowhere/app.log").returncode, 1)
        folder = self.enterContext(tempfile.TemporaryDirectory())
        config = os.path.join(folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("engine: {socket: /nowhere/docker.sock}\n")
        self.assertEqual(ask("try-pattern", "x", "--container", "web", "--config", config).returncode, 4)


class StatusTest(unittest.TestCase):
    def test_an_agent_that_is_not_there_is_exit_code_4(self):
        answer = ask("status", "--address", f"127.0.0.1:{free_port()}")
        self.assertEqual(answer.returncode, 4)
        self.assertIn("no agent answers", answer.stderr)
        self.assertEqual(answer.stdout, "")

    def test_a_running_agent_answers_in_words_and_in_json(self):
        name = unique("asked")
        agent = self.enterContext(Agent.exec(WORKLOAD, "print", "hello", "1", flags=["--name", name]))
        agent.wait_until_ready()
        address = agent.url.removeprefix("http://")
        words = ask("status", "--address", address)
        self.assertEqual(words.returncode, 0)
        self.assertIn(f"{name}: ", words.stdout)
        document = json.loads(ask("status", "--json", "--address", address).stdout)
        self.assertEqual([workload["name"] for workload in document["workloads"]], [name])
        one = json.loads(ask("status", "--json", "--address", address, name).stdout)
        self.assertEqual(one["name"], name)

    def test_a_workload_that_is_not_configured_is_a_failure(self):
        agent = self.enterContext(Agent.exec(WORKLOAD, "print", "hello", "1", flags=["--name", unique("asked")]))
        agent.wait_until_ready()
        answer = ask("status", "--address", agent.url.removeprefix("http://"), "nobody")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("no workload called 'nobody'", answer.stderr)


class UsageTest(unittest.TestCase):
    def test_wrong_usage_is_exit_code_2_and_says_where_help_is(self):
        for words in ([], ["rum"], ["exec"], ["status", "--colour"]):
            answer = ask(*words)
            self.assertEqual(answer.returncode, 2, words)
            self.assertIn("--help", answer.stderr)

    def test_help_and_version_go_to_standard_output(self):
        for words in (["--help"], ["--version"], ["exec", "--help"]):
            answer = ask(*words)
            self.assertEqual((answer.returncode, answer.stderr), (0, ""), words)
            self.assertIn("leakguard", answer.stdout)


if __name__ == "__main__":
    require_agent()
    unittest.main()
