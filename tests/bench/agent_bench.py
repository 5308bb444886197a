"""What the guard itself costs: resident memory and CPU with 1 and with 50 real containers, idle.

    PYTHONPATH=tests python3 tests/bench/agent_bench.py build/release

CPU is counted over 60 s by the agent's own process_cpu_seconds_total and told as seconds an hour.
"""

import json
import re
import sys
import tempfile
import time

from harness.engine import Engine, require_engine
from harness.process import Program, free_port, http_get, wait_until

SECONDS = 60


def metrics(port):
    _, body = http_get(f"http://127.0.0.1:{port}/metrics")
    return {name: float(value) for name, value in re.findall(r"^(process_\w+|leakguard_ticks_total) (\S+)$", body, re.MULTILINE)}


def measure(engine, build, count, folder):
    port = free_port()
    names = [f"idle-{number}" for number in range(count)]
    config = {"agent": {"listen": [f"127.0.0.1:{port}"], "state_dir": folder}, "engine": {"socket": engine.socket},
              "workloads": [{"name": name, "container": name, "caps": {"memory": "32m"},
                             "expect_log": [{"name": "line", "pattern": "alive", "every": "30m"}]} for name in names]}
    with open(f"{folder}/leakguard.yml", "w", encoding="utf-8") as file:
        json.dump(config, file)
    with Program([f"{build}/agent/leakguard", "run", "--config", f"{folder}/leakguard.yml"]) as agent:
        agent.wait_for_http(f"http://127.0.0.1:{port}/-/ready", 20)
        up = re.compile(r"^leakguard_workload_up\S+ 1$", re.MULTILINE)
        wait_until(lambda: len(up.findall(http_get(f"http://127.0.0.1:{port}/metrics")[1])) == count, 60, "all to be seen", 0.5)
        first, began = metrics(port), time.monotonic()
        wait_until(lambda: time.monotonic() >= began + SECONDS, SECONDS + 5, "the minute to pass", 0.5)
        last = metrics(port)
    hourly = (last["process_cpu_seconds_total"] - first["process_cpu_seconds_total"]) * 3600 / SECONDS
    print(f"{count:3d} containers: {last['process_resident_memory_bytes'] / 2**20:6.1f} MiB resident, "
          f"{hourly:6.1f} CPU seconds an hour ({hourly / 36:.2f} % of a core), "
          f"{last['leakguard_ticks_total'] - first['leakguard_ticks_total']:.0f} ticks in {SECONDS} s", flush=True)


def main():
    require_engine()
    build = sys.argv[1]
    with Engine() as engine, tempfile.TemporaryDirectory() as folder:
        engine.build_image("workload", {"/bin/workload": f"{build}/tests/harness/test_workload"}, entrypoint=["/bin/workload"])
        for count in (1, 50):
            for number in range(count):
                if not engine.docker("ps", "--quiet", "--filter", f"name=^idle-{number}$"):
                    engine.run("workload", name=f"idle-{number}", command=("print", "alive", "600"), network="none")
            measure(engine, build, count, folder)


if __name__ == "__main__":
    main()
