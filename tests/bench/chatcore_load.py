#!/usr/bin/env python3
"""Figures of chatcore with its built-in answerer: turns per second and p99 at 32 clients, and what the registry accounts
against what the kernel measures.

    tests/bench/chatcore_load.py BUILD_FOLDER [--clients 32] [--seconds 10]

Prints one JSON document. Build in release mode first; a debug build is three times slower.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def memory_of(server):
    memory = server.request("GET", "/admin/memory").json()
    return memory["accounted"]["conversations"]["bytes"], memory["measured"]["resident_bytes"]


def measure_load(make, load_program, clients, seconds):
    server = make("load", {})
    try:
        cpu_before = server.metric("process_cpu_seconds_total")
        run = subprocess.run([load_program, str(server.port), str(clients), str(seconds)], check=True,
                             capture_output=True, text=True)
        figures = json.loads(run.stdout)
        cpu = server.metric("process_cpu_seconds_total") - cpu_before
        figures["server_cpu_ms_per_turn"] = round(1000 * cpu / max(1, figures["turns"]), 3)
        commits, appends = (server.metric(f"chatcore_database_{name}_total") for name in ("commits", "appends"))
        figures["messages_per_commit"] = round(appends / max(1, commits), 1)
        return figures
    finally:
        server.kill()


def measure_memory(make):
    """Conversations of 2 kB questions until 32 MiB are accounted; the resident size grows by so many times that."""
    server = make("memory", {"conversation-memory-budget": "64m"})
    try:
        accounted_before, resident_before = memory_of(server)
        number = 0
        accounted = accounted_before
        while accounted < 32 << 20:
            for _ in range(500):
                server.request("POST", "/api/assistant", {"message": "x" * 2000, "conversationId": f"m{number}"})
                number += 1
            accounted, resident = memory_of(server)
        server.request("POST", "/admin/shed", {"target_bytes": 0})
        _, resident_after_shed = memory_of(server)
        return {
            "conversations": number,
            "accounted_bytes": accounted,
            "resident_growth_bytes": resident - resident_before,
            "resident_per_accounted": round((resident - resident_before) / (accounted - accounted_before), 2),
            "resident_left_after_shed_bytes": resident_after_shed - resident_before,
        }
    finally:
        server.kill()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--clients", type=int, default=32)
    options.add_argument("--seconds", type=int, default=10)
    given = options.parse_args()
    os.environ["CHATCORE_BINARY"] = str(given.build.resolve() / "chatcore" / "chatcore")
    sys.path.insert(0, str(HERE.parent / "integration" / "chatcore"))
    import server as chatcore_server  # reads CHATCORE_BINARY when it is imported

    with tempfile.TemporaryDirectory(prefix="chatcore-bench-") as folder:

        def make(name, settings):
            own = os.path.join(folder, name)
            os.mkdir(own)
            return chatcore_server.Chatcore(own, {"log-level": "info"} | settings)

        load_program = given.build.resolve() / "tests" / "bench" / "chatcore_load"
        figures = {
            "load": measure_load(make, load_program, given.clients, given.seconds),
            "memory": measure_memory(make),
        }
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
