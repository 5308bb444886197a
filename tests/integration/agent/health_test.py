"""Health probes of the real agent: a chat server that hangs is found and restarted, one that is slow to start is not."""

import json
import os
import re
import signal
import tempfile
import unittest

from agent import Agent, config_text, require_agent, SECONDS, unique, USER, WORKLOAD
from harness.process import free_port, wait_until
from harness.requirements import require_file

CHATCORE = os.environ.get("CHATCORE_BINARY", "")
IDLE = [WORKLOAD, "print", "alive", "3600"]


class HealthTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.name = unique("health")

    def start(self, command, health, rule=""):
        rules = f"    rules: [{{name: hangs, {rule}}}]\n" if rule else ""
        workload = f"  - name: {self.name}\n    command: {json.dumps(command)}\n    user: {USER}\n    health:\n{health}{rules}"
        config = os.path.join(self.folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, workload, free_port()))
        agent = self.enterContext(Agent.run(config))
        agent.wait_until_ready()
        return agent

    def chatcore(self, port):
        return [CHATCORE, "serve", "--listen", f"127.0.0.1:{port}", "--database-url", f"sqlite://{self.folder}/chat.db"]

    def health(self, agent, probe):
        return next(one for one in agent.workload(self.name)["health"] if one["probe"] == probe)

    def wait_for_health(self, agent, probe, healthy):
        return wait_until(lambda: (found := self.health(agent, probe))["healthy"] is healthy and found, SECONDS,
                          f"{probe} to be {healthy}")

    def pid(self, agent):
        return agent.workload(self.name)["identity"]["pid"]

    def test_a_server_that_hangs_is_restarted_and_healthy_again(self):
        port = free_port()
        agent = self.start(
            self.chatcore(port),
            f"      - {{name: page, http: 'http://127.0.0.1:{port}/-/healthy', every: 1s, timeout: 300ms, failures: 2, "
            f"start_period: 6s}}\n      - {{name: port, tcp: '127.0.0.1:{port}', every: 1s, start_period: 6s}}\n",
            "when: {unhealthy: true, for: 400ms}, do: [{restart: {drain: 500ms}}], cooldown: 1h")
        self.wait_for_health(agent, "page", True)
        self.wait_for_health(agent, "port", True)
        agent.wait_for_metric("leakguard_health_up", lambda up: up == 1, probe="page")
        hung = self.pid(agent)
        os.kill(hung, signal.SIGSTOP)  # the kernel still accepts its connections; nobody answers
        agent.wait_for_metric("leakguard_actions_total", lambda count: count == 1, action="restart", rule="hangs",
                              result="done")
        wait_until(lambda: self.pid(agent) not in (0, hung), SECONDS, "the next run")
        self.wait_for_health(agent, "page", True)
        with open(f"{self.folder}/state/actions.jsonl", encoding="utf-8") as file:
            decided = next(line for line in map(json.loads, file) if line["rule"] == "hangs")
        self.assertRegex(decided["reason"], r"health probe fails: page \(no answer within 300ms, \d+ times in a row\)$",
                         "the port is open all the time")
        self.assertGreaterEqual(agent.metric("leakguard_health_failures_total", probe="page"), 2)

    def test_failures_of_the_start_do_not_count(self):
        port = free_port()
        agent = self.start(
            IDLE,
            f"      - {{name: slow, tcp: '127.0.0.1:{port}', every: 1s, failures: 1, start_period: 1h}}\n"
            f"      - {{name: strict, tcp: '127.0.0.1:{port}', every: 1s, failures: 1}}\n",
            "when: {unhealthy: slow}, do: [{restart: {drain: 0s}}]")
        self.wait_for_health(agent, "strict", False)
        wait_until(lambda: self.health(agent, "slow")["why"], SECONDS, "the slow one to be asked")
        self.assertIsNone(self.health(agent, "slow")["healthy"])
        self.assertEqual(agent.metric("leakguard_health_up", probe="strict"), 0)
        self.assertIsNone(agent.metric("leakguard_health_up", probe="slow"))
        self.assertIsNone(agent.metric("leakguard_actions_total", rule="hangs"))

    def test_commands_ask_too_and_leave_nothing_behind(self):
        child = os.path.join(self.folder, "child")
        agent = self.start(
            IDLE,
            f"      - {{name: good, command: [/bin/true], every: 1s}}\n"
            f"      - {{name: bad, command: [/bin/sh, -c, 'echo no response; exit 2'], every: 1s, failures: 1}}\n"
            f"      - {{name: hangs, command: [/bin/sh, -c, 'sleep 600 & echo $! >{child}; wait'], every: 1s, "
            f"timeout: 300ms, failures: 1}}\n"
            f"      - {{name: missing, command: [/no/such], every: 1s}}\n")
        self.wait_for_health(agent, "good", True)
        self.assertEqual(self.wait_for_health(agent, "bad", False)["why"], "exit status 2: no response")
        self.assertEqual(self.wait_for_health(agent, "hangs", False)["why"], "did not end within 300ms")
        agent.wait_for_metric("leakguard_source_up", lambda up: up == 0, source="health")
        self.assertRegex(self.health(agent, "missing")["absent"]["healthy"], "cannot be probed: .*No such file")
        agent.stop()
        with open(child, encoding="ascii") as file:
            last = file.read().strip()
        wait_until(lambda: not last or not is_alive(last), SECONDS, "the last child to be gone")

    def test_a_number_in_the_log_and_a_filled_disk_are_conditions(self):
        disk = os.statvfs("/")
        filled = 100 * (1 - disk.f_bavail / disk.f_blocks)
        workload = (
            f"  - name: {self.name}\n    command: [{WORKLOAD}, print, Cleaned up 1500 of them, '0.2']\n    user: {USER}\n"
            "    expect_log: [{name: cleanup, pattern: 'Cleaned up (?P<count>\\d+)', every: 1m}]\n    rules:\n"
            "      - {name: many, when: {log_value: '> 1499', log: cleanup, capture: count, for: 1s}, do: [notify]}\n"
            "      - {name: more, when: {log_value: '> 1500', log: cleanup, capture: count}, do: [notify]}\n"
            f"      - {{name: filled, when: {{disk: '> {filled * 0.9:.3f}%', mount: /, for: 1s}}, do: [notify]}}\n"
            f"      - {{name: full, when: {{disk: '> {(filled + 100) / 2:.3f}%'}}, do: [notify]}}\n")
        config = os.path.join(self.folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, workload, free_port()))
        agent = self.enterContext(Agent.run(config))
        agent.wait_until_ready()
        for rule in ("many", "filled"):
            agent.wait_for_metric("leakguard_actions_total", lambda count: count == 1, rule=rule, result="skipped")
        for rule in ("more", "full"):
            self.assertIsNone(agent.metric("leakguard_actions_total", rule=rule))

        def reasons_so_far():
            with open(f"{self.folder}/state/actions.jsonl", encoding="utf-8") as file:
                found = {line["rule"]: line["reason"] for line in map(json.loads, file)}
            return found if {"many", "filled"} <= found.keys() else None

        reasons = wait_until(reasons_so_far, SECONDS, "the journal to be written")
        self.assertRegex(reasons["many"], "log_value cleanup.count 1500, above 1499 for 1")
        self.assertRegex(reasons["filled"], r"disk / [\d.]+%, above [\d.]+% for 1")

    def test_a_reload_keeps_what_was_found(self):
        port = free_port()
        agent = self.start(IDLE,
                           f"      - {{name: port, tcp: '127.0.0.1:{port}', every: 1s, failures: 2}}\n")
        failed = self.wait_for_health(agent, "port", False)["failures"]
        agent.send(signal.SIGHUP)
        agent.wait_for_line("configuration reloaded", SECONDS)
        found = self.health(agent, "port")
        self.assertIs(found["healthy"], False)
        self.assertGreaterEqual(found["failures"], failed)
        agent.wait_for_metric("leakguard_health_failures_total", lambda count: count > failed, probe="port")


def is_alive(pid):
    """Neither gone nor a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return not re.search(r"\) Z", file.read())
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    require_agent()
    require_file(CHATCORE, "the chat server (target chatcore)")
    unittest.main()
