"""engine_probe, seen from a test: what the guard makes of an engine, as dictionaries."""

import json
import os
import subprocess

from harness.process import Program, wait_until
from harness.requirements import require_file

PROBE = os.environ.get("ENGINE_PROBE", "")
WORKLOAD = os.environ.get("TEST_WORKLOAD", "")
IMAGE = "workload"


def require_probe():
    """Skips unless the probe and the workload are built."""
    require_file(PROBE, "the probe (target engine_probe)")
    require_file(WORKLOAD, "the workload (target test_workload)")


def ask(socket, *arguments):
    """Runs one command of the probe and returns what it printed."""
    answer = subprocess.run([PROBE, socket, *map(str, arguments)], capture_output=True, timeout=90, check=False)
    return json.loads(answer.stdout)


class Probe(Program):
    """The probe as a running follower: `watch`, or `log ID`."""

    def __init__(self, socket, *arguments):
        super().__init__([PROBE, socket, *arguments])

    def objects(self):
        """Everything it has told, oldest first. Lines of its log are left out."""
        return [json.loads(line) for line in self.output().splitlines()[:] if line.startswith("{") and line.endswith("}")]

    def proc_status(self):
        """What the kernel says of the probe's process."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return status.read()

    def view(self):
        """The last view, or {}."""
        views = [told["view"] for told in self.objects() if "view" in told]
        return views[-1] if views else {}

    def container(self, name):
        """What the last view tells of a container, or {}."""
        return self.view().get("containers", {}).get(name, {})

    def events(self, name):
        """[kind] of one container's events."""
        return [told["event"] for told in self.objects() if told.get("name") == name and "event" in told]

    def lines(self):
        """The followed log's lines."""
        return [told["line"] for told in self.objects() if "line" in told]

    def is_up(self):
        """(up, why) as told last, or None."""
        told = [(told["up"], told["why"]) for told in self.objects() if "up" in told]
        return told[-1] if told else None

    def wait_for_container(self, name, seconds, **fields):
        """Waits until the view tells these fields of a container."""
        def matches():
            container = self.container(name)
            return container and all(container.get(key) == value for key, value in fields.items())
        try:
            wait_until(matches, seconds, f"container {name} with {fields}", every=0.05)
        except AssertionError as late:
            raise AssertionError(f"{late}; it is {self.container(name)}") from None
