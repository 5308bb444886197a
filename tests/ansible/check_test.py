"""A rehearsal (--check) on this machine: it says what it would do, does nothing, and says the same again."""

import os
import unittest

from playbook import Collection
from harness.requirements import require_file, require_programs

# Stands in for the agent: a rehearsal copies nothing and runs nothing.
PROGRAM = os.environ.get("TEST_WORKLOAD", "")
PLACES = ("/usr/bin/leakguard", "/etc/systemd/system/leakguard.service", "/etc/leakguard/leakguard.yml")


def state_of_places():
    return {place: os.stat(place).st_mtime_ns if os.path.exists(place) else None for place in PLACES}


class Rehearsal(unittest.TestCase):
    def test_two_rehearsals_say_the_same_and_change_nothing(self):
        before = state_of_places()
        with Collection() as collection:
            options = ("--check", "--diff", "--extra-vars", f"leakguard_binary_source={PROGRAM}")
            first = collection.play(*options)
            second = collection.play(*options)
        self.assertEqual(first[0], 0, first[2])
        self.assertEqual(second[:2], first[:2])
        self.assertEqual(first[1]["Install the configuration"], "changed")
        self.assertIn("+    memory: 700m", first[2], "--diff shows the configuration to come")
        self.assertEqual(state_of_places(), before)

    def test_a_wrong_variable_is_refused_by_name(self):
        with Collection() as collection:
            status, _, output = collection.play("--check", "--extra-vars", '{"leakguard_workloads": "chat"}')
        self.assertNotEqual(status, 0)
        self.assertIn("leakguard_workloads", output)


if __name__ == "__main__":
    require_programs("ansible-playbook")
    require_file(PROGRAM, "test_workload")
    unittest.main(verbosity=2)
