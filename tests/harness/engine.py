"""A private, real Docker engine for one test, in a temporary folder, gone with the test.

    from harness.engine import Engine, require_engine

    require_engine()                                         # exits 77 with the reason where it cannot run
    with Engine() as engine:
        engine.build_image("app", {"/bin/chatcore": "build/chatcore/chatcore"},          # libraries are found by ldd
                           entrypoint=["/bin/chatcore", "serve"])
        engine.run("app", "--memory", "64m", "--cpus", "0.5", "--restart", "on-failure", name="leaky")
        engine.cgroup("leaky", "memory")                     # /sys/fs/cgroup/memory/docker/<id>
        engine.wait_for_event("leaky", "oom", seconds=20)
        engine.inspect("leaky")["State"]["OOMKilled"]
        engine.docker("update", "--cpus", "1.5", "leaky")    # any command of the client
        leakguard_config = f"engine: {{socket: {engine.socket}}}"
        engine.stop_daemon(); engine.start_daemon()          # the engine goes away and comes back

Facts about where it runs. It needs root and no service manager; `dockerd` starts its own `containerd`. The host's
network stays untouched (no bridge, no iptables): a container has `--network host` (the default of `run` below) or
`none`. Without CAP_SYS_RESOURCE an `--oom-score-adj` below 0 and raised ulimits are refused by runc; memory, CPU and
pids caps work. There is no `docker-init`, so `--init` fails. No registry is reachable: images come from `build_image`.
Containers live in `<controller>/docker/<id>` (driver cgroupfs), also when several engines run at once.
"""

import fcntl
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile
import time

from harness.libraries import with_libraries
from harness.process import DeadlinePassed, Program, wait_until
from harness.requirements import find_program, require_programs, require_root

_FOLDER_PREFIX = "leakguard-engine-"
_BASE_FILES = {
    "/etc/passwd": "root:x:0:0:root:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "/etc/nsswitch.conf": "hosts: files dns\n",
}


def require_engine():
    """Skips the test unless a private engine can be started here."""
    require_programs("dockerd", "containerd", "runc", "docker")
    require_root("start a Docker engine of its own")


class Engine:
    """One engine. Use it as a context manager, from the main thread (see process.py on PR_SET_PDEATHSIG)."""

    def __init__(self, start_seconds=30.0):
        _remove_abandoned_folders()
        self._folder = tempfile.mkdtemp(prefix=_FOLDER_PREFIX)
        self._lock = _lock_folder(self._folder)
        self._start_seconds = start_seconds
        self._daemon = None
        self.socket = os.path.join(self._folder, "docker.sock")
        self.host = f"unix://{self.socket}"

    def __enter__(self):
        try:
            self.start_daemon()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, error, trace):
        if kind is not None and self._daemon is not None:
            print(f"--- last lines of dockerd ---\n{self._daemon.output()[-4000:]}---", flush=True)
        self.close()

    def start_daemon(self):
        """Starts the engine and returns when it answers; containers with a restart policy come back."""
        self._daemon = Program(
            [find_program("dockerd"), "--host", self.host, "--data-root", f"{self._folder}/data",
             "--exec-root", f"{self._folder}/exec", "--pidfile", f"{self._folder}/dockerd.pid",
             "--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
             "--shutdown-timeout=3"],
            patience=20.0)
        self._daemon.wait_for_line(r"API listen on", self._start_seconds)
        wait_until(self._answers, self._start_seconds, "the engine to answer a ping")

    def stop_daemon(self):
        """Stops the engine and every container; images, containers and their logs stay on disk."""
        if self._daemon is not None:
            self._daemon.stop()
            self._daemon = None
        _end_leftovers(self._folder)

    def kill_daemon(self):
        """SIGKILL: the engine and its containerd are gone at once, the containers run on unattended."""
        self._daemon.stop(signal.SIGKILL)
        self._daemon = None
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        # A pid file whose number another program has got by then would keep the next daemon from starting.
        if os.path.exists(f"{self._folder}/dockerd.pid"):
            os.unlink(f"{self._folder}/dockerd.pid")

    def close(self):
        """Stops everything and removes the folder."""
        self.stop_daemon()
        _remove_folder(self._folder)
        self._lock.close()

    def docker(self, *arguments, check=True, seconds=60.0, stdin=None):
        """Runs the client and returns its standard output without the last newline. Raises with the client's own
        words when it fails, unless `check` is false."""
        command = [find_program("docker"), "--host", self.host, *map(str, arguments)]
        answer = subprocess.run(command, input=stdin, capture_output=True, timeout=seconds, check=False)
        if check and answer.returncode != 0:
            raise AssertionError(f"docker {' '.join(map(str, arguments))}: {answer.stderr.decode(errors='replace')}")
        return answer.stdout.decode(errors="replace").rstrip("\n")

    def run(self, image, *options, name, command=(), network="host"):
        """Starts a container in the background and returns its id. Options as on the command line of `docker run`;
        what the container runs is the image's entrypoint with `command` as its arguments."""
        return self.docker("run", "--detach", "--name", name, "--network", network, *options, image, *command)

    def inspect(self, name):
        """The engine's description of a container, as a dictionary."""
        return json.loads(self.docker("inspect", name))[0]

    def logs(self, name):
        """Standard output of a container since it was created."""
        return self.docker("logs", name)

    def remove(self, name):
        """Kills and removes a container, if it is there."""
        self.docker("rm", "--force", "--volumes", name, check=False)

    def events(self, name, since=0):
        """[(time in nanoseconds, action)] of one container since a Unix time, oldest first."""
        lines = self.docker("events", "--since", str(since), "--until", f"{time.time():.9f}",
                            "--filter", f"container={name}", "--format", "{{json .}}").splitlines()
        events = [json.loads(line) for line in lines]
        return [(event["timeNano"], event["Action"]) for event in events if event["Type"] == "container"]

    def wait_for_event(self, name, action, seconds, count=1, since=0):
        """Waits until the engine has told of an action ("oom", "die", "start", …) `count` times since a Unix time."""
        wait_until(lambda: sum(seen == action for _, seen in self.events(name, since)) >= count, seconds,
                   f"{count} {action!r} events of container {name}", every=0.1)

    def cgroup(self, name, controller):
        """The folder of a running container's cgroup on a v1 or hybrid host ("memory", "cpu", "pids", "unified")."""
        pid = self.inspect(name)["State"]["Pid"]
        with open(f"/proc/{pid}/cgroup", encoding="ascii") as groups:
            for line in groups:
                _, controllers, path = line.strip().split(":", 2)
                if controller in controllers.split(",") or (controller == "unified" and not controllers):
                    return f"/sys/fs/cgroup/{controller}{path}"
        raise AssertionError(f"container {name} (pid {pid}) has no cgroup of {controller}")

    def build_image(self, tag, binaries, files=None, entrypoint=None, environment=None, folders=()):
        """Makes an image out of nothing but `binaries` ({"/bin/x": source path}), the libraries they load, `files`
        ({"/etc/x": text}), empty `folders`, /tmp, and user and group files."""
        changes = []
        if entrypoint:
            changes += ["--change", f"ENTRYPOINT {json.dumps(list(entrypoint))}"]
        for key, value in (environment or {}).items():
            changes += ["--change", f"ENV {key}={value}"]
        archive = image_archive(with_libraries(binaries), {**_BASE_FILES, **(files or {})}, folders)
        self.docker("import", *changes, "-", tag, stdin=archive)

    def _answers(self):
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2.0)
                connection.connect(self.socket)
                connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(64)
        except OSError:
            return False


def image_archive(copied, written, folders):
    """A tar of the image's whole file system, as bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as archive:
        for folder, mode in {"/tmp": 0o1777, **{name: 0o755 for name in folders}}.items():
            entry = tarfile.TarInfo(folder.lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            archive.addfile(entry)
        for destination, source in copied.items():
            archive.add(source, destination.lstrip("/"), filter=_owned_by_root)
        for destination, text in written.items():
            entry = tarfile.TarInfo(destination.lstrip("/"))
            content = text.encode()
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _owned_by_root(entry):
    entry.uid = entry.gid = 0
    entry.mode |= 0o555
    return entry


def _lock_folder(folder):
    """Marks the folder as in use for as long as this process lives: the kernel drops the lock with it."""
    lock = open(f"{folder}/owner.lock", "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise
    return lock


def _remove_abandoned_folders():
    """Clears what a test that was killed outright could not."""
    parent = tempfile.gettempdir()
    for name in os.listdir(parent):
        folder = os.path.join(parent, name)
        if not name.startswith(_FOLDER_PREFIX) or not os.path.exists(f"{folder}/owner.lock"):
            continue
        try:
            with _lock_folder(folder):
                _end_leftovers(folder)
                _remove_folder(folder)
        except OSError:
            pass  # its test still runs, or another test clears it at this moment


def _end_leftovers(folder):
    """Kills what this folder's engine left running. Its containerd and shims carry the folder in their command
    lines, and every container is a child of a shim, so nothing of another engine is touched."""
    victims = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as cmdline:
                words = cmdline.read().decode(errors="replace").split("\0")
            if any(name in words[0] for name in ("dockerd", "containerd")) and any(folder in word for word in words):
                victims += [int(pid), *_children(int(pid))]
        except OSError:
            continue
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    try:
        wait_until(lambda: not any(_is_running(pid) for pid in victims), 5.0, "killed processes to end")
    except DeadlinePassed as late:
        print(f"engine: {late}", flush=True)


def _is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
        return [int(child) for child in children.read().split()]


def _remove_folder(folder):
    """Unmounts what the engine mounted below the folder, innermost first, and deletes it."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        points = [line.split()[1] for line in mounts if line.split()[1].startswith(folder + "/")]
    for point in sorted(points, key=len, reverse=True):
        subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
