"""The collection is clean by yamllint's and ansible-lint's strictest measure, and its parts agree with each other."""

import os
import unittest

import yaml

from playbook import Collection, SOURCE
from harness.requirements import require_programs

ROLE = f"{SOURCE}/ansible/roles/leakguard"


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


class Lint(unittest.TestCase):
    def test_yamllint_finds_nothing(self):
        with Collection() as collection:
            self.assertEqual(collection.tool("yamllint", "--strict", "."), (0, ""))

    def test_yamllint_finds_nothing_in_the_examples_and_rules(self):
        with Collection() as collection:
            folders = (f"{SOURCE}/configs", f"{SOURCE}/dashboards")
            self.assertEqual(collection.tool("yamllint", "--strict", *folders), (0, ""))

    def test_ansible_lint_finds_nothing_for_production(self):
        with Collection() as collection:
            status, output = collection.tool("ansible-lint", "--profile", "production", "--offline")
            self.assertEqual(status, 0, output)

    def test_every_variable_is_specified_documented_and_has_its_default(self):
        defaults = load(f"{ROLE}/defaults/main.yml")
        options = load(f"{ROLE}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
        self.assertEqual({name: option["default"] for name, option in options.items()}, defaults)
        with open(f"{ROLE}/README.md", encoding="utf-8") as readme:
            text = readme.read()
        for name in defaults:
            self.assertIn(f"`{name}`", text)

    def test_the_unit_is_the_one_of_the_examples(self):
        self.assertTrue(os.path.samefile(f"{ROLE}/files/leakguard.service", f"{SOURCE}/configs/leakguard.service"))


if __name__ == "__main__":
    require_programs("yamllint", "ansible-lint", "ansible-playbook")
    unittest.main(verbosity=2)
