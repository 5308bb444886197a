"""Programs that a test starts, waits for, and surely ends.

    with Program(["build/agent/leakguard", "run", "--config", path]) as agent:
        agent.wait_for_http("http://127.0.0.1:10780/-/ready", seconds=10)
        agent.wait_for_line(r"reloaded", seconds=5)
        code = agent.stop()              # SIGTERM, then SIGKILL after its patience
    print(agent.output())

A program never outlives its test: `with` stops it, an exit handler stops it, SIGTERM to the test becomes an exit,
and when the test is killed outright the kernel sends the program SIGTERM (PR_SET_PDEATHSIG). The kernel counts the
death of the *thread* that started the program, so start programs from the main thread.
"""

import atexit
import ctypes
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.02
_libc = ctypes.CDLL(None, use_errno=True)
_running = []


class DeadlinePassed(AssertionError):
    """What was waited for did not come in time."""


def wait_until(condition, seconds, what, every=_POLL_SECONDS):
    """Calls `condition` until its answer is true, and returns that answer; raises DeadlinePassed after `seconds`.
    `what` completes "waited N s for …"."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= end:
            raise DeadlinePassed(f"waited {seconds} s for {what}")
        time.sleep(every)


def free_port():
    """A TCP port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def http_get(url, seconds=5.0, headers=None):
    """(status, body text) of one GET; a refused or broken connection raises OSError."""
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(errors="replace")


def end_with_parent(parent):
    """Returns a hook for the moment between fork and exec: the child gets SIGTERM when `parent` (a pid) dies."""

    def hook():
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before the line above
            os._exit(1)

    return hook


class Program:
    """One started program; its standard output and error go into one file, so it never blocks on a full pipe."""

    def __init__(self, command, env=None, cwd=None, patience=10.0, new_session=False):
        """`env` is added to the test's own environment. `patience`: seconds between SIGTERM and SIGKILL."""
        self.command = [str(word) for word in command]
        self._patience = patience
        self._log = tempfile.NamedTemporaryFile(prefix="program-", suffix=".log")
        self._process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, cwd=cwd,
            env={**os.environ, **(env or {})}, start_new_session=new_session, preexec_fn=end_with_parent(os.getpid()))
        _running.append(self)

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.stop()
        if kind is not None:
            print(f"--- output of {shlex.join(self.command)} ---\n{self.output()[-8000:]}---", file=sys.stderr)

    @property
    def pid(self):
        return self._process.pid

    def exit_code(self):
        """The exit code (negative: the signal that ended it), or None while it runs."""
        return self._process.poll()

    def output(self):
        """Everything printed so far."""
        with open(self._log.name, encoding="utf-8", errors="replace") as log:
            return log.read()

    def send(self, number):
        self._process.send_signal(number)

    def wait(self, seconds):
        """Waits for the program to end by itself and returns its exit code."""
        wait_until(lambda: self.exit_code() is not None, seconds, f"{self.command[0]} to end")
        return self.exit_code()

    def wait_for_line(self, pattern, seconds, count=1):
        """Waits until the regular expression has matched `count` times in the output; returns the last match."""

        def seen():
            matches = list(re.finditer(pattern, self.output(), re.MULTILINE))
            return matches[count - 1] if len(matches) >= count else self._fail_if_ended(f"printing {pattern!r}")

        return wait_until(seen, seconds, f"{self.command[0]} to print {pattern!r} {count} times")

    def wait_for_http(self, url, seconds, status=200):
        """Waits until GET `url` answers with `status`; returns the body."""

        def answered():
            try:
                code, body = http_get(url, seconds=2.0)
            except OSError:
                return self._fail_if_ended(f"answering {url}")
            return (body,) if code == status else None

        return wait_until(answered, seconds, f"{url} to answer {status}")[0]

    def stop(self, number=signal.SIGTERM):
        """Ends the program if it runs; returns its exit code."""
        if self.exit_code() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(self._patience)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self in _running:
            _running.remove(self)
        return self._process.returncode

    def _fail_if_ended(self, before):
        if self.exit_code() is not None:
            raise AssertionError(
                f"{self.command[0]} ended with {self.exit_code()} before {before}:\n{self.output()[-4000:]}")


@atexit.register
def _stop_all():
    for program in reversed(list(_running)):
        program.stop()


def _exit_on_signal(number, _frame):
    sys.exit(128 + number)


# Without a handler SIGTERM ends python at once, and neither `with` blocks nor exit handlers run.
signal.signal(signal.SIGTERM, _exit_on_signal)
