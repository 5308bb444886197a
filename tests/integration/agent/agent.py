"""leakguard, seen from a test: started, scraped, asked."""

import json
import os
import pwd
import re
import subprocess

from harness.process import Program, free_port, http_get, wait_until
from harness.requirements import require_file

BINARY = os.environ.get("LEAKGUARD_BINARY", "")
WORKLOAD = os.environ.get("TEST_WORKLOAD", "")
USER = pwd.getpwuid(os.geteuid()).pw_name  # for commands that need what the test itself may do
SECONDS = 20.0  # for what comes within a second on a machine that is not busy


def require_agent():
    """Skips unless the agent and the workload are built."""
    require_file(BINARY, "the agent (target leakguard)")
    require_file(WORKLOAD, "the workload (target test_workload)")


def unique(name):
    """A workload's name, and so its cgroup's, that no other test uses at the same time."""
    return f"{name}-{os.getpid()}"


def ask(*arguments):
    """Runs one command to its end."""
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS, check=False)


class Agent(Program):
    """`leakguard exec …` or `leakguard run …` with a web page on a port of its own."""

    def __init__(self, command, port, **options):
        super().__init__(command, **options)
        self.url = f"http://127.0.0.1:{port}"

    @classmethod
    def exec(cls, *words, flags=(), around=()):
        """Supervises `words`; `around` is a command that starts the agent."""
        port = free_port()
        return cls([*around, BINARY, "exec", "--listen", f"127.0.0.1:{port}", *flags, "--", *words], port)

    @classmethod
    def run(cls, config):
        """The daemon with a configuration file that config_text() made."""
        with open(config, encoding="utf-8") as file:
            port = re.search(r"listen: \[127\.0\.0\.1:(\d+)\]", file.read()).group(1)
        return cls([BINARY, "run", "--config", config], port)

    def wait_until_ready(self):
        self.wait_for_http(f"{self.url}/-/ready", SECONDS)

    def get(self, path):
        """(status, body)"""
        return http_get(self.url + path)

    def workload(self, name):
        """What the agent knows of one workload."""
        return json.loads(self.get(f"/api/v1/workloads/{name}")[1])

    def metric(self, name, **labels):
        """The value of the first series of that name which has these labels, or None."""
        for line in self.get("/metrics")[1].splitlines():
            if not re.match(rf"{name}[ {{]", line):
                continue
            if all(f'{key}="{value}"' in line for key, value in labels.items()):
                return float(line.rpartition(" ")[2])
        return None

    def wait_for_metric(self, name, is_right, seconds=SECONDS, **labels):
        """Waits until the series exists and `is_right` of its value; returns the value."""

        def right():
            value = self.metric(name, **labels)
            return (value,) if value is not None and is_right(value) else None

        return wait_until(right, seconds, f"{name} {labels} to be right", every=0.1)[0]


def config_text(folder, workloads, port, socket="/nowhere/docker.sock"):
    """A configuration of these workloads (YAML, a list), everything else of which is private to the test."""
    return (f"agent: {{listen: [127.0.0.1:{port}], state_dir: {folder}/state, sample_interval: 200ms}}\n"
            f"engine: {{socket: {socket}}}\nworkloads:\n{workloads}")


def cgroup_of(pid, controller):
    """The folder of a process's cgroup: of a v1 controller where it has one, else on v2."""
    unified = None
    with open(f"/proc/{pid}/cgroup", encoding="ascii") as groups:
        for line in groups:
            _, controllers, path = line.strip().split(":", 2)
            if controller in controllers.split(","):
                return f"/sys/fs/cgroup/{controller}{path}"
            if not controllers:
                unified = f"/sys/fs/cgroup{path}"
    return unified


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()
