#!/usr/bin/env python3
"""What an open connection costs chatcore while it is idle.

    tests/bench/idle_connections.py BUILD_FOLDER [--connections 10000] [--tls]

Each connection asks once and is then kept. Prints the resident bytes for each, beside what the budget accounts for it.
"""
import argparse
import json
import os
import pathlib
import resource
import socket
import ssl
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TLS = HERE.parent / "fixtures" / "tls"
REQUEST = b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n"


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("build", type=pathlib.Path)
    options.add_argument("--connections", type=int, default=10000)
    options.add_argument("--tls", action="store_true")
    given = options.parse_args()
    os.environ["CHATCORE_BINARY"] = str(given.build.resolve() / "chatcore" / "chatcore")
    sys.path.insert(0, str(HERE.parent / "integration" / "chatcore"))
    import server as chatcore_server  # reads CHATCORE_BINARY when it is imported

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory(prefix="chatcore-idle-") as folder:
        settings = {"log-level": "info", "limits-max-connections": str(given.connections + 100)}
        if given.tls:
            web = pathlib.Path(folder) / "web.yml"
            web.write_text(f"tls_server_config: {{cert_file: {TLS}/server.pem, key_file: {TLS}/server.key}}\n",
                           encoding="utf-8")
            settings["web-config-file"] = str(web)
        context = ssl.create_default_context(cafile=TLS / "ca.pem")
        server = chatcore_server.Chatcore(folder, settings)
        try:
            def connect():
                client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
                return context.wrap_socket(client, server_hostname="localhost") if given.tls else client

            def memory():
                with connect() as client:
                    client.sendall(b"GET /admin/memory HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                    text = b"".join(iter(lambda: client.recv(65536), b""))
                answer = json.loads(text.partition(b"\r\n\r\n")[2])
                return answer["measured"]["anonymous_bytes"], answer["accounted"]["kinds"]["connections"]

            before, accounted_before = memory()
            clients = []
            for _ in range(given.connections):
                client = connect()
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
