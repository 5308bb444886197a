"""What the test cases of this folder share: one machine, and the agent seen from outside it."""

import json
import re
import unittest

ADDRESS = "http://127.0.0.1:10780"
CONFIGURATION = "/etc/leakguard/leakguard.yml"
MIB = 1 << 20
# For what takes a second or two on a real machine.
SECONDS = 60.0

HOST_AGENT = """
agent: {listen: [127.0.0.1:10780], state_dir: /var/lib/leakguard, sample_interval: 500ms}
workloads:
  - {name: plain, container: plain, caps: {memory: 64m, cpus: 0.5, pids: 64}}
  - {name: job, command: [/usr/bin/test_workload, print, hello, '1']}
  - {name: capped, systemd_unit: capped.service, caps: {memory: 64m, cpus: 0.5, pids: 32}}
  - {name: leaky, systemd_unit: leaky@1.service}
  - {name: idle, systemd_unit: idle.service}
  - {name: nowhere, systemd_unit: nowhere.service}
  - {name: sliced, systemd_unit: sliced.service, caps: {memory: 64m, cpus: 0.5, pids: 32}}
  - {name: mine, systemd_unit: mine.service, caps: {memory: 48m, pids: 24}}
  - {name: sliced-mine, systemd_unit: sliced-mine.service, caps: {memory: 48m, pids: 24}}
  - {name: redeployed, container: redeployed, restarts: {max: 2, within: 10m}}
  - {name: hog, container: hog}
"""


class OnVps(unittest.TestCase):
    vps = None  # set by vps_test.py

    @classmethod
    def status(cls):
        return json.loads(cls.vps.run(f"curl -sSf {ADDRESS}/api/v1/status"))

    @classmethod
    def workload(cls, name):
        return json.loads(cls.vps.run(f"curl -sSf {ADDRESS}/api/v1/workloads/{name}"))

    @classmethod
    def series(cls, name, **labels):
        """The values of all series of that name with these labels."""
        lines = cls.vps.run(f"curl -sSf {ADDRESS}/metrics").splitlines()
        return [float(line.rpartition(" ")[2]) for line in lines
                if re.match(rf"{name}[ {{]", line) and all(f'{key}="{value}"' in line for key, value in labels.items())]

    @classmethod
    def wait_for_state(cls, name, state, seconds=SECONDS):
        cls.vps.wait_until(f"curl -sSf {ADDRESS}/api/v1/workloads/{name} | grep -E '\"state\": ?\"{state}\"'", seconds,
                           f"workload {name} to be {state}")

    @classmethod
    def wait_for_memory(cls, name):
        """Waits until more memory is read of a workload than a process begins with: 4 MiB and less than 10."""
        cls.vps.wait_until(f"curl -sSf {ADDRESS}/api/v1/workloads/{name} | grep -E '\"anon_bytes\": ?[4-9][0-9]{{6}},'",
                           SECONDS, f"the memory of {name} to be read")

    @classmethod
    def container_cgroup(cls, name):
        return f"/sys/fs/cgroup/system.slice/docker-{cls.vps.run(f'docker inspect --format {{{{.Id}}}} {name}')}.scope"

    @classmethod
    def unit_property(cls, unit, name):
        return cls.vps.run(f"systemctl show --property {name} --value {unit}")

    @classmethod
    def configure(cls, text, path=CONFIGURATION):
        """Gives the agent another configuration, and waits until it guards by it."""
        reloaded = f"curl -sSf {ADDRESS}/metrics | grep '^leakguard_config_last_reload_success_timestamp_seconds '"
        before = cls.vps.run(reloaded)
        cls.vps.write(path, text)
        cls.vps.run("systemctl reload leakguard")
        cls.vps.wait_until(f"{reloaded} | grep --invert-match --line-regexp --fixed-strings '{before}'", SECONDS,
                           "the configuration to be reloaded")

    def wait_for_caps(self, folder, memory, cpu, pids):
        """Waits until the cgroup has these limits: what the files hold."""
        wanted = f"{memory}\n{cpu}\n{pids}"
        files = f"{folder}/memory.max {folder}/cpu.max {folder}/pids.max"
        self.vps.wait_until(f"test \"$(cat {files})\" = '{wanted}' && cat {files}", SECONDS, f"{folder} to have {wanted!r}")


class WithHostAgent(OnVps):
    """The agent as its shipped unit, guarding a container, units and a command."""

    @classmethod
    def setUpClass(cls):
        if cls.vps.status_of("systemctl is-active --quiet leakguard")[0] == 0:
            return
        cls.vps.write(CONFIGURATION, HOST_AGENT)
        cls.vps.run("systemctl daemon-reload; docker inspect plain >/dev/null 2>&1 || "
                    "docker run --detach --name plain --network none leakguard/workload grow 1m 8m; "
                    "systemctl start capped leakguard", seconds=120)

    @classmethod
    def run_of_container(cls, name):
        """What changes when the container's process is another one."""
        return cls.vps.run(f"docker inspect --format '{{{{.State.Pid}}}} {{{{.State.StartedAt}}}}' {name}")
