"""An OpenAI-compatible backend that does what a test says, as well or as badly as that may be.

    with StubBackend() as stub:
        stub.script = [status(503), answer("Hello ", "world")]   # one a request; the last goes on for ever
        ...
        stub.script = [live]
        stream = stub.take()          # a request that the test now answers itself, byte by byte
        stream.say_text("Hel")
        stream.hang_up()

tests/integration/chatcore/backend_chain_test.py holds chatcore itself against the same tests, so that the stub cannot
drift from what it stands for.
"""
import hashlib
import json
import queue
import socket
import ssl
import struct
import threading
import time

PATIENCE = 20
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def event(document):
    return "data: " + (document if isinstance(document, str) else json.dumps(document)) + "\n\n"


def chunk(text=None, reason=None, **more):
    delta = {} if text is None else {"content": text}
    return event({"id": "chatcmpl-stub", "object": "chat.completion.chunk", "created": 1, "model": "stub",
                  "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **more})


DONE = event("[DONE]")


class Stream:
    """One request and the way to answer it. Thread-safe enough for one test and one connection."""

    def __init__(self, connection, method, path, headers, body):
        self.connection, self.method, self.path, self.headers, self.body = connection, method, path, headers, body
        self.at = time.monotonic()

    def json(self):
        return json.loads(self.body)

    def raw(self, data):
        self.connection.sendall(data.encode() if isinstance(data, str) else data)

    def begin(self):
        self.raw(HEAD)

    def say(self, data):
        data = data.encode() if isinstance(data, str) else data
        self.raw(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def say_text(self, text):
        self.say(chunk(text))

    def finish(self, reason="stop"):
        self.say(chunk(reason=reason))
        self.say(DONE)
        self.raw("0\r\n\r\n")

    def hang_up(self):
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def sees_hang_up(self, seconds=PATIENCE):
        """Whether the other side closes within so long; only while nothing else is sent by it."""
        self.connection.settimeout(seconds)
        try:
            return self.connection.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def say_until_stalled(self, most):
        """Sends text for as long as it is taken; returns how many bytes were."""
        self.connection.settimeout(1)
        piece = chunk("x" * 4000).encode()
        framed = f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        said = 0
        try:
            while said < most:
                self.connection.sendall(framed)
                said += len(framed)
        except TimeoutError:
            pass
        return said


# --- behaviours: each takes a Stream; False says that the connection is of no more use

def answer(*texts, reason="stop", usage=None):
    def behave(stream):
        stream.begin()
        stream.say(chunk(""))
        for text in texts:
            stream.say_text(text)
        stream.say(chunk(reason=reason))
        if usage:
            stream.say(event({"choices": [], "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1]}}))
        stream.say(DONE)
        stream.raw("0\r\n\r\n")
    return behave


def status(code, **headers):
    def behave(stream):
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        body = json.dumps({"error": {"message": "key sk-secret is not good", "type": "stub"}})
        stream.raw(f"HTTP/1.1 {code} Stub\r\nContent-Type: application/json\r\n{lines}"
                   f"Content-Length: {len(body)}\r\n\r\n{body}")
    return behave


def refusal(status, /, **error):
    """{"error":{…}} as a backend says why it refuses."""
    def behave(stream):
        body = json.dumps({"error": error})
        stream.raw(f"HTTP/1.1 {status} Stub\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")
    return behave


def saying(*data):
    """Raw events and then the regular end of the response, whatever the events say."""
    def behave(stream):
        stream.begin()
        for piece in data:
            stream.say(piece)
        stream.raw("0\r\n\r\n")
    return behave


def cut_off(*data):
    """Raw events and then nothing: the connection is closed in the middle."""
    def behave(stream):
        stream.begin()
        for piece in data:
            stream.say(piece)
        return False
    return behave


def wrong_type(stream):
    body = "<html>Sign in</html>"
    stream.raw(f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n{body}")


def close(_stream):
    return False


def hang(stream):
    stream.sees_hang_up()
    return False


def hang_after_headers(stream):
    stream.begin()
    return hang(stream)


def live(stream):
    """The test answers; the connection is kept until it, or the client, has had enough."""
    stream.given_back = threading.Event()
    stream.server.waiting.put(stream)
    stream.given_back.wait()
    return False


def vector(text, dimensions):
    """Texts of the same words get the same vector; of no special length."""
    numbers = [0.0] * dimensions
    for word in text.lower().split():
        digest = hashlib.sha256(word.strip(".,?!").encode()).digest()
        numbers[struct.unpack("<I", digest[:4])[0] % dimensions] += 3.0
    return numbers


def embeddings(stream):
    request = stream.json()
    data = [{"object": "embedding", "index": index, "embedding": vector(text, request["dimensions"])}
            for index, text in enumerate(request["input"])]
    body = json.dumps({"object": "list", "data": list(reversed(data)), "model": request["model"]})
    stream.raw(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}")


class StubBackend:
    def __init__(self, certificate=None, send_buffer=None):
        """`certificate`: (certificate file, key file) to speak TLS with."""
        self.script = [answer("Hello ", "from ", "the ", "stub.")]
        self.requests = []
        self.waiting = queue.Queue()
        self.lock = threading.Lock()
        self.connections = 0
        self.open = set()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        if send_buffer:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}/v1"

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # or the thread in accept() would keep it listening
        except OSError:
            pass
        self.listener.close()
        with self.lock:
            streams = list(self.open)
        for connection in streams:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def take(self, seconds=PATIENCE):
        """The next request that a live behaviour has been given."""
        return self.waiting.get(timeout=seconds)

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
        except (OSError, ssl.SSLError):
            return connection.close()
        with self.lock:
            self.connections += 1
            self.open.add(connection)
        try:
            self.talk(connection)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(connection)
            connection.close()

    def talk(self, connection):
        reader = connection.makefile("rb")
        while line := reader.readline():
            method, path, _ = line.decode().split(" ", 2)
            headers = {}
            while (line := reader.readline().decode().strip()):
                name, value = line.split(":", 1)
                headers[name.lower()] = value.strip()
            body = reader.read(int(headers.get("content-length", 0)))
            stream = Stream(connection, method, path, headers, body)
            stream.server = self
            with self.lock:
                self.requests.append(stream)
                behave = self.script.pop(0) if len(self.script) > 1 else self.script[0]
            if behave(stream) is False:
                return
