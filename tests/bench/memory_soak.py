#!/usr/bin/env python3
"""A day of mixed load in short: new, returning, giant and abandoned conversations, with the time to live and the sweeps
shortened by the same factor, while the server's resident size is watched.

    tests/bench/memory_soak.py BUILD_FOLDER [--minutes 24] [--rate 150] [--budget 24] [--tolerance 0.02] [--warm-up 0]
                               [--check]

24 simulated hours take so many minutes. Promised is that the resident size stays inside budget + 64 MiB at every sample,
and that the last hour's average is within the tolerance of the second hour's: the budget (in MiB) must be small enough for
the load to fill it in the first. The load is so many turns a second at most, so that hours on a machine with other work
are alike; 0: as many as it can. So many seconds of warm-up come before the day, for what does not shrink with it: the
database's caches fill at the pace of the load. Prints one JSON document with one average an hour; --check fails when a promise was
broken.
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import socket
import statistics
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ALLOWANCE = 64 << 20
WORKERS = 6


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))


class Users(threading.Thread):
    """Some of the load, one request after the other, until told to stop."""

    def __init__(self, port, seed, stop, pause):
        super().__init__(daemon=True)
        self._pause = pause
        self._port, self._random, self._stop_now = port, random.Random(seed), stop
        self.turns = self.refused = self.abandoned = 0

    def run(self):
        number = 0
        connection = None
        began = time.monotonic()
        while not self._stop_now.wait(max(0, began + number * self._pause - time.monotonic())):
            number += 1
            kind = self._random.random()
            try:
                if kind < 0.05:
                    self._abandon(f"gone-{self.ident}-{number}")
                    continue
                if kind < 0.15:
                    text, name = "g" * self._random.randint(20_000, 60_000), f"giant-{self._random.randint(0, 40)}"
                elif kind < 0.6:
                    text, name = "Once more, please. " * 10, f"back-{self._random.randint(0, 400)}"
                else:
                    text, name = "Something new. " * self._random.randint(1, 60), f"new-{self.ident}-{number}"
                connection = connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
                connection.request("POST", "/api/assistant", json.dumps({"message": text, "conversationId": name}),
                                   {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                self.turns += answer.status == 200
                self.refused += answer.status in (429, 503, 409)
            except (OSError, http.client.HTTPException):
                connection = None

    def _abandon(self, name):
        body = json.dumps({"message": "I will not wait. " * 50, "conversationId": name}).encode()
        head = f"POST /api/assistant HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        with socket.create_connection(("127.0.0.1", self._port), timeout=30) as client:
            client.sendall(f"{head}\r\n\r\n".encode() + body)
        self.abandoned += 1


def soak(server, rate, warm_up, seconds):
    stop = threading.Event()
    users = [Users(server.port, seed, stop, WORKERS / rate if rate else 0) for seed in range(WORKERS)]
    for user in users:
        user.start()
    time.sleep(warm_up)
    began = time.monotonic()
    hours = [[] for _ in range(24)]
    while (passed := time.monotonic() - began) < seconds:
        hours[int(24 * passed / seconds)].append(resident(server.process.pid))
        time.sleep(min(0.1, seconds / 24 / 16))
    stop.set()
    for user in users:
        user.join()
    return hours, {name: sum(getattr(user, name) for user in users) for name in ("turns", "refused", "abandoned")}


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--minutes", type=float, default=24)
    options.add_argument("--rate", type=float, default=150)
    options.add_argument("--budget", type=int, default=24)
    options.add_argument("--tolerance", type=float, default=0.02)
    options.add_argument("--warm-up", type=float, default=0)
    options.add_argument("--check", action="store_true")
    given = options.parse_args()
    os.environ["CHATCORE_BINARY"] = str(given.build.resolve() / "chatcore" / "chatcore")
    sys.path.insert(0, str(HERE.parent / "integration" / "chatcore"))
    import server as chatcore_server  # reads CHATCORE_BINARY when it is imported

    seconds = 60 * given.minutes
    budget = given.budget << 20
    hour_ms = int(1000 * seconds / 24)
    with tempfile.TemporaryDirectory(prefix="chatcore-soak-") as folder:
        server = chatcore_server.Chatcore(folder, {
            "log-level": "info", "conversation-memory-budget": str(budget), "conversation-ttl": f"{2 * hour_ms}ms",
            "conversation-sweep-interval": f"{hour_ms // 2}ms"})
        try:
            hours, counts = soak(server, given.rate, given.warm_up, seconds)
            evictions = {reason: server.metric(f'chatcore_evictions_total{{reason="{reason}"}}')
                         for reason in ("ttl", "budget")}
        finally:
            server.kill()
    averages = [statistics.fmean(hour) for hour in hours]
    drift = averages[-1] / averages[1] - 1
    peak = max(max(hour) for hour in hours)
    kept = peak <= budget + ALLOWANCE and abs(drift) <= given.tolerance and counts["turns"] > 0
    print(json.dumps({"budget_bytes": budget, "peak_bytes": peak, "second_hour_bytes": int(averages[1]),
                      "last_hour_bytes": int(averages[-1]), "drift": round(drift, 4),
                      "hours_mib": [round(average / (1 << 20), 1) for average in averages], "evictions": evictions,
                      "kept": kept} | counts, indent=2))
    return 1 if given.check and not kept else 0


if __name__ == "__main__":
    sys.exit(main())
