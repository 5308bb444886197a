#!/usr/bin/env python3
"""The HTTP layer alone beside Node's bare http server: requests per second and resident memory, as ratios.

    tests/bench/http_bench.py BUILD_FOLDER [--connections 32] [--seconds 3] [--rounds 5]

All answer the same small JSON on kept connections to the same client (one thread, epoll) on the same cores, in turn,
round after round; the medians are compared. Ours is measured with one thread, as Node has, and with two, which on a
machine of two cores take theirs from the client. What a request costs each server is printed too, in microseconds of
processor time, the kernel's share among them: it says the same when the client is what limits the rate. Prints one JSON
document.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess

NODE = """
const server = require('http').createServer((request, response) => {
  const body = '{"hello":"world"}';
  response.writeHead(200, {'Content-Type': 'application/json', 'Content-Length': body.length});
  response.end(body);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
"""


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) << 10 for line in status if line.startswith("VmRSS"))


def processor_seconds(pid):
    """User and system time of all its threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.rates, self.p99, self.costs, self.peak = [], [], [], 0

    def measure(self, bench, connections, seconds):
        before = processor_seconds(self.process.pid)
        run = subprocess.run([bench, "load", str(self.port), str(connections), str(seconds)], check=True,
                             capture_output=True, text=True)
        figures = json.loads(run.stdout)
        self.rates.append(figures["requests_per_second"])
        self.p99.append(figures["p99_us"])
        spent = processor_seconds(self.process.pid) - before
        self.costs.append(1e6 * spent / (figures["requests_per_second"] * seconds))
        self.peak = max(self.peak, resident(self.process.pid))

    def summary(self):
        return {"requests_per_second": statistics.median(self.rates), "p99_us": statistics.median(self.p99),
                "processor_us_per_request": round(statistics.median(self.costs), 2),
                "resident_bytes": self.peak}

    def end(self):
        self.process.kill()
        self.process.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--connections", type=int, default=32)
    options.add_argument("--seconds", type=int, default=3)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    bench = str(given.build.resolve() / "tests" / "bench" / "http_bench")
    servers = {"ours": Server([bench, "serve", "1"]), "ours_two_threads": Server([bench, "serve", "2"]),
               "node": Server(["node", "-e", NODE])}
    try:
        for _ in range(given.rounds):
            for server in servers.values():
                server.measure(bench, given.connections, given.seconds)
        figures = {name: server.summary() for name, server in servers.items()}
    finally:
        for server in servers.values():
            server.end()
    ours, node = figures["ours"], figures["node"]
    figures["requests_ratio"] = round(ours["requests_per_second"] / node["requests_per_second"], 2)
    two = figures["ours_two_threads"]["requests_per_second"]
    figures["requests_ratio_two_threads"] = round(two / node["requests_per_second"], 2)
    figures["processor_ratio"] = round(node["processor_us_per_request"] / ours["processor_us_per_request"], 2)
    figures["memory_ratio"] = round(ours["resident_bytes"] / node["resident_bytes"], 3)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
