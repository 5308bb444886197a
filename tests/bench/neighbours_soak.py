#!/usr/bin/env python3
"""An agent with ordinary rules beside containers as people have them. Nothing is wrong with any of them, so every
enforcing action is a false one.

    tests/bench/neighbours_soak.py BUILD_FOLDER [--minutes 60] [--socket /var/run/docker.sock]

Twelve compose services print a cleanup line every five seconds (some in colour, some to a file that is rotated); one
fills its page cache. All the time services are scaled, recreated and paused, one-offs run, and three strangers come
and go: one with a service's own labels, one with 20,000 labels, one with labels of control characters. Without --socket
an engine of its own is started. Prints what the agent did; fails when that was more than setting caps.
"""

import argparse
import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "integration", "agent"))

from harness.engine import Engine, image_archive
from harness.process import Program, free_port, http_get

SERVICES = 12
ROUND = 20.0  # seconds
LINE = "Cleaned up 3 old conversations from memory"
PRINT = "while :; do echo '%s'; /busybox sleep 5; done"
CACHE = ("/busybox dd if=/dev/zero of=/file bs=1M count=56; "
         "while :; do /busybox cat /file >/dev/null; echo '%s'; /busybox sleep 1; done" % LINE)


def script_of(number, logs):
    if number in (2, 5, 9):
        return f"while :; do /busybox printf '\\033[32m[sweep]\\033[0m {LINE}\\n'; /busybox sleep 5; done"
    if number == 4:
        return CACHE
    if number in (7, 11):
        return f"while :; do echo '{LINE}' >>{logs}/svc{number}.log; /busybox sleep 5; done"
    return PRINT % LINE


def compose_file(logs):
    services = {}
    for number in range(1, SERVICES + 1):
        services[f"svc{number}"] = {
            "image": "soak", "network_mode": "host", "mem_limit": "64m", "stop_grace_period": "1s",
            "entrypoint": ["/busybox", "sh", "-c", script_of(number, "/logs").replace("$", "$$")],
            "volumes": [f"{logs}:/logs"]}
    return json.dumps({"version": "2.4", "services": services})


def configuration(folder, logs, port, socket):
    workloads = []
    for number in range(1, SERVICES + 1):
        expected = {"name": "cleanup", "pattern": r"^(\[sweep\] )?Cleaned up (?P<count>\d+)", "every": "20s", "grace": "10s"}
        if number in (7, 11):
            expected["file"] = f"{logs}/svc{number}.log"
        act = [{"restart": {"drain": "1s"}}]
        workloads.append({
            "name": f"svc{number}", "compose": {"project": "soak", "service": f"svc{number}"},
            "caps": {"memory": "64m", "cpus": 0.5, "pids": 64}, "expect_log": [expected],
            "restarts": {"max": 3, "within": "10m"},
            "rules": [{"name": "silent", "when": {"log_overdue": True, "for": "5s"}, "do": act, "cooldown": "1m"},
                      {"name": "memory", "when": {"memory": "> 85%", "for": "5s"}, "do": act, "cooldown": "1m"},
                      {"name": "looping", "when": {"restart_loop": True}, "do": [{"stop": {"drain": "1s"}}]},
                      {"name": "killed", "when": {"oom_kills": "> 0"}, "do": act, "cooldown": "1m"}]})
    return json.dumps({"agent": {"listen": [f"127.0.0.1:{port}"], "state_dir": f"{folder}/state",
                                 "sample_interval": "1s"},
                       "engine": {"socket": socket}, "workloads": workloads})


class Soak:
    def __init__(self, socket, folder):
        self.folder = folder
        self.logs = os.path.join(folder, "logs")
        os.mkdir(self.logs)
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{socket}"}
        with open(os.path.join(folder, "compose.json"), "w", encoding="utf-8") as file:
            file.write(compose_file(self.logs))
        self.random = random.Random(int(time.time()))
        self.round = 0

    def docker(self, *words, check=False):
        return subprocess.run(["docker", *words], env=self.environment, capture_output=True, text=True, timeout=120,
                              check=check)

    def compose(self, *words):
        return subprocess.run(["docker-compose", "-p", "soak", "-f", os.path.join(self.folder, "compose.json"), *words],
                              env=self.environment, capture_output=True, text=True, timeout=300, check=False)

    def scale(self):
        count = self.random.randint(1, 4)
        self.compose("up", "--detach", "--no-recreate", "--scale", f"svc3={count}", "svc3")

    def recreate(self):
        self.compose("up", "--detach", "--force-recreate", "--no-deps", "svc6")

    def one_off(self):
        self.compose("run", "--rm", "--detach", "svc1", "/busybox", "sleep", "15")

    def pause(self):
        name = "soak_svc8_1"
        verb = "unpause" if self.round % 4 >= 2 else "pause"
        self.docker(verb, name)

    def rotate(self):
        for number, how in ((7, "rename"), (11, "copytruncate")):
            path = f"{self.logs}/svc{number}.log"
            with contextlib.suppress(OSError):
                if how == "rename":
                    os.rename(path, path + ".1")
                else:
                    os.truncate(path, 0)

    def strangers(self):
        for name in ("stranger-labels", "stranger-huge", "stranger-control"):
            self.docker("rm", "--force", name)
        quiet = ["soak", "/busybox", "sleep", "1000"]
        label = "com.docker.compose."
        self.docker("run", "--detach", "--network", "host", "--name", "stranger-labels", "--label", label + "project=soak",
                    "--label", label + "service=svc10", "--label", label + "container-number=1", *quiet)
        with open(os.path.join(self.folder, "labels"), "w", encoding="utf-8") as file:
            file.writelines(f"label-{i}={'x' * 200}\n" for i in range(20_000))
        self.docker("create", "--name", "stranger-huge", "--label-file", os.path.join(self.folder, "labels"), *quiet)
        self.docker("run", "--detach", "--network", "host", "--name", "stranger-control", "--label",
                    "com.docker.compose.project=soak\x1b[2J\r\n", "--label", "leakguard.name=\u202esoak", *quiet)

    def play(self):
        self.round += 1
        for step in (self.scale, self.one_off, self.pause, self.rotate):
            step()
        if self.round % 3 == 0:
            self.recreate()
        if self.round % 5 == 1:
            self.strangers()


def series(text, name):
    return [line for line in text.splitlines() if line.startswith(name + "{") or line.startswith(name + " ")]


def report(url, minutes):
    metrics = http_get(url + "/metrics")[1]
    enforced = [line for line in series(metrics, "leakguard_actions_total")
                if 'action="caps"' not in line and 'action="notify"' not in line and not line.endswith(" 0")]
    late = series(metrics, "leakguard_ticks_late_total")
    overdue = [line for line in series(metrics, "leakguard_log_overdue") if line.endswith(" 1")]
    workloads = len(series(metrics, "leakguard_workload_up"))
    print(f"{minutes:.1f} minutes, {workloads} workloads at the end; late ticks: {late[0].split()[-1]}; "
          f"overdue now: {len(overdue)}; enforcing actions: {len(enforced)}")
    for line in enforced + overdue:
        print("  " + line)
    return not enforced


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--socket", default="")
    given = parser.parse_args()
    binary = os.path.join(given.build, "agent", "leakguard")
    if not os.path.exists(binary):
        binary = given.build
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        socket = given.socket or stack.enter_context(Engine()).socket
        soak = Soak(socket, folder)
        archive = image_archive({"/busybox": "/bin/busybox"}, {}, ())
        subprocess.run(["docker", "import", "-", "soak"], input=archive, env=soak.environment, check=True,
                       capture_output=True)
        stack.callback(soak.compose, "down", "--timeout", "1")
        for name in ("stranger-labels", "stranger-huge", "stranger-control"):
            stack.callback(soak.docker, "rm", "--force", name)
        started = soak.compose("up", "--detach")
        if started.returncode != 0:
            print(started.stderr)
            return 1
        port = free_port()
        config = os.path.join(folder, "leakguard.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(configuration(folder, soak.logs, port, socket))
        agent = stack.enter_context(Program([binary, "run", "--config", config]))
        agent.wait_for_http(f"http://127.0.0.1:{port}/-/ready", 60)
        began = time.monotonic()
        while time.monotonic() - began < given.minutes * 60:
            round_began = time.monotonic()
            soak.play()
            time.sleep(max(0.0, ROUND - (time.monotonic() - round_began)))
            if agent.exit_code() is not None:
                print("the agent has ended:\n" + agent.output()[-3000:])
                return 1
        is_well = report(f"http://127.0.0.1:{port}", (time.monotonic() - began) / 60)
        print(http_get(f"http://127.0.0.1:{port}/api/v1/actions")[1][:3000] if not is_well else "no false action")
        return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
