"""A memory cgroup of one's own with a cap, on cgroup v1 or v2. Needs root.

    with MemoryCgroup(256 << 20) as group:
        subprocess.Popen(command, preexec_fn=group.enter)
        group.oom_kills(), group.peak()
"""
import contextlib
import os
import time


def _folder():
    v1 = "/sys/fs/cgroup/memory"
    if not os.path.exists("/sys/fs/cgroup/cgroup.controllers") and os.path.isdir(v1):
        return v1, True
    return "/sys/fs/cgroup", False


class MemoryCgroup:
    def __init__(self, limit):
        self._limit = limit
        root, self._is_v1 = _folder()
        self.path = f"{root}/leakguard-bench-{os.getpid()}"

    def __enter__(self):
        os.mkdir(self.path)
        if self._is_v1:
            self._write("memory.limit_in_bytes", self._limit)
            with contextlib.suppress(OSError):  # only where swap is accounted
                self._write("memory.memsw.limit_in_bytes", self._limit)
        else:
            self._write("memory.max", self._limit)
            self._write("memory.swap.max", 0)
        return self

    def __exit__(self, *_):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:  # its last process takes a moment to leave
            with contextlib.suppress(OSError):
                os.rmdir(self.path)
                return
            time.sleep(0.05)

    def enter(self):
        """In the child, before it becomes the program."""
        self._write("cgroup.procs", os.getpid())

    def oom_kills(self):
        name = "memory.oom_control" if self._is_v1 else "memory.events"
        return int(self._lines(name)["oom_kill"])

    def peak(self):
        name = "memory.max_usage_in_bytes" if self._is_v1 else "memory.peak"
        with contextlib.suppress(FileNotFoundError):  # memory.peak is newer than v2
            with open(f"{self.path}/{name}", encoding="ascii") as file:
                return int(file.read())
        return None

    def _lines(self, name):
        with open(f"{self.path}/{name}", encoding="ascii") as file:
            return dict(line.split() for line in file if len(line.split()) == 2)

    def _write(self, name, value):
        with open(f"{self.path}/{name}", "w", encoding="ascii") as file:
            file.write(str(value))
