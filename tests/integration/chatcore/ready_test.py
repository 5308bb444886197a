"""/-/ready on disks that are full or hang. Needs root, to mount them."""
import os
import subprocess
import tempfile
import threading
import time
import unittest

from harness.requirements import require_programs, require_root
from server import Chatcore, ChatcoreTest, wait_for


class OnADisk(ChatcoreTest):
    """A server with its database on a small disk of its own."""

    def mount(self, *what):
        self.disk = os.path.join(self.outside.name, "disk")
        os.mkdir(self.disk)
        mounted = subprocess.run(["mount", *what, self.disk], capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("nothing can be mounted here: " + mounted.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.disk], check=False)
        self.server = Chatcore(self.outside.name, {"database-url": f"sqlite://{self.disk}/chatcore.db"})
        self.addCleanup(self.server.kill)

    def setUp(self):
        self.outside = tempfile.TemporaryDirectory(prefix="chatcore-test-")
        self.addCleanup(self.outside.cleanup)

    def ready(self):
        """(status, text, seconds)"""
        began = time.monotonic()
        answer = self.server.request("GET", "/-/ready")
        return answer.status, answer.body.decode(), time.monotonic() - began

    def test_a_full_disk_is_not_ready_until_there_is_room(self):
        self.mount("-t", "tmpfs", "-o", "size=4m", "tmpfs")
        self.assertEqual(self.ready()[0], 200)
        ballast = os.path.join(self.disk, "ballast")
        with open(ballast, "wb") as file:
            file.write(b"x" * (1 << 20))
        for number in range(200):
            refused = self.server.request("POST", "/api/assistant",
                                          {"message": "x" * 60_000, "conversationId": f"c{number}"})
            if refused.status != 200:
                break
        else:
            self.fail("the disk is never full")
        self.assert_error(refused, 503, "storage_full")
        self.assertIn("Storage is full", refused.json()["error"]["message"])
        self.assertEqual(self.server.metric('chatcore_requests_shed_total{reason="memory"}'), 0)
        status, text, _ = self.ready()
        self.assertEqual((status, "disk is full" in text), (503, True), text)
        os.remove(ballast)
        wait_for(lambda: self.ready()[0] == 200, "to be ready again")

    def test_a_disk_that_stands_still_is_not_ready_within_a_second(self):
        image = os.path.join(self.outside.name, "image")
        with open(image, "wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
        self.mount("-o", "loop", image)
        self.assertEqual(self.ask("Hello", "one").status, 200)
        self.assertEqual(self.ready()[0], 200)
        subprocess.run(["fsfreeze", "--freeze", self.disk], check=True)
        try:
            asking = threading.Thread(target=self.ask, args=("Hello again", "one"))
            asking.start()
            wait_for(lambda: self.ready()[0] == 503, "not to be ready")
            _, text, took = self.ready()
            self.assertIn("does not answer in time", text)
            self.assertLess(took, 1)
        finally:
            subprocess.run(["fsfreeze", "--unfreeze", self.disk], check=True)
        asking.join()
        wait_for(lambda: self.ready()[0] == 200, "to be ready again")


if __name__ == "__main__":
    require_root("mount a disk")
    require_programs("fsfreeze", "mkfs.ext4")
    unittest.main()
