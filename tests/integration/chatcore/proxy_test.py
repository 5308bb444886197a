"""A model that thinks for longer than a proxy waits: a real nginx with its defaults (answers buffered), but for a shorter
patience than its 60 s. NGINX names the program where it is not on the path."""
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import unittest

from server import PATIENCE, wait_for
from backend import BackendTest
from harness.stub_backend import live

NGINX = os.environ.get("NGINX") or shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

CONFIGURATION = """
daemon off; pid nginx.pid; error_log stderr; worker_processes 1;
events {{ worker_connections 64; }}
http {{ access_log off; proxy_read_timeout 14s;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://127.0.0.1:{chatcore}; }} }} }}
"""


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@unittest.skipUnless(NGINX, "nginx is not installed")
class BehindNginx(BackendTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix="chatcore-nginx-")
        self.addCleanup(folder.cleanup)
        self.port = free_port()
        path = os.path.join(folder.name, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.format(port=self.port, chatcore=self.server.port))
        proxy = subprocess.Popen([NGINX, "-p", folder.name + "/", "-e", "stderr", "-c", path], stderr=subprocess.DEVNULL)
        self.addCleanup(proxy.wait)
        self.addCleanup(proxy.terminate)
        wait_for(self.listens, "nginx")

    def listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def test_the_stream_outlives_its_patience(self):
        self.stub.script = [live]
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.addCleanup(client.close)
        body = {"messages": [{"role": "user", "content": "Hello"}], "stream": True}
        client.request("POST", "/v1/chat/completions", json.dumps(body), {"Content-Type": "application/json"})
        stream = self.stub.take()
        self.addCleanup(stream.given_back.set)
        stream.begin()  # and nothing else: this model does not show what it thinks
        answer = client.getresponse()
        self.assertEqual(answer.status, 200)
        said = b""
        while said.count(b": keep-alive") < 2:  # 20 s
            said += answer.read1(4096)
        stream.say_text("Hi")
        stream.finish()
        self.assertIn(b"[DONE]", answer.read())


if __name__ == "__main__":
    unittest.main()
