"""A whole VPS for tests: systemd as PID 1, cgroup v2 with pressure, Docker on the systemd driver, under qemu's own
emulation (never kvm). It boots in about 20 s from a disk that stays unchanged, and is gone with the test.

    require_vps()                                              # exits 77 with the reason where it cannot run
    with Vps({"/usr/bin/leakguard": "build/agent/leakguard"}) as vps:
        vps.run("systemctl is-system-running --wait")          # a script for bash; raises when it fails
        vps.write("/etc/leakguard/leakguard.yml", text)
        vps.wait_until("curl -sf http://127.0.0.1:10780/-/ready", seconds=20)

Programs run about ten times slower than on the host. The machine reaches no network; SSH comes through a port on
this machine's loopback.
"""

import os
import shlex
import shutil
import subprocess
import tarfile
import tempfile

from image import image_folder, require_image
from harness.process import DeadlinePassed, Program, free_port, wait_until
from harness.requirements import find_program, require_programs, skip

_MEMORY_MIB = 2048
# no_timer_check: on a busy host the kernel's check of the emulated timer fails, and the boot stops there.
_KERNEL = ("root=/dev/vda rw console=ttyS0 quiet panic=-1 net.ifnames=0 psi=1 mitigations=off no_timer_check nowatchdog "
           "nmi_watchdog=0")
_BOOT_SECONDS = 600.0
_STOP_SECONDS = 5.0


def require_vps():
    """Skips the test unless it is asked for and the VPS can be built and booted here."""
    if os.environ.get("LEAKGUARD_VPS") != "1":
        skip("takes up to ten minutes on an idle machine; set LEAKGUARD_VPS=1 to run it")
    require_programs("qemu-system-x86_64", "ssh")
    require_image()
    pages, size = os.sysconf("SC_AVPHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    if pages * size < (_MEMORY_MIB << 20):
        skip(f"the VPS needs {_MEMORY_MIB} MiB of free memory")


class Vps:
    """One machine; use it as a context manager, from the main thread (see harness/process.py)."""

    def __init__(self, files):
        """`files`: {absolute path inside: path here}, there before the first command; programs are stripped."""
        self._files = files
        self._folder = None
        self._machine = None
        self._connection = None

    def __enter__(self):
        image = image_folder()
        self._folder = tempfile.mkdtemp(prefix="leakguard-vps-")
        try:
            self._boot(image)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind, error, trace):
        self.stop()

    def run(self, script, seconds=60.0, check=True):
        """Runs a bash script as root; returns what it printed. Raises with its output when it fails (unless `check`
        is false) or takes longer."""
        status, output = self.status_of(script, seconds)
        if check and status != 0:
            raise AssertionError(f"{script}\nended with {status}:\n{output}")
        return output

    def status_of(self, script, seconds=60.0):
        """(exit code of a script, what it printed)."""
        command = self._ssh(f"timeout {seconds:.0f} bash -c {shlex.quote(script)}")
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, errors="replace", timeout=seconds + 15, check=False)
        except subprocess.TimeoutExpired:
            raise DeadlinePassed(f"no answer after {seconds:.0f} s from: {script}\n{self.console()}") from None
        return done.returncode, done.stdout.rstrip("\n")

    def wait_until(self, condition, seconds, what=None):
        """Waits in the machine until a command succeeds; returns what it printed then."""
        script = f"until output=$({condition}) 2>/dev/null; do sleep 0.2; done; printf '%s' \"$output\""
        status, output = self.status_of(script, seconds)
        if status != 0:
            raise DeadlinePassed(f"waited {seconds} s for {what or condition}; it printed: "
                                 f"{self.run(condition, check=False)}\n{output}")
        return output

    def write(self, path, text, mode=0o644):
        """Writes a file, through a new one as editors do."""
        new = shlex.quote(path + ".new")
        command = self._ssh(f"umask 077; mkdir -p {shlex.quote(os.path.dirname(path))} && cat >{new} && "
                            f"chmod {mode:o} {new} && mv {new} {shlex.quote(path)}")
        subprocess.run(command, input=text, text=True, timeout=60, check=True)

    def console(self):
        """The last lines that the kernel and systemd printed."""
        return self._machine.output()[-4000:]

    def stop(self):
        """Ends the machine at once: its disk is not kept."""
        if self._connection is not None:
            self._connection.stop()
        if self._machine is not None:
            self._machine.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._connection = self._machine = self._folder = None

    def _boot(self, image):
        self._port = free_port()
        self._machine = Program(
            [find_program("qemu-system-x86_64"), "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2",
             "-m", _MEMORY_MIB, "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot", "-snapshot",
             "-kernel", f"{image}/vmlinuz", "-initrd", f"{image}/initrd",
             "-append", _KERNEL,
             "-drive", f"file={image}/disk.img,if=virtio,format=raw,cache=unsafe",
             "-drive", f"file={self._archive_of_files()},if=virtio,format=raw,readonly=on",
             "-netdev", f"user,id=lan,restrict=on,hostfwd=tcp:127.0.0.1:{self._port}-:22",
             "-device", "virtio-net-pci,netdev=lan,romfile=", "-device", "virtio-rng-pci"],
            env={"TMPDIR": self._folder}, patience=_STOP_SECONDS)
        self._options = ["-i", f"{image}/key", "-p", str(self._port), "-S", f"{self._folder}/ssh", "-o", "BatchMode=yes",
                         "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                         "-F", "none"]
        try:
            self._machine.wait_for_line("SSH can be reached", _BOOT_SECONDS)
            # One connection for all commands: a handshake takes seconds under emulation.
            self._connection = Program([find_program("ssh"), "-M", "-N", *self._options, "root@127.0.0.1"])
            wait_until(lambda: os.path.exists(f"{self._folder}/ssh"), _BOOT_SECONDS, "the SSH connection to the VPS")
        except DeadlinePassed as late:
            raise DeadlinePassed(f"{late}; the console shows:\n{self.console()}") from None
        self.run("tar --extract --file /dev/vdb --directory / --no-same-owner")

    def _ssh(self, command):
        return [find_program("ssh"), *self._options, "root@127.0.0.1", command]

    def _archive_of_files(self):
        """A tar file, seen inside as a second disk: many times faster than SSH."""
        path = f"{self._folder}/files.tar"
        with tarfile.open(path, "w", dereference=True) as archive:
            for destination, source in self._files.items():
                copy = f"{self._folder}/copy"
                shutil.copy(source, copy)
                subprocess.run(["strip", "--strip-debug", copy], capture_output=True, check=False)
                archive.add(copy, destination.lstrip("/"))
                os.unlink(copy)
        return path
