"""An agent that cannot see the machine's cgroups (a sidecar whose mounts were forgotten) still knows a container's memory,
from the engine's own statistics."""

import json
import os
import re
import tempfile
import unittest

from harness.engine import Engine, require_engine
from harness.process import Program, free_port, http_get, wait_until
from harness.requirements import find_program


class Blind(unittest.TestCase):
    def test_memory_and_limit_come_from_the_engine_where_cgroups_are_hidden(self):
        require_engine()
        port = free_port()
        with Engine() as engine, tempfile.TemporaryDirectory() as folder:
            engine.build_image("workload", {"/bin/workload": os.environ["TEST_WORKLOAD"]}, entrypoint=["/bin/workload"])
            engine.run("workload", "--memory", "64m", name="idle", command=("print", "alive", "600"))
            config = f"{folder}/leakguard.yml"
            with open(config, "w", encoding="utf-8") as file:
                json.dump({"agent": {"listen": [f"127.0.0.1:{port}"], "state_dir": folder},
                           "engine": {"socket": engine.socket}, "workloads": [{"name": "idle", "container": "idle"}]}, file)
            hide = f"umount --recursive /sys/fs/cgroup && exec {os.environ['LEAKGUARD']} run --config {config}"
            with Program([find_program("unshare"), "--mount", "sh", "-c", hide]):
                series = re.compile(r'^leakguard_workload_memory_(usage|limit)_bytes{workload="idle"} (\S+)$', re.MULTILINE)

                def told():
                    try:
                        found = dict(series.findall(http_get(f"http://127.0.0.1:{port}/metrics")[1]))
                    except OSError:
                        return None
                    return found if len(found) == 2 else None

                readings = wait_until(told, 20, "memory usage and limit of the container", every=0.2)
            self.assertEqual(float(readings["limit"]), 64 << 20)
            self.assertGreater(float(readings["usage"]), 0)


if __name__ == "__main__":
    unittest.main()
