#!/usr/bin/env python3
"""5,000 open streams at one event a second: what they take of memory above the idle server, and of the processor.

    tests/bench/streams_bench.py BUILD_FOLDER [--streams 5000] [--seconds 20] [--check]

The built-in answerer speaks one word a second. Memory is the server's resident size with all streams open, less that
before the first; CPU is the server's own, as a part of one core, over the seconds after the last was opened. The reading
client is another process. Prints one JSON document; --check fails over 64 MiB or half a core.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TEXT = "A chat server keeps its memory bounded by counting what every conversation holds. " * 12


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(build, server, streams, seconds):
    pid = server.process.pid
    server.request("POST", "/admin/sweep")
    idle = resident(pid)
    with subprocess.Popen([str(build / "tests" / "bench" / "streams_load"), str(server.port), str(streams)],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        client.stdout.readline()
        before, began = cpu_seconds(pid), time.monotonic()
        peak = 0
        while time.monotonic() - began < seconds:
            peak = max(peak, resident(pid))
            time.sleep(0.5)
        cores = (cpu_seconds(pid) - before) / (time.monotonic() - began)
        accounted = server.request("GET", "/admin/memory").json()["accounted"]["kinds"]
        client.stdin.close()
        end = json.loads(client.stdout.read())
    return {"streams": streams, "open_at_the_end": end["open"], "events": end["events"], "refused": end["refused"],
            "idle_bytes": idle, "above_idle_bytes": peak - idle, "bytes_per_stream": (peak - idle) // streams,
            "cores": round(cores, 3), "accounted": accounted}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--streams", type=int, default=5000)
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    build = given.build.resolve()
    os.environ["CHATCORE_BINARY"] = str(build / "chatcore" / "chatcore")
    sys.path.insert(0, str(HERE.parent / "integration" / "chatcore"))
    import server as chatcore_server  # reads CHATCORE_BINARY when it is imported

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="chatcore-streams-") as folder:
        text = pathlib.Path(folder) / "text.md"
        text.write_text("\n\n".join(f"Part {number}. {TEXT}" for number in range(8)), encoding="utf-8")
        store = f"{folder}/vectors.store"
        subprocess.run([os.environ["CHATCORE_BINARY"], "ingest", f"--retrieval-store={store}", str(text)], check=True,
                       capture_output=True)
        server = chatcore_server.Chatcore(folder, {
            "log-level": "info", "llm-words-per-second": "1", "limits-max-turns": "10000",
            "limits-max-connections": "10000", "limits-max-bytes-in-flight": "off", "retrieval-store": store})
        try:
            figures = measure(build, server, given.streams, given.seconds)
        finally:
            server.kill()
    print(json.dumps(figures, indent=2))
    kept = (figures["above_idle_bytes"] <= 64 << 20 and figures["cores"] <= 0.5
            and figures["open_at_the_end"] == given.streams)
    return 1 if given.check and not kept else 0


if __name__ == "__main__":
    sys.exit(main())
