"""leakguard on a whole VPS: the compose sidecar and the agent's unit as shipped, units, caps, users' units.

One boot for all cases, which run in the order of `load_tests`."""

import os
import tempfile
import unittest

from agent_service import AgentService
from containers import CapBelowUse, HostOom, Redeployment
from exec_in_units import ExecInUnits
from harness.engine import image_archive
from harness.requirements import require_file
from images import import_command, program_archive
from on_vps import OnVps
from sidecar import Sidecar
from units import Caps, Units
from user_units import UserUnits
from vps import Vps, require_vps

CONFIGS = os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "configs")
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = {name: os.environ.get(name.upper(), "") for name in ("leakguard", "chatcore", "test_workload")}
# The machine runs out of memory last: the kernel may then kill what other cases need.
CASES = (Sidecar, Units, Caps, UserUnits, ExecInUnits, AgentService, Redeployment, CapBelowUse, HostOom)


def load_tests(loader, _tests, _pattern):
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in CASES)


def files_of_vps(folder):
    """{path there: path here} of the programs, the shipped files, the units of the tests, and the images."""
    files = {f"/usr/bin/{name}": path for name, path in PROGRAMS.items()}
    files["/etc/systemd/system/leakguard.service"] = f"{CONFIGS}/leakguard.service"
    for name in ("compose.yml", "leakguard.yml"):
        files[f"/srv/configs/{name}"] = f"{CONFIGS}/{name}"
    for name in os.listdir(f"{HERE}/units.d"):
        files[f"/etc/systemd/system/{name}"] = f"{HERE}/units.d/{name}"
    archives = {name: program_archive(name, PROGRAMS[name]) for name in ("leakguard", "chatcore")}
    archives["workload"] = image_archive({"/test_workload": PROGRAMS["test_workload"]}, {}, [])
    for name, content in archives.items():
        with open(f"{folder}/{name}.tar", "wb") as file:
            file.write(content)
        files[f"/srv/{name}.tar"] = file.name
    return files


def make_images(vps):
    vps.run("systemctl is-system-running --wait", seconds=300, check=False)
    vps.run(import_command("leakguard", "/srv/leakguard.tar"), seconds=120)
    vps.run(import_command("chatcore", "/srv/chatcore.tar"), seconds=120)
    vps.run("docker import --change 'ENTRYPOINT [\"/test_workload\"]' /srv/workload.tar leakguard/workload", seconds=120)


def main():
    with tempfile.TemporaryDirectory(prefix="leakguard-vps-files-") as folder, Vps(files_of_vps(folder)) as vps:
        make_images(vps)
        OnVps.vps = vps
        unittest.main(verbosity=2)


if __name__ == "__main__":
    require_vps()
    for program, path in PROGRAMS.items():
        require_file(path, f"the program {program}")
    main()
