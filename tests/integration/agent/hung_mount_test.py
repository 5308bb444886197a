"""A hung file system, such as NFS whose server is gone: the agent's loop does not wait for it."""

import ctypes
import json
import os
import tempfile
import unittest

from agent import Agent, SECONDS, WORKLOAD, config_text, require_agent, unique
from harness.process import free_port, wait_until
from harness.requirements import require_root

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_FORCE, MNT_DETACH = 1, 2


def hung(agent):
    """What the agent says of mounts that it could not read."""
    return json.dumps(json.loads(agent.get("/api/v1/status")[1])["host"]["unread_mounts"])


class HungMountTest(unittest.TestCase):
    """The mount is a FUSE file system whose server, this test, never answers: every call on it hangs."""

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.mount = os.path.join(self.folder, "mount")
        os.mkdir(self.mount)

    def hang(self):
        try:
            server = os.open("/dev/fuse", os.O_RDWR)
        except OSError as error:
            self.skipTest(f"no FUSE here: {error}")
        options = f"fd={server},rootmode=40000,user_id=0,group_id=0"
        if LIBC.mount(b"hung", self.mount.encode(), b"fuse", 0, options.encode()) != 0:
            os.close(server)
            self.skipTest("no FUSE file system can be mounted here: " + os.strerror(ctypes.get_errno()))

        def answer():
            LIBC.umount2(self.mount.encode(), MNT_FORCE | MNT_DETACH)
            os.close(server)

        return answer

    def start(self, workload):
        config = os.path.join(self.folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(config_text(self.folder, workload, free_port()) + f"host: {{mounts: [/, {self.mount}]}}\n")
        agent = Agent.run(config)
        self.addCleanup(agent.__exit__, None, None, None)
        return agent.__enter__()

    def assert_ticks_go_on(self, agent):
        ticks = agent.metric("leakguard_ticks_total")
        late = agent.metric("leakguard_ticks_late_total")
        agent.wait_for_metric("leakguard_ticks_total", lambda count: count >= ticks + 20, SECONDS)
        self.assertEqual(agent.metric("leakguard_ticks_late_total"), late)

    def test_a_watched_mount_that_hangs_is_said_and_comes_back(self):
        name = unique("web")
        agent = self.start(f"  - name: {name}\n    command: [{WORKLOAD}, print, hello, '1']\n    user: root\n")
        agent.wait_until_ready()
        answer = self.hang()
        try:
            wait_until(lambda: "has not answered" in hung(agent), SECONDS, "the hung mount to be shown")
            self.assert_ticks_go_on(agent)
        finally:
            answer()
        wait_until(lambda: "has not answered" not in hung(agent), SECONDS, "the mount to answer again")

    def test_an_agent_starts_and_works_whose_files_to_read_hang(self):
        answer = self.hang()
        try:
            name = unique("web")
            agent = self.start(
                f"  - name: {name}\n    command: [{WORKLOAD}, print, hello, '1']\n    user: root\n"
                f"    expect_log: [{{name: swept, pattern: swept, every: 1h, file: {self.mount}/app.log}}]\n"
                f"  - name: {name}-pid\n    pid_file: {self.mount}/app.pid\n")
            agent.wait_until_ready()
            self.assert_ticks_go_on(agent)
        finally:
            answer()


if __name__ == "__main__":
    require_agent()
    require_root("mount a file system")
    unittest.main()
