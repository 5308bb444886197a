#!/usr/bin/env python3
"""What an answer streamed through from a backend costs: many at once, all open, each saying a word now and then.

    CHATCORE_BINARY=build/release/chatcore/chatcore tests/bench/backend_streams.py [--streams 500] [--rounds 20] [--check]

Prints memory and CPU of the chatcore in the middle, and its threads before and while the streams are open: there is no
thread a stream. --check ends with 1 when the threads grow or a stream costs more than it is accounted for.
"""
import argparse
import json
import os
import pathlib
import socket
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "integration" / "chatcore")]

from harness.stub_backend import StubBackend, live  # noqa: E402
from server import Chatcore  # noqa: E402

# A turn's own state, its exchange and connection come on top of kStreamCostBytes of base/stream_client.h.
ACCOUNTED_BYTES = (64 << 10) + (48 << 10)


def reading(server):
    page = dict(line.rsplit(" ", 1) for line in server.request("GET", "/metrics").body.decode().splitlines()
                if line.startswith("process_"))
    return (float(page["process_resident_memory_bytes"]), float(page["process_cpu_seconds_total"]),
            int(float(page["process_threads"])))


def open_client(port, number):
    body = json.dumps({"messages": [{"role": "user", "content": f"Question {number}"}], "stream": True}).encode()
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                   b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return client


def say_to_all(streams, clients, word):
    for stream in streams:
        stream.say_text(word)
    for client in clients:
        data = b""
        while word.encode() not in data:
            data += client.recv(65536)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatcore-bench-") as folder, StubBackend() as stub:
        stub.script = [live]
        server = Chatcore(folder, {"llm-base-url": stub.url, "llm-model": "m", "log-level": "info",
                                   "llm-max-connections": str(options.streams), "limits-max-turns": "0",
                                   "limits-max-connections": "0"})
        try:
            return measure(server, stub, options)
        finally:
            server.kill()


def measure(server, stub, options):
    resident, _, threads = reading(server)
    clients, streams = [], []
    for number in range(options.streams):
        clients.append(open_client(server.port, number))
        streams.append(stub.take())
        streams[-1].begin()
    say_to_all(streams, clients, "first")
    open_resident, cpu, open_threads = reading(server)
    began = time.monotonic()
    for round_number in range(options.rounds):
        say_to_all(streams, clients, f"word{round_number}")
    took = time.monotonic() - began
    spent = reading(server)[1] - cpu
    each = (open_resident - resident) / options.streams
    words = options.streams * options.rounds
    print(f"{options.streams} streams open: {each / 1024:.1f} KiB each, "
          f"threads {threads} before and {open_threads} while open")
    print(f"{words} words streamed through in {took:.1f} s: {spent / words * 1e6:.0f} us of CPU each")
    for stream in streams:
        stream.given_back.set()
    if not options.check:
        return 0
    return 0 if open_threads == threads and each <= ACCOUNTED_BYTES else 1


if __name__ == "__main__":
    os.environ.get("CHATCORE_BINARY") or sys.exit("CHATCORE_BINARY must name the program to measure")
    sys.exit(main())
