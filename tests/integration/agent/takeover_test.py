"""A command survives its guard: the agent is killed again and again, and the next one takes the running command over."""

import json
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import unittest

from agent import Agent, SECONDS, USER, WORKLOAD, cgroup_of, config_text, require_agent, unique
from harness.process import free_port, wait_until

KILLS = int(os.environ.get("TAKEOVER_KILLS", "10"))
# ("$$" is a plain "$" in a configuration.) Each prints its name, its process's id and a number, every 10 ms, and knows nothing of the agent.
COUNTERS = {
    "sh": ["/bin/sh", "-c", "i=0; while :; do i=$((i+1)); echo line sh $$$$ $i; sleep 0.01; done"],
    "python": [sys.executable, "-uc",
               "import itertools, os, time\n"
               "for i in itertools.count(1):\n print('line python', os.getpid(), i); time.sleep(0.01)"],
    "node": ["node", "-e", "let i = 0; setInterval(() => console.log('line node', process.pid, ++i), 10)"],
}


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Takeover(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.config = os.path.join(self.folder, "leakguard.yml")
        self.name = unique("outlives")

    def write(self, workloads):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, workloads, free_port()))

    def command(self, words, more=""):
        return f"  - name: {self.name}\n    command: {json.dumps(words)}\n    user: {USER}\n{more}"

    def start(self):
        agent = self.enterContext(Agent.run(self.config))
        agent.wait_until_ready()
        return agent

    def kill(self, agent):
        agent.send(signal.SIGKILL)
        agent.wait(SECONDS)

    def lifecycle(self, agent):
        return agent.workload(self.name)["lifecycle"]

    def test_a_state_folder_that_cannot_be_used_ends_no_command(self):
        self.write(self.command(["/bin/sh", "-c", "while :; do echo here; sleep 0.1; done"]))
        agent = self.start()
        agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1)
        pid = agent.workload(self.name)["identity"]["pid"]
        state = os.path.join(self.folder, "state")
        self.assertEqual(os.stat(state).st_mode & 0o777, 0o700, "it is nobody else's to read")
        self.kill(agent)
        os.rename(state, state + ".away")
        with open(state, "w", encoding="ascii"):
            agent = self.start()
        agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1)
        self.assertEqual(agent.workload(self.name)["identity"]["pid"], pid, "taken over all the same")
        os.unlink(state)
        os.rename(state + ".away", state)
        self.kill(agent)
        agent = self.start()
        agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1)
        self.assertEqual(agent.workload(self.name)["identity"]["pid"], pid, "and by its socket when that is back")

    def test_a_state_folder_that_is_removed_between_two_agents_ends_no_command(self):
        self.write(self.command([WORKLOAD, "print", "here", "0.1"]))
        agent = self.start()
        pid = self.wait_for_pid(agent)
        holder = self.holder_of(pid)
        for _ in range(2):  # the second time its socket has not been there since the first
            self.kill(agent)
            shutil.rmtree(os.path.join(self.folder, "state"))
            agent = self.start()
            agent.wait_for_line("the socket of its holder was removed; the holder was found in another way", SECONDS)
            agent.wait_for_line("taken over from an earlier agent", SECONDS)
            self.assertEqual(self.wait_for_pid(agent), pid)
            agent.wait_for_line("^here$", SECONDS)
            self.assertEqual(self.lifecycle(agent)["starts"], 1)
        self.assertEqual(agent.stop(), 0)
        wait_until(lambda: not is_alive(pid) and not is_alive(holder), SECONDS, "their end")

    def test_a_command_whose_holder_cannot_be_reached_is_left_running_and_not_started_twice(self):
        self.write(self.command([WORKLOAD, "print", "here", "0.1"], "    backoff: {initial: 100ms, max: 100ms}\n"))
        agent = self.start()
        pid = self.wait_for_pid(agent)
        if f"leakguard-{self.name}" not in (cgroup_of(pid, "memory") or ""):
            self.skipTest("no cgroup can be made here, by which the running command is known")
        self.kill(agent)
        # One agent at a time: the holder serves this connection, and its socket at the old path is gone.
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
            other.connect(f"{self.folder}/state/run/{self.name}.sock")
            os.rename(f"{self.folder}/state", f"{self.folder}/state.away")
            holder = self.holder_of(pid)
            in_line = [self.enterContext(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)) for _ in range(2)]
            for waiting in in_line:
                waiting.connect(self.spare_address(holder))
            agent = self.start()
            agent.wait_for_line(f"it runs already.*left running and not guarded.*kill {pid}", SECONDS)
            self.assertTrue(is_alive(pid))
            self.assertEqual(agent.metric("leakguard_workload_up"), 0)
            os.kill(pid, signal.SIGKILL)
            agent.wait_for_metric("leakguard_workload_up", lambda up: up == 1)
            self.assertNotEqual(self.wait_for_pid(agent), pid)
            os.kill(holder, signal.SIGKILL)

    @staticmethod
    def spare_address(holder):
        """Of the abstract socket at which the process listens."""
        inodes = set()
        for name in os.listdir(f"/proc/{holder}/fd"):
            inodes.update(re.findall(r"^socket:\[(\d+)\]$", os.readlink(f"/proc/{holder}/fd/{name}")))
        with open("/proc/net/unix", encoding="utf-8") as sockets:
            found = [fields[7] for fields in map(str.split, sockets) if len(fields) > 7 and fields[6] in inodes]
        return "\0" + next(path for path in found if path.startswith("@"))[1:]

    def history(self, agent):
        """What is the command's, not what the agent has seen itself."""
        lifecycle = self.lifecycle(agent)
        return {key: lifecycle[key] for key in ("state", "started_at", "starts", "last_exit", "last_exit_code")}

    def wait_for_pid(self, agent, name=None):
        return wait_until(lambda: agent.workload(name or self.name)["identity"]["pid"], SECONDS, "the command to run")

    def holder_of(self, pid):
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return int(file.read().rpartition(")")[2].split()[1])


class KillTest(Takeover):
    def test_commands_live_and_lose_no_line_though_the_agent_is_killed_again_and_again(self):
        counters = {unique(kind): words for kind, words in COUNTERS.items() if shutil.which(words[0])}
        self.write("".join(
            f"  - name: {name}\n    command: {json.dumps(words)}\n    user: {USER}\n"
            f"    expect_log: [{{name: count, pattern: 'line \\w+ (?P<pid>\\d+) (?P<number>\\d+)', every: 1m}}]\n"
            for name, words in counters.items()))
        outputs, pids = [], {}
        for kill in range(KILLS + 1):
            agent = self.start()
            for name in counters:
                pid = self.wait_for_pid(agent, name)
                self.assertEqual(pids.setdefault(name, pid), pid, f"{name} was started a second time")
                agent.wait_for_metric("leakguard_log_matches_total", lambda count: count >= 1, workload=name)
                self.assertEqual(agent.workload(name)["lifecycle"]["starts"], 1)
            if kill < KILLS:
                self.kill(agent)
                self.assertEqual([name for name, pid in pids.items() if not is_alive(pid)], [], "ended with the agent")
            else:
                agent.stop()
            outputs.append(agent.output())
        seen, lost, doubled = {}, 0, 0
        for kind, pid, number in re.findall(r"(?m)^line (\w+) (\d+) (\d+)$", "".join(outputs)):
            seen.setdefault((kind, pid), []).append(int(number))
        for numbers in seen.values():
            lost += max(numbers) - len(set(numbers))
            doubled += len(numbers) - len(set(numbers))
        lines = sum(len(set(numbers)) for numbers in seen.values())
        print(f"{KILLS} kills of the agent, {len(counters)} commands, {len(seen) - len(counters)} double starts, "
              f"{lines} lines, {lost} lost, {doubled} twice", file=sys.stderr)
        self.assertEqual(len(seen), len(counters), "one process each")
        self.assertEqual(lost, 0)


class TakeoverTest(Takeover):
    def test_history_goes_on_with_the_next_agent(self):
        self.write(self.command(["/bin/sh", "-c", f"test -e {self.folder}/again && exec sleep 600; "
                                                  f"touch {self.folder}/again; exit 3"],
                                "    backoff: {initial: 100ms, max: 100ms}\n"))
        first = self.start()
        wait_until(lambda: self.lifecycle(first)["starts"] == 2 and self.wait_for_pid(first), SECONDS, "the second run")
        before = self.history(first)
        self.kill(first)
        second = self.start()
        self.wait_for_pid(second)
        after = self.history(second)
        self.assertEqual(after, before)
        self.assertEqual((after["starts"], after["last_exit_code"]), (2, 3))

    def test_an_end_while_no_agent_runs_is_told_to_the_next_one(self):
        self.write(self.command(["/bin/sh", "-c", "echo last words; exec sleep 600"],
                                "    backoff: {initial: 1h, max: 1h}\n"))
        first = self.start()
        pid = self.wait_for_pid(first)
        self.kill(first)
        os.kill(pid, signal.SIGUSR1)
        wait_until(lambda: not is_alive(pid), SECONDS, "its end")
        second = self.start()
        wait_until(lambda: self.lifecycle(second)["state"] == "starting", SECONDS, "the pause after its end")
        self.assertEqual(self.lifecycle(second)["last_exit_code"], 128 + signal.SIGUSR1)
        self.assertEqual(self.lifecycle(second)["starts"], 1)

    def test_a_command_that_is_configured_otherwise_meanwhile_is_restarted(self):
        self.write(self.command([WORKLOAD, "print", "before", "0.2"]))
        first = self.start()
        pid = self.wait_for_pid(first)
        self.kill(first)
        self.write(self.command([WORKLOAD, "print", "after", "0.2"]))
        second = self.start()
        second.wait_for_line("^after$", SECONDS)
        self.assertFalse(is_alive(pid), "never two at once")

    def test_a_command_that_is_not_configured_any_more_is_stopped(self):
        self.write(self.command([WORKLOAD, "print", "before", "0.2"]))
        first = self.start()
        pid = self.wait_for_pid(first)
        self.kill(first)
        self.name = unique("other")
        self.write(self.command([WORKLOAD, "print", "other", "0.2"]))
        self.start()
        wait_until(lambda: not is_alive(pid), SECONDS, "its end")

    def test_an_orderly_stop_stops_the_command_and_its_holder(self):
        self.write(self.command([WORKLOAD, "print", "hello", "0.2"]))
        agent = self.start()
        pid = self.wait_for_pid(agent)
        holder = self.holder_of(pid)
        self.assertEqual(agent.stop(), 0)
        self.assertFalse(is_alive(pid))
        wait_until(lambda: not is_alive(holder), SECONDS, "the holder's end")
        self.assertEqual(os.listdir(f"{self.folder}/state/run"), [])

    def test_a_command_that_is_to_stay_is_taken_over_after_an_orderly_restart(self):
        self.write(self.command([WORKLOAD, "print", "hello", "0.2"], "    stop: {with_agent: false}\n"))
        first = self.start()
        pid = self.wait_for_pid(first)
        self.assertEqual(first.stop(), 0)
        self.assertTrue(is_alive(pid))
        self.write(self.command([WORKLOAD, "print", "hello", "0.2"]))
        second = self.start()
        self.assertEqual(self.wait_for_pid(second), pid)

    def test_a_holder_that_is_killed_is_said_and_its_command_goes_on(self):
        self.write(self.command([WORKLOAD, "print", "hello", "0.2"], "    backoff: {initial: 100ms}\n"))
        agent = self.start()
        pid = self.wait_for_pid(agent)
        os.kill(self.holder_of(pid), signal.SIGKILL)
        agent.wait_for_line("the holder process was killed", SECONDS)
        self.assertTrue(is_alive(pid))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: self.wait_for_pid(agent) != pid, SECONDS, "the next run")

    def test_a_second_agent_does_not_take_a_command_that_is_supervised(self):
        self.write(self.command([WORKLOAD, "print", "hello", "0.2"]))
        first = self.start()
        pid = self.wait_for_pid(first)
        self.write(self.command([WORKLOAD, "print", "hello", "0.2"]))
        second = self.start()
        second.wait_for_line("another agent supervises a command called", SECONDS)
        self.assertEqual(self.wait_for_pid(first), pid)

    def test_a_holder_is_small(self):
        self.write(self.command([WORKLOAD, "print", "hello", "0.2"]))
        agent = self.start()
        with open(f"/proc/{self.holder_of(self.wait_for_pid(agent))}/status", encoding="ascii") as file:
            status = dict(line.split(":", 1) for line in file.read().splitlines())
        print("holder:", status["RssAnon"].strip(), "of its own,", status["VmRSS"].strip(), "in all", file=sys.stderr)
        self.assertEqual(status["Threads"].strip(), "1")
        self.assertLess(int(status["RssAnon"].split()[0]), 4096)


class RightsTest(Takeover):
    @unittest.skipUnless(os.geteuid() == 0, "only root has what a command is not to have")
    def test_a_command_of_roots_agent_is_nobody_unless_told(self):
        self.write(f"  - name: {self.name}\n    command: [/bin/sh, -c, 'id -un; exec sleep 600']\n")
        agent = self.start()
        agent.wait_for_line("^nobody$", SECONDS)
        agent.wait_for_line("running as nobody.*user: root", SECONDS)

    def test_a_command_cannot_gain_privileges_and_sees_nothing_of_the_agents_environment(self):
        os.environ["TAKEOVER_SECRET"] = "secret"
        self.write(self.command(["/bin/sh", "-c", "grep NoNewPrivs /proc/self/status; env; echo end; exec sleep 600"],
                                "    environment: {GIVEN: given}\n"))
        agent = self.start()
        agent.wait_for_line("^end$", SECONDS)
        self.assertRegex(agent.output(), r"(?m)^NoNewPrivs:\t1$")
        self.assertRegex(agent.output(), r"(?m)^GIVEN=given$")
        self.assertRegex(agent.output(), r"(?m)^HOME=")
        self.assertNotIn("TAKEOVER_SECRET", agent.output())

    def test_an_error_names_a_variable_and_not_its_value(self):
        os.environ["TAKEOVER_PROGRAM"] = "/no/such/secret"
        self.write(self.command(["${TAKEOVER_PROGRAM}"]))
        agent = self.start()
        agent.wait_for_line(r"command not started.*\$\{TAKEOVER_PROGRAM\}: cannot execute the program", SECONDS)
        self.assertNotIn("/no/such/secret", agent.output())

    def test_a_program_that_is_not_in_the_path_is_said_with_what_to_do(self):
        self.write(self.command(["no-such-program"]))
        self.start().wait_for_line(r"no-such-program: cannot execute the program.*set PATH in its environment", SECONDS)

    def test_a_user_that_is_not_there_is_said(self):
        self.write(f"  - {{name: {self.name}, command: [/bin/true], user: no-such-user}}\n")
        self.start().wait_for_line(r"command not started.*/bin/true: cannot find the user that `user` names", SECONDS)


if __name__ == "__main__":
    require_agent()
    unittest.main()
