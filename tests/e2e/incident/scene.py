"""The stage of the incident: an engine with the chat service's image, the guard, and a Prometheus that scrapes both."""

import contextlib
import json
import os
import subprocess
import tempfile

from harness.engine import Engine, require_engine
from harness.process import Program, free_port, http_get, wait_until
from harness.prometheus import Prometheus, require_prometheus

# Every bound configured off: the service as it was when the incident happened.
UNBOUNDED = ("--conversation-ttl", "off", "--conversation-sweep-interval", "off", "--conversation-max-messages", "off",
             "--conversation-memory-budget", "off")
# The defaults, with the clock running faster.
BOUNDED = ("--conversation-ttl", "4s", "--conversation-sweep-interval", "2s")

CLEANUP_PATTERN = r"Cleaned up (?P<count>\d+) old conversations from memory"


class Scene:
    """Use as a context manager. `config` is the guard's `workloads:` list as Python values (JSON is YAML)."""

    def __init__(self, workloads, agent=None):
        require_engine()
        require_prometheus()
        self._stack = contextlib.ExitStack()
        self._workloads = workloads
        self._agent_settings = agent or {}
        self.chat_port = free_port()
        self.guard_port = free_port()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.engine = stack.enter_context(Engine())
            self.engine.build_image("chatcore", {"/bin/chatcore": os.environ["CHATCORE"]}, folders=("/data",),
                                    entrypoint=["/bin/chatcore", "serve"])
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="leakguard-incident-"))
            self.guard = stack.enter_context(self._start_guard(folder))
            self.prometheus = stack.enter_context(Prometheus(
                {"leakguard": f"127.0.0.1:{self.guard_port}", "chatcore": f"127.0.0.1:{self.chat_port}"},
                rule_files=[os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "dashboards/leakguard.rules.yml")]))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind, error, trace):
        return self._stack.__exit__(kind, error, trace)

    def _start_guard(self, folder):
        config = {
            "agent": {"listen": [f"127.0.0.1:{self.guard_port}"], "state_dir": f"{folder}/state", "sample_interval": "1s",
                      **self._agent_settings},
            "engine": {"socket": self.engine.socket},
            "workloads": self._workloads(self) if callable(self._workloads) else self._workloads,
        }
        path = f"{folder}/leakguard.yml"
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        guard = Program([os.environ["LEAKGUARD"], "run", "--config", path])
        guard.wait_for_http(f"http://127.0.0.1:{self.guard_port}/-/ready", seconds=15)
        return guard

    def start_chat(self, *settings, options=(), name="chat"):
        """Starts the chat service in a container and waits until it is ready."""
        self.engine.run("chatcore", *options, name=name, command=(
            "--listen", f"127.0.0.1:{self.chat_port}", "--database-url", "sqlite:///data/chat.db", *settings))
        self.wait_for_chat()

    def wait_for_chat(self, seconds=20):
        def ready():
            with contextlib.suppress(OSError):
                return http_get(f"http://127.0.0.1:{self.chat_port}/-/ready")[0] == 200
            return False

        wait_until(ready, seconds, "the chat service to be ready")

    def status(self):
        """What the operator reads: the output of `leakguard status`."""
        return subprocess.run([os.environ["LEAKGUARD"], "status", "--address", f"127.0.0.1:{self.guard_port}"],
                              capture_output=True, text=True, timeout=10, check=True).stdout


def metric(name, workload="chat", **labels):
    """The selector of one of the guard's series."""
    inside = ",".join(f'{key}="{value}"' for key, value in {"workload": workload, **labels}.items())
    return f"leakguard_{name}{{{inside}}}"
