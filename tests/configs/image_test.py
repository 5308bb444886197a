"""The Dockerfile's images hold the libraries that the programs load. (The images themselves need a registry.)"""

import os
import re
import subprocess
import unittest

from harness.libraries import shared_libraries
from harness.requirements import find_program, require_file, require_programs

DOCKERFILE = os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "configs", "Dockerfile")
# In every Debian: apt and perl-base, which are essential, need them.
IN_BASE_IMAGE = {"libc6", "libgcc-s1", "libstdc++6", "zlib1g", "libcrypt1"}


def output_of(*command):
    return subprocess.run([find_program(command[0]), *command[1:]], capture_output=True, text=True, check=True).stdout


def packages_needed(program):
    """The Debian packages of the libraries that the program itself names; what those need, they bring."""
    named = re.findall(r"NEEDED.*\[(.+)\]", output_of("readelf", "--dynamic", program))
    files = [os.path.realpath(path) for path in shared_libraries(program) if os.path.basename(path) in named]
    # A package may know its file as /lib/…, which is /usr/lib/… by now.
    patterns = [f"*{file.removeprefix('/usr')}" for file in files]
    return {line.split(":", 1)[0] for line in output_of("dpkg", "--search", *patterns).splitlines()}


def packages_installed():
    with open(DOCKERFILE, encoding="utf-8") as file:
        text = file.read()
    runtime = re.search(r" AS runtime\n(.*?)\n\nFROM", text, re.DOTALL).group(1)
    return set(re.findall(r"\b(?:lib[a-z][\w.+-]*|ca-certificates)", runtime))


class Images(unittest.TestCase):
    def test_every_library_that_a_program_loads_is_installed(self):
        needed = packages_needed(os.environ["LEAKGUARD"]) | packages_needed(os.environ["CHATCORE"])
        self.assertEqual(needed - IN_BASE_IMAGE - packages_installed(), set())


if __name__ == "__main__":
    require_programs("readelf", "dpkg")
    require_file(os.environ.get("LEAKGUARD"), "the program leakguard")
    require_file(os.environ.get("CHATCORE"), "the program chatcore")
    unittest.main(verbosity=2)
