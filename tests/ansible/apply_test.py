"""The role applied for real, in namespaces of its own: nothing of it reaches this machine.

The test starts itself again in a mount namespace with an empty layer over /etc, /usr/bin and /var/lib, and in a pid
namespace that hides whatever service manager runs: the role installs everything and leaves the service alone."""

import os
import stat
import subprocess
import sys
import unittest

from playbook import Collection
from harness.requirements import find_program, require_file, require_programs, require_root, skip

PROGRAM = os.environ.get("LEAKGUARD", "")
LAYERED = ("/etc", "/usr/bin", "/var/lib")
CONFIGURATION = "/etc/leakguard/leakguard.yml"


def start_again_in_namespaces():
    os.environ["LEAKGUARD_TEST_INSIDE"] = "1"
    os.execv(find_program("unshare"), ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
                                       sys.executable, "-B", os.path.abspath(__file__)])


def lay_empty_layers():
    layers = "/media"  # there on every Debian, and nobody keeps programs or sources in it
    mount("-t", "tmpfs", "tmpfs", layers)
    for place in LAYERED:
        upper, work = f"{layers}{place}/upper", f"{layers}{place}/work"
        os.makedirs(upper)
        os.makedirs(work)
        mount("-t", "overlay", "overlay", "-o", f"lowerdir={place},upperdir={upper},workdir={work}", place)


def mount(*arguments):
    if subprocess.run(["mount", *arguments], check=False).returncode != 0:
        skip(f"this machine does not let a test mount over {arguments[-1]}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class Applied(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.collection = cls.enterClassContext(Collection())
        cls.first = cls.play()

    @classmethod
    def play(cls, *options):
        return cls.collection.play("--extra-vars", f"leakguard_binary_source={PROGRAM}", *options)

    def test_the_first_run_installs_everything(self):
        status, results, output = self.first
        self.assertEqual(status, 0, output)
        for task in ("Install the program", "Install the unit", "Install the configuration"):
            self.assertEqual(results[task], "changed")
        self.assertEqual(stat.S_IMODE(os.stat(CONFIGURATION).st_mode), 0o640)
        checked = subprocess.run(["/usr/bin/leakguard", "check-config", CONFIGURATION], check=False)
        self.assertEqual(checked.returncode, 0)

    def test_the_second_run_changes_nothing(self):
        status, results, output = self.play()
        self.assertEqual(status, 0, output)
        self.assertNotIn("changed", results.values())

    def test_without_a_service_manager_the_service_is_left_alone(self):
        self.assertEqual(self.first[1]["Start the service"], "skipping")

    def test_a_configuration_that_the_agent_refuses_never_takes_the_old_ones_place(self):
        before = read(CONFIGURATION)
        status, results, output = self.play("--extra-vars", '{"leakguard_agent": {"listn": ["127.0.0.1:10780"]}}')
        self.assertNotEqual(status, 0)
        self.assertEqual(results["Install the configuration"], "fatal")
        self.assertIn("listn", output)
        self.assertEqual(read(CONFIGURATION), before)


if __name__ == "__main__":
    require_programs("ansible-playbook", "unshare", "mount")
    require_root("make namespaces")
    require_file(PROGRAM, "the program leakguard")
    if "LEAKGUARD_TEST_INSIDE" not in os.environ:
        start_again_in_namespaces()
    lay_empty_layers()
    unittest.main(verbosity=2)
