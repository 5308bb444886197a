"""A private, real Podman service for one test, in a temporary folder, gone with the test.

    from harness.podman import Podman, require_podman

    require_podman()
    with Podman() as podman:
        podman.import_image("box", {"/bin/busybox": "/bin/busybox"})
        podman.run("box", "--memory", "64m", name="web", command=["/bin/busybox", "sleep", "600"])
        podman.socket                                         # of its Docker-compatible service

Containers are made without raised limits (a machine in a container may not raise them) and on the host's network.
"""

import json
import os
import shutil
import subprocess
import tempfile

from harness.engine import image_archive
from harness.libraries import with_libraries
from harness.process import Program, wait_until
from harness.requirements import find_program, require_programs, require_root


def require_podman():
    """Skips the test unless a private Podman can be started here."""
    require_programs("podman", "conmon", "runc")
    require_root("start a Podman service of its own")


class Podman:
    """Use it as a context manager."""

    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="leakguard-podman-")
        self.socket = f"{self._folder}/podman.sock"
        self._service = None

    def __enter__(self):
        try:
            self._service = Program([*self._command(), "system", "service", "--time", "0", f"unix://{self.socket}"])
            wait_until(lambda: os.path.exists(self.socket), 30, "the service's socket")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        self.podman("rm", "--all", "--force", "--time", "0", check=False)
        if self._service is not None:
            self._service.stop()
        with open("/proc/self/mounts", encoding="utf-8") as mounts:
            points = [line.split()[1] for line in mounts if line.split()[1].startswith(self._folder + "/")]
        for point in sorted(points, key=len, reverse=True):
            subprocess.run(["umount", "--lazy", point], check=False, capture_output=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self):
        return [find_program("podman"), "--root", f"{self._folder}/root", "--runroot", f"{self._folder}/run",
                "--tmpdir", f"{self._folder}/tmp", "--storage-driver", "vfs", "--cgroup-manager", "cgroupfs",
                "--events-backend", "file", "--runtime", "runc"]

    def podman(self, *arguments, check=True, stdin=None):
        """Runs the client and returns its standard output without the last newline."""
        answer = subprocess.run([*self._command(), *map(str, arguments)], input=stdin, capture_output=True, timeout=60,
                                check=False)
        if check and answer.returncode != 0:
            raise AssertionError(f"podman {' '.join(map(str, arguments))}: {answer.stderr.decode(errors='replace')}")
        return answer.stdout.decode(errors="replace").rstrip("\n")

    def import_image(self, tag, binaries):
        """An image out of nothing but `binaries` ({"/bin/x": source path}) and the libraries they load."""
        path = f"{self._folder}/image.tar"
        with open(path, "wb") as archive:
            archive.write(image_archive(with_libraries(binaries), {}, ()))
        self.podman("import", "--quiet", path, tag)

    def run(self, image, *options, name, command):
        """Starts a container in the background and returns its id."""
        return self.podman("run", "--detach", "--name", name, "--network", "host", "--ulimit", "nofile=1024:1024",
                           "--ulimit", "nproc=1024:1024", "--security-opt", "seccomp=unconfined", *options, image, *command)

    def inspect(self, name):
        """Podman's description of a container, as a dictionary."""
        return json.loads(self.podman("inspect", name))[0]

    def cgroup(self, name, controller):
        """The folder of a running container's cgroup on a v1 or hybrid host."""
        with open(f"/proc/{self.inspect(name)['State']['Pid']}/cgroup", encoding="ascii") as groups:
            for line in groups:
                _, controllers, path = line.strip().split(":", 2)
                if controller in controllers.split(","):
                    return f"/sys/fs/cgroup/{controller}{path}"
        raise AssertionError(f"container {name} has no cgroup of {controller}")
