"""`leakguard replay` as an operator runs it: what a configuration would have done on a recording, as words, as JSON and
as a page in a real Chromium. Screenshots go to BUILD/screenshots."""

import json
import os
import random
import tempfile
import unittest

from agent import Agent, BINARY, ask, config_text, require_agent, unique
from harness.browser import Browser
from harness.process import free_port
from harness.requirements import require_file, require_programs

MIB = 1 << 20
START = 1767225600  # 2026-01-01T00:00:00Z
RULES = """
      - {name: tell, when: {time_to_limit: '< 1h', for: 2m}, do: [notify], cooldown: 30m}
      - {name: restart, when: {time_to_limit: '< 10m', for: 2m}, do: [{restart: {drain: 30s}}], cooldown: 1h}
      - {name: busy, when: {cpu: '> 0.7', for: 2m}, do: [notify]}
      - {name: killed, when: {oom_kills: '> 0'}, do: [notify]}
"""


def config(names=("app",), rules=RULES):
    return "workloads:\n" + "".join(
        f"  - name: {name}\n    container: {name}-1\n    caps: {{memory: 700m}}\n    rules:{rules}" for name in names)


def leak(hours=7):
    """66 MiB an hour from 300 MiB on, a reading each half minute; started anew after six hours."""
    noise = random.Random(3)
    for i in range(hours * 120):
        run, since = divmod(i / 120, 6)
        yield START + 30 * i, int((300 + 66 * since + noise.gauss(0, 3)) * MIB), int(run)


class ReplayTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_file(BINARY, "the agent (target leakguard)")
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="leakguard-replay-"))
        cls.config = cls.file("agent.yml", config())
        cls.leak = cls.file("leak.csv", "timestamp,memory_bytes,run\n" + "".join(f"{t},{b},{r}\n" for t, b, r in leak()))

    @classmethod
    def file(cls, name, text):
        path = os.path.join(cls.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def replay(self, history, *flags, config_file=None, code=0):
        answer = ask("replay", "--config", config_file or self.config, history, *flags)
        self.assertEqual(answer.returncode, code, answer.stderr)
        return answer

    def document(self, history, *flags, config_file=None):
        return json.loads(self.replay(history, "--json", *flags, config_file=config_file).stdout)

    def test_it_tells_what_would_have_been_done_and_when(self):
        only, = self.document(self.leak, "--run-column", "run")["workloads"]
        self.assertEqual((only["name"], only["samples"], only["interval_seconds"]), ("app", 840, 30))
        self.assertEqual(only["limit_bytes"], 700 * MIB)
        self.assertEqual(only["actions"], {"notify": 2, "restart": 1})
        acts = [entry for entry in only["timeline"] if entry["kind"] == "action"]
        self.assertEqual([entry["what"] for entry in acts], ["notify", "restart"])
        told, restarted = acts
        self.assertEqual((told["rule"], told["times"]), ("tell", 2))
        self.assertGreater(restarted["at"] - told["at"], 600)  # the word comes ten minutes before the deed
        self.assertLess(restarted["at"], START + 6 * 3600)
        self.assertIn("time_to_limit", restarted["why"])
        self.assertEqual(restarted["evidence"]["memory_limit"], "700 MiB")
        self.assertIn("restarted", [entry["what"] for entry in only["timeline"] if entry["kind"] == "run"])

    def test_the_words_say_what_a_record_cannot_show(self):
        text = self.replay(self.leak, "--run-column", "run").stdout
        self.assertIn("app: would notify 2 times, restart once", text)
        self.assertIn("would restart (rule restart): time_to_limit", text)
        self.assertIn("from here on the record shows what happened without it", text)
        self.assertIn("rule busy needs cpu, which this record does not have", text)
        self.assertIn("rule killed needs oom_kills, which this record does not have", text)
        self.assertEqual(text.count("rule busy"), 1)

    def test_after_an_act_the_record_goes_on_untouched_and_the_rule_rests(self):
        samples = [(START + 60 * i, 300 * MIB + min(i, 700) * MIB // 2) for i in range(900)]
        path = self.file("on.csv", "timestamp,memory_bytes\n" + "".join(f"{t},{b}\n" for t, b in samples))
        rules = "\n      - {name: high, when: {memory: '> 85%', for: 5m}, do: [{restart: {}}], cooldown: 1h}\n"
        only, = self.document(path, config_file=self.file("high.yml", config(rules=rules)))["workloads"]
        acts = [entry for entry in only["timeline"] if entry["what"] == "restart"]
        self.assertEqual([entry["after_act"] for entry in acts], [False, True])
        self.assertEqual(only["actions"]["restart"], 1 + int((899 - 591 - 6) // 60))

    def test_series_are_matched_by_name_and_the_rest_is_said(self):
        rows = "".join(f"{START + 60 * i},{name},{300 * MIB}\n" for i in range(30) for name in ("app-1", "other"))
        path = self.file("two.csv", "timestamp,pod,memory_bytes\n" + rows)
        document = self.document(path, "--series-column", "pod", config_file=self.file("two.yml", config(("app", "db"))))
        self.assertEqual([(one["name"], one["series"]) for one in document["workloads"]], [("app", "app-1")])
        self.assertIn("series of no workload, passed over: other", document["notes"])
        self.assertIn("the record has nothing of the workload db", document["notes"])

    def test_what_cannot_be_matched_is_an_error_with_the_names(self):
        rows = "".join(f"{START + 60 * i},{name},{MIB}\n" for i in range(9) for name in ("x", "y"))
        path = self.file("none.csv", "timestamp,pod,memory_bytes\n" + rows)
        answer = self.replay(path, "--series-column", "pod", config_file=self.file("n.yml", config(("app", "db"))), code=1)
        self.assertIn("it has x, y; the configuration has app, db", answer.stderr)
        answer = self.replay(path, "--series-column", "pod", code=1)
        self.assertIn("none is named as the workload app", answer.stderr)

    def test_exit_codes(self):
        self.replay(self.leak, config_file=self.file("wrong.yml", "workloads: [{name: x}]"), code=78)
        self.replay(self.leak, "--workload", "nobody", code=2)
        self.replay("/nowhere.csv", code=1)
        self.assertEqual(ask("replay", "--config", self.config).returncode, 2)
        self.replay(self.file("bad.csv", "timestamp,memory_bytes\n5,1\n4,1\n"), code=1)
        self.replay(self.folder, code=1)  # a folder without a history


class ReplayOfHistoryTest(unittest.TestCase):
    """What the daemon itself has kept."""

    def test_another_configuration_is_tried_on_what_the_agent_saw(self):
        require_agent()
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="leakguard-replay-"))
        name, port = unique("replayed"), free_port()

        def config(rule):
            path = os.path.join(folder, "agent.yml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(config_text(folder, f"  - name: {name}\n    command: [sleep, '600']\n    rules: [{rule}]\n", port))
            return path

        with Agent.run(config("{name: never, when: {pids: '> 1000'}, do: [notify]}")) as agent:
            agent.wait_until_ready()
            agent.wait_for_metric("leakguard_workload_memory_usage_bytes", lambda used: used > 0, workload=name)
            agent.stop()
        tried = config("{name: any, when: {memory: '> 1k'}, do: [{restart: {drain: 1s}}], cooldown: 1h}")
        answer = ask("replay", "--config", tried, os.path.join(folder, "state"), "--json")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        only, = json.loads(answer.stdout)["workloads"]
        self.assertEqual((only["name"], only["actions"]), (name, {"restart": 1}))
        self.assertGreater(only["samples"], 0)


class ReplayPageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_file(BINARY, "the agent (target leakguard)")
        require_programs("chromium")
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="leakguard-replay-"))
        cls.report = os.path.join(folder, "report.html")
        with open(os.path.join(folder, "agent.yml"), "w", encoding="utf-8") as file:
            file.write(config())
        with open(os.path.join(folder, "leak.csv"), "w", encoding="utf-8") as file:
            file.write("timestamp,memory_bytes,run\n" + "".join(f"{t},{b},{r}\n" for t, b, r in leak()))
        answer = ask("replay", "--config", file.name.replace("leak.csv", "agent.yml"), file.name, "--run-column", "run",
                     "--html", cls.report)
        assert answer.returncode == 0, answer.stderr
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        self.page = self.browser.open(f"file://{self.report}")

    def count(self, selector):
        return self.page.evaluate(f"document.querySelectorAll('{selector}').length")

    def screenshot(self, name):
        path = os.path.join(os.environ["LEAKGUARD_BUILD_DIR"], "screenshots", f"replay-{name}.png")
        self.page.screenshot(path)
        self.assertGreater(os.path.getsize(path), 10_000)

    def test_it_draws_what_would_have_been_done_along_the_memory(self):
        self.assertEqual(self.page.evaluate("document.title"), "leakguard replay")
        self.assertEqual(self.page.text("h1"), "What would it have done?")
        self.assertEqual((self.count("path.act"), self.count("circle.word"), self.count("path.event")), (1, 1, 1))
        self.assertIn("would restart (rule restart)", self.page.text("main"))
        self.assertNotIn("NaN", self.page.evaluate("document.querySelector('main').innerHTML"))
        self.assertEqual((self.page.requests, self.page.complaints), ([f"file://{self.report}"], []))
        self.screenshot("desktop")

    def test_it_fits_a_phone_in_the_dark(self):
        self.page.prefer("dark")
        self.page.resize(390, 844, mobile=True)
        self.page.wait_for("document.querySelector('svg').viewBox.baseVal.width < 390")
        self.assertEqual(self.page.evaluate("document.documentElement.scrollWidth"), 390)
        self.screenshot("phone")


if __name__ == "__main__":
    unittest.main()
