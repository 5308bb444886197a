"""The disk of the state folder stands still: the agent's loop does not wait for it."""

import os
import subprocess
import tempfile
import unittest

from agent import Agent, SECONDS, WORKLOAD, cgroup_of, config_text, read, require_agent, unique
from harness.process import free_port, wait_until
from harness.requirements import require_programs, require_root

FROZEN = float(os.environ.get("LEAKGUARD_FROZEN_SECONDS", "5"))


class FrozenDiskTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        image = os.path.join(self.folder, "image")
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        self.disk = os.path.join(self.folder, "disk")
        os.mkdir(self.disk)
        mounted = subprocess.run(["mount", "-o", "loop", image, self.disk], capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no loop device can be mounted here: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", self.disk], check=False)

    def freeze(self, how):
        subprocess.run(["fsfreeze", how, self.disk], check=True)

    def test_no_tick_is_late_pages_answer_and_caps_hold(self):
        name = unique("web")
        port = free_port()
        config = os.path.join(self.folder, "leakguard.yml")
        workload = (f"  - name: {name}\n    command: [{WORKLOAD}, print, hello, '1']\n    user: root\n"
                    "    caps: {pids: 40}\n"
                    "    rules: [{name: often, when: {pids: '> 0'}, do: [{signal: {name: WINCH}}], cooldown: 1s}]\n"
                    "    actions: {max: 1000, within: 1h}\n")
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(self.disk, workload, port))
        agent = self.enterContext(Agent.run(config))
        agent.wait_until_ready()
        agent.wait_for_metric("leakguard_actions_total", lambda count: count >= 2, action="signal", result="done")
        pid = agent.workload(name)["identity"]["pid"]
        limit = f"{cgroup_of(pid, 'pids')}/pids.max"
        late = agent.metric("leakguard_ticks_late_total")
        ticks = agent.metric("leakguard_ticks_total")
        acted = agent.metric("leakguard_actions_total", action="signal", result="done")
        self.freeze("--freeze")
        try:
            with open(limit, "w", encoding="ascii") as file:
                file.write("30")
            wait_until(lambda: read(limit) == "40", SECONDS, "the cap to be put back")
            agent.wait_for_metric("leakguard_ticks_total", lambda count: count >= ticks + 5 * FROZEN, FROZEN + SECONDS)
            self.assertEqual(agent.metric("leakguard_ticks_late_total"), late)
            self.assertGreaterEqual(agent.metric("leakguard_actions_total", action="signal", result="done"),
                                    acted + FROZEN / 2, "rules act on")
        finally:
            self.freeze("--unfreeze")
        journal = os.path.join(self.disk, "state", "actions.jsonl")
        done = agent.metric("leakguard_actions_total", action="signal", result="done")
        wait_until(lambda: read(journal).count('"outcome":"done"') >= done, SECONDS, "the journal to catch up")
        print(f"frozen for {FROZEN:g} s: 0 late ticks, {agent.metric('leakguard_journal_errors_total'):g} records lost")


if __name__ == "__main__":
    require_agent()
    require_root("mount and freeze a file system")
    require_programs("fsfreeze", "mkfs.ext4")
    unittest.main()
