"""leakguard exec: a supervised command's life, its own cgroup and caps, and the agent as PID 1."""

import os
import shutil
import signal
import subprocess
import sys
import unittest

from agent import Agent, SECONDS, WORKLOAD, ask, cgroup_of, read, require_agent, unique
from harness.process import wait_until

WAIT = "echo ready; while :; do sleep 0.05; done"
IS_ROOT = os.geteuid() == 0


def has_own_cgroup():
    """Can this test's processes be given cgroups below their own?"""
    if not IS_ROOT:
        return False
    probe = f"{cgroup_of(os.getpid(), 'memory')}/{unique('probe')}"
    try:
        os.mkdir(probe)
        os.rmdir(probe)
        return True
    except OSError:
        return False


def limit_of(cgroup):
    """The memory limit in bytes on either version."""
    for name in ("memory.max", "memory.limit_in_bytes"):
        if os.path.exists(f"{cgroup}/{name}"):
            return int(read(f"{cgroup}/{name}"))
    raise AssertionError(f"{cgroup} has no memory controller")


def kernel_oom_kills(cgroup):
    """What the kernel has counted, on either version."""
    for name in ("memory.events", "memory.oom_control"):
        if os.path.exists(f"{cgroup}/{name}"):
            return int(dict(line.split() for line in read(f"{cgroup}/{name}").splitlines())["oom_kill"])
    raise AssertionError(f"{cgroup} has no memory controller")


class Starts(unittest.TestCase):
    """A test that starts one agent."""

    def start(self, *words, flags=(), around=(), name="job"):
        self.name = unique(name)
        return self.enterContext(Agent.exec(*words, flags=["--name", self.name, *flags], around=around))


class ExecTest(Starts):
    def test_the_commands_exit_code_is_the_agents(self):
        self.assertEqual(ask("exec", "--listen", "off", "--restart", "no", "--", WORKLOAD, "exit", "7").returncode, 7)
        self.assertEqual(ask("exec", "--listen", "off", "--", WORKLOAD, "exit", "0").returncode, 0)

    def test_the_commands_output_is_passed_on(self):
        answer = ask("exec", "--listen", "off", "--", "sh", "-c", "printf 'one\\ntwo'")
        self.assertEqual(answer.stdout, "one\ntwo")

    def test_sigterm_reaches_the_command_and_its_answer_is_the_exit_code(self):
        agent = self.start("sh", "-c", f"trap 'echo asked to stop; exit 5' TERM; {WAIT}")
        agent.wait_for_line(r"^ready$", SECONDS)
        self.assertEqual(agent.stop(signal.SIGTERM), 5)
        self.assertIn("asked to stop", agent.output())

    def test_a_command_that_ignores_sigterm_is_killed_after_its_time(self):
        agent = self.start("sh", "-c", f"trap '' TERM; {WAIT}", flags=["--stop-timeout", "200ms"])
        agent.wait_for_line(r"^ready$", SECONDS)
        self.assertEqual(agent.stop(signal.SIGTERM), 128 + signal.SIGKILL)

    def test_other_signals_are_passed_on(self):
        agent = self.start("sh", "-c", f"trap 'echo again' HUP; trap 'exit 0' TERM; {WAIT}")
        agent.wait_for_line(r"^ready$", SECONDS)
        agent.send(signal.SIGHUP)
        agent.wait_for_line(r"^again$", SECONDS)

    def test_a_command_that_fails_is_started_again_and_counted(self):
        agent = self.start(WORKLOAD, "exit", "3")
        agent.wait_until_ready()
        agent.wait_for_metric("leakguard_workload_restarts_total", lambda count: count >= 1, reason="error")

    def test_a_line_that_is_expected_is_counted(self):
        agent = self.start(WORKLOAD, "print", "Cleaned up 7 old", "0.1",
                           flags=["--expect-log", r"Cleaned up (?P<count>\d+)", "--every", "30m"])
        agent.wait_until_ready()
        agent.wait_for_metric("leakguard_log_matches_total", lambda count: count >= 2)
        self.assertEqual(agent.metric("leakguard_log_value", capture="count"), 7)
        self.assertEqual(agent.metric("leakguard_log_overdue"), 0)


@unittest.skipUnless(has_own_cgroup(), "needs root and a cgroup of its own to make others in")
class CgroupTest(Starts):
    def test_the_command_runs_in_its_own_capped_cgroup(self):
        agent = self.start(WORKLOAD, "print", "hello", "1", flags=["--memory", "64m", "--pids", "32"])
        agent.wait_until_ready()
        pid = agent.workload(self.name)["identity"]["pid"]
        memory = cgroup_of(pid, "memory")
        self.assertTrue(memory.endswith(f"/leakguard-{self.name}"), memory)
        self.assertNotEqual(memory, cgroup_of(agent.pid, "memory"))
        self.assertEqual(limit_of(memory), 64 << 20)
        self.assertEqual(read(f"{cgroup_of(pid, 'pids')}/pids.max"), "32")
        self.assertEqual(agent.metric("leakguard_workload_memory_limit_bytes"), 64 << 20)
        agent.stop()
        self.assertFalse(os.path.exists(memory), "the cgroup goes with the command")

    def test_a_short_command_has_not_moved_to_another_cgroup(self):
        for _ in range(6):
            ran = subprocess.run([os.environ["LEAKGUARD_BINARY"], "exec", "--name", unique("short"), "--memory", "50m", "--listen", "off",
                                  "--restart", "no", "--", "sh", "-c", "exit 3"],
                                 capture_output=True, text=True, timeout=SECONDS, check=False)
            self.assertEqual(ran.returncode, 3, ran.stderr)
            self.assertNotIn("moved to another cgroup", ran.stdout + ran.stderr)

    def test_a_limit_raised_by_hand_comes_back(self):
        agent = self.start(WORKLOAD, "print", "hello", "1", flags=["--pids", "32"])
        agent.wait_until_ready()
        path = f"{cgroup_of(agent.workload(self.name)['identity']['pid'], 'pids')}/pids.max"
        with open(path, "w", encoding="ascii") as file:
            file.write("max")
        wait_until(lambda: read(path) == "32", SECONDS, "the cap to come back")
        agent.wait_for_metric("leakguard_actions_total", lambda count: count >= 1, action="caps", result="done")

    def test_a_dry_run_leaves_a_raised_limit_alone(self):
        agent = self.start(WORKLOAD, "print", "hello", "1", flags=["--pids", "32", "--dry-run"])
        agent.wait_until_ready()
        path = f"{cgroup_of(agent.workload(self.name)['identity']['pid'], 'pids')}/pids.max"
        with open(path, "w", encoding="ascii") as file:
            file.write("64")
        agent.wait_for_metric("leakguard_actions_total", lambda count: count >= 1, action="caps", result="dry_run")
        self.assertEqual(read(path), "64")

    def test_an_oom_kill_is_noticed_and_the_command_started_again(self):
        agent = self.start(WORKLOAD, "grow", "100m", "400m", flags=["--memory", "32m"])
        agent.wait_until_ready()
        agent.wait_for_metric("leakguard_workload_restarts_total", lambda count: count >= 1, reason="oom_kill")
        self.assertGreaterEqual(agent.metric("leakguard_workload_oom_kills_total"), 1)
        agent.wait_for_line(r"starts again after a pause.*pause=1s", SECONDS)


    def test_an_oom_kill_is_counted_once(self):
        agent = self.start(WORKLOAD, "grow", "100m", "400m", flags=["--memory", "32m"])
        agent.wait_until_ready()
        cgroup = f"{os.path.dirname(cgroup_of(agent.pid, 'memory') + '/x')}/leakguard-{self.name}"

        def counted():
            kills = agent.metric("leakguard_workload_oom_kills_total")
            self.assertLessEqual(kills, kernel_oom_kills(cgroup))  # which may have risen since
            return kills >= 3 and agent.workload(self.name)["lifecycle"]["state"] == "starting" and kills

        self.assertEqual(wait_until(counted, SECONDS, "the third kill"), kernel_oom_kills(cgroup))

    def test_a_process_that_leaves_its_cgroup_is_said_and_its_figures_are_unknown(self):
        agent = self.start(WORKLOAD, "print", "hello", "1", flags=["--memory", "64m"])
        agent.wait_until_ready()
        agent.wait_for_metric("leakguard_workload_memory_usage_bytes", lambda used: used > 0)
        pid = agent.workload(self.name)["identity"]["pid"]
        with open(f"{os.path.dirname(cgroup_of(pid, 'memory'))}/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(pid))
        agent.wait_for_line("its main process moved to another cgroup", SECONDS)
        wait_until(lambda: agent.metric("leakguard_workload_memory_usage_bytes") is None, SECONDS, "no figure")
        self.assertIn("moved to another cgroup", agent.get(f"/api/v1/workloads/{self.name}")[1])

    def test_a_process_with_two_lines_in_its_name_is_seen_to_leave_its_cgroup(self):
        script = "import time; open('/proc/self/comm', 'w').write('two\\nlines'); time.sleep(600)"
        agent = self.start(sys.executable, "-c", script, flags=["--memory", "64m"])
        agent.wait_until_ready()
        pid = agent.workload(self.name)["identity"]["pid"]
        wait_until(lambda: read(f"/proc/{pid}/comm").startswith("two"), SECONDS, "the process to name itself")
        with open(f"{os.path.dirname(cgroup_of(pid, 'memory'))}/cgroup.procs", "w", encoding="ascii") as file:
            file.write(str(pid))
        agent.wait_for_line("its main process moved to another cgroup", SECONDS)


@unittest.skipUnless(IS_ROOT and shutil.which("unshare"), "needs root to make a PID namespace")
class Pid1Test(Starts):
    AROUND = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")

    def test_orphans_are_reaped(self):
        # The grandchild's parent ends at once, so PID 1 inherits it; its /proc entry lasts as long as its zombie.
        script = ("orphan=$(sh -c 'sleep 0.2 >/dev/null & echo $!'); "
                  "while test -e /proc/$orphan; do sleep 0.05; done; echo reaped; exit 4")
        agent = self.start("sh", "-c", script, flags=["--restart", "no"], around=self.AROUND)
        self.assertEqual(agent.wait(SECONDS), 4)
        self.assertRegex(agent.output(), r"(?m)^reaped$")

    def test_the_agent_is_pid_1(self):
        agent = self.start("sh", "-c", "tr '\\0' ' ' < /proc/1/cmdline", flags=["--restart", "no"], around=self.AROUND)
        self.assertEqual(agent.wait(SECONDS), 0)
        self.assertRegex(agent.output(), r"leakguard exec --listen")


if __name__ == "__main__":
    require_agent()
    unittest.main()
