#!/usr/bin/env python3
"""What an open connection costs chatcore while it is idle.

    tests/bench/idle_connections.py BUILD_FOLDER [--connections 10000]

Each connection asks once and is then kept. Prints the resident bytes for each, beside what the budget accounts for it.
"""
import argparse
import json
import os
import pathlib
import resource
import socket
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
REQUEST = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--connections", type=int, default=10000)
    given = options.parse_args()
    os.environ["CHATCORE_BINARY"] = str(given.build.resolve() / "chatcore" / "chatcore")
    sys.path.insert(0, str(HERE.parent / "integration" / "chatcore"))
    import server as chatcore_server  # reads CHATCORE_BINARY when it is imported

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="chatcore-idle-") as folder:
        server = chatcore_server.Chatcore(folder, {"log-level": "info",
                                                   "limits-max-connections": str(given.connections + 100)})
        try:
            def memory():
                answer = server.request("GET", "/admin/memory").json()
                return answer["measured"]["anonymous_bytes"], answer["accounted"]["kinds"]["connections"]

            before, accounted_before = memory()
            clients = []
            for _ in range(given.connections):
                client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
                client.sendall(REQUEST)
                client.recv(4096)
                clients.append(client)
            after, accounted = memory()
        finally:
            server.kill()
    print(json.dumps({"connections": given.connections,
                      "resident_bytes_each": (after - before) // given.connections,
                      "accounted_bytes_each": (accounted - accounted_before) // given.connections}, indent=2))


if __name__ == "__main__":
    main()
