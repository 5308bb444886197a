#!/usr/bin/env python3
"""Ten times more turns than chatcore can answer, open loop, under a memory cap of 256 MiB: it must not be killed, whom
it lets in must be answered about as quickly as on a quiet day, and everybody else must be told when to come back.

    tests/bench/overload.py BUILD_FOLDER [--seconds 120] [--times 10] [--p99-times 3] [--bare] [--check]

A turn is the one of turns_against_node.py: durable, and answered from 10 chunks of 10,000 × 384. With --bare nothing is
retrieved; such turns cost so little that ten times as many can be more than the machine's loopback carries at all.
Capacity is what closed-loop clients get in the same run; the quiet day is a tenth of it. Where there are two cores the
server has the first and the load the others. Prints one JSON document; with --check it fails when a promise was broken.
Needs root, for the cgroup.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from memory_cgroup import MemoryCgroup
from turns_against_node import ingest_chunks

HERE = pathlib.Path(__file__).resolve().parent
CAP = 256 << 20


def run_json(command, cores):
    run = subprocess.run(["taskset", "-c", cores, *map(str, command)], check=True, capture_output=True, text=True)
    return json.loads(run.stdout)


def measure(build, server, seconds, times):
    cores = f"1-{os.cpu_count() - 1}" if os.cpu_count() > 1 else "0"
    if os.cpu_count() > 1:
        subprocess.run(["taskset", "-a", "-p", "-c", "0", str(server.process.pid)], check=True, capture_output=True)
    bench = build / "tests" / "bench"
    capacity = run_json([bench / "chatcore_load", server.port, 32, 5], cores)["turns_per_second"]
    ask_quietly = [bench / "open_load", server.port, max(10, capacity / 10), min(seconds / 4, 10)]
    quiet = run_json(ask_quietly, cores)
    crowd = run_json([bench / "open_load", server.port, times * capacity, seconds], cores)
    # Before and after, since a shared machine has its own busy times.
    quiet = max(quiet, run_json(ask_quietly, cores), key=lambda figures: figures["p99_ms"])
    after = server.request("POST", "/api/assistant", {"message": "Are you well?"}).status
    return {"capacity_turns_per_second": capacity, "quiet": quiet, "overload": crowd,
            "answered_per_second": round(crowd["answered"] / crowd["seconds"]),
            "p99_ratio": round(crowd["p99_ms"] / max(quiet["p99_ms"], 0.001), 2), "status_afterwards": after}


def broken_promises(figures, p99_times):
    crowd = figures["overload"]
    if figures["oom_kills"]:
        yield f"{figures['oom_kills']} OOM kills"
    if figures["status_afterwards"] != 200:
        yield f"afterwards a turn was answered with {figures['status_afterwards']}"
    if crowd["without_retry_after"] or crowd["other"] or crowd["broken"]:
        yield "someone was turned away without 429 or 503 and Retry-After"
    if crowd["refused"] == 0:
        yield "nobody was refused: that was no overload"
    if crowd["answered"] == 0:
        yield "nobody was answered"
    if figures["p99_ratio"] > p99_times:
        yield f"p99 of those let in was {figures['p99_ratio']} times that of a quiet day"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--seconds", type=float, default=120)
    options.add_argument("--times", type=float, default=10)
    options.add_argument("--p99-times", type=float, default=3)
    options.add_argument("--bare", action="store_true")
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    build = given.build.resolve()
    os.environ["CHATCORE_BINARY"] = str(build / "chatcore" / "chatcore")
    sys.path.insert(0, str(HERE.parent / "integration" / "chatcore"))
    import server as chatcore_server  # reads CHATCORE_BINARY when it is imported

    with tempfile.TemporaryDirectory(prefix="chatcore-overload-") as folder, MemoryCgroup(CAP) as group:
        settings = {"log-level": "info", "threads": "1"}
        if not given.bare:
            settings |= {"retrieval-store": str(ingest_chunks(pathlib.Path(folder))), "retrieval-top": "10"}
        server = chatcore_server.Chatcore(folder, settings, preexec=group.enter)
        try:
            figures = measure(build, server, given.seconds, given.times)
            figures |= {"oom_kills": group.oom_kills(), "peak_bytes": group.peak(), "cap_bytes": CAP}
        finally:
            server.kill()
    broken = list(broken_promises(figures, given.p99_times))
    print(json.dumps(figures | {"broken_promises": broken}, indent=2))
    return 1 if given.check and broken else 0


if __name__ == "__main__":
    sys.exit(main())
