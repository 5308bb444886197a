"""What the commands print of names, files and reasons from outside cannot steer a terminal."""

import json
import os
import pty
import subprocess
import tempfile
import unittest

from agent import Agent, BINARY, ask, require_agent, SECONDS, WORKLOAD

HOSTILE = "a\u202eb\u009b2Jc\x1b[2J\u2066"
UNSAFE = [chr(code) for code in (*range(0x20), 0x7f, *range(0x80, 0xa0), 0x061c, 0x200e, 0x200f, *range(0x2028, 0x202f),
                                 *range(0x2066, 0x206a)) if chr(code) not in "\n\t"]


def on_terminal(*arguments):
    """What the command writes when its standard output is a terminal."""
    reader, writer = pty.openpty()
    with subprocess.Popen([BINARY, *arguments], stdout=writer, stderr=subprocess.DEVNULL) as process:
        os.close(writer)
        written = b""
        while True:
            try:
                piece = os.read(reader, 4096)
            except OSError:  # the other end is closed
                break
            if not piece:
                break
            written += piece
        process.wait(SECONDS)
    os.close(reader)
    return written.decode().replace("\r\n", "\n")


class TerminalTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def assert_safe(self, text):
        self.assertTrue(text)
        self.assertEqual([hex(ord(character)) for character in text if character in UNSAFE], [])

    def test_status_in_words_and_in_json(self):
        agent = self.enterContext(Agent.exec(WORKLOAD, "print", "hello", "1", flags=["--name", HOSTILE]))
        agent.wait_until_ready()
        address = agent.url.removeprefix("http://")
        self.assert_safe(ask("status", "--address", address).stdout)
        answer = ask("status", "--json", "--address", address)
        self.assert_safe(answer.stdout)
        self.assertEqual(json.loads(answer.stdout)["workloads"][0]["name"], HOSTILE, "the same document")
        self.assert_safe(agent.output())
        self.assert_safe(ask("status", "--address", address, f"nobody{HOSTILE}").stderr)

    def test_a_recording_and_its_name(self):
        rows = "".join(f"2026-01-01T00:{minute:02}:00Z,{300 + minute}\n" for minute in range(60))
        path = self.write(f"r{HOSTILE}.csv".replace("/", ""), f'time,"{HOSTILE}_mib"\n{rows}')
        for form in ([], ["--json"]):
            answer = ask("analyze", path, "--column", f"{HOSTILE}_mib", "--unit", "MiB", *form)
            self.assert_safe(answer.stdout + answer.stderr)

    def test_files_that_are_not_there_or_wrong(self):
        for words in (("check-config",), ("analyze",), ("replay", "--config"), ("try-pattern", HOSTILE),
                      ("history", "export", "--config"), ("drill", "slow-leak", "--config"), ("status", "--config"),
                      (HOSTILE,)):
            answer = ask(*words, f"/nowhere/{HOSTILE}")
            self.assertNotEqual(answer.returncode, 0)
            self.assert_safe(answer.stdout + answer.stderr)

    def test_a_configuration_with_hostile_text(self):
        path = self.write("leakguard.yml", 'workloads: [{name: "a\\e\\u202e", container: c, "\\x9b": 1}]\n')
        for words in (("check-config", path), ("run", "--config", path), ("drill", "slow-leak", "--config", path)):
            answer = ask(*words)
            self.assertNotEqual(answer.returncode, 0)
            self.assert_safe(answer.stdout + answer.stderr)

    def test_the_journal_on_a_terminal_and_in_a_file(self):
        line = json.dumps({"at": 1.5, "workload": "web", "reason": HOSTILE}, ensure_ascii=False)
        self.write("actions.jsonl", line + "\n")
        words = ("history", "export", "--actions", "--state-dir", self.folder)
        shown = on_terminal(*words)
        self.assert_safe(shown)
        self.assertEqual(json.loads(shown)["reason"], HOSTILE)
        self.assertEqual(ask(*words).stdout, line + "\n", "a file holds it as it was written")


if __name__ == "__main__":
    require_agent()
    unittest.main()
