"""A small machine with cgroup v2 and pressure for tests on a host that has neither: Debian's cloud kernel under
qemu's own emulation (never kvm), an initramfs of busybox and the given programs, one script. Boots in about 5 s.

    from harness.vm import require_vm, run_in_vm

    require_vm()                                             # exits 77 with the reason where it cannot run
    status, output = run_in_vm({"/bin/leakguard": "build/agent/leakguard", "/etc/leakguard.yml": config_path},
                               "leakguard check-config /etc/leakguard.yml", seconds=120)

Inside: one CPU, 512 MiB, no swap, no disk, loopback only, root; /proc, /sys, /dev, /tmp, /run, cgroup2 at
/sys/fs/cgroup with every controller enabled for the groups below the root, /proc/pressure. busybox gives the shell
and its commands. Programs are stripped and bring their shared libraries. The kernel image is taken out of Debian's
package, not installed, and kept in the build folder; no module is loaded, none is needed.
"""

import glob
import os
import re
import shutil
import subprocess
import tempfile

from harness.libraries import with_libraries
from harness.process import DeadlinePassed, Program
from harness.requirements import find_program, require_programs, skip

_PACKAGE = "linux-image-cloud-amd64"
_OUTPUT = re.compile(r"=====vm output begins=====\n(.*?)\n?=====vm output ends with status (\d+)=====", re.DOTALL)
_BASE_FILES = {
    "/etc/passwd": "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "/etc/hosts": "127.0.0.1 localhost vm\n",
    "/etc/nsswitch.conf": "hosts: files\n",
}


def require_vm():
    """Skips the test unless the VM can be built and booted here."""
    require_programs("qemu-system-x86_64", "busybox", "cpio", "dpkg")
    if kernel_image() is None:
        skip(f"the package {_PACKAGE} can be neither found on this machine nor downloaded")


def run_in_vm(files, script, seconds=120.0, memory_mib=512, cpus=1):
    """Boots, runs the shell script as root, powers off; returns (exit status of the script, what it printed).

    `files`: {path inside: path here}; executables bring their libraries. Raises DeadlinePassed, with what the console
    showed, when the script has not ended `seconds` after power-on (emulation is 10 to 20 times slower than the CPU)."""
    with tempfile.TemporaryDirectory(prefix="leakguard-vm-") as folder:
        archive = _initramfs(folder, files, script)
        machine = Program(
            [find_program("qemu-system-x86_64"), "-accel", "tcg", "-cpu", "max", "-smp", str(cpus),
             "-m", str(memory_mib), "-display", "none", "-monitor", "none", "-nic", "none", "-serial", "stdio", "-no-reboot",
             "-kernel", kernel_image(), "-initrd", archive,
             "-append", "console=ttyS0 psi=1 rdinit=/init quiet panic=-1"], patience=2.0)
        try:
            machine.wait(seconds)
        except DeadlinePassed as late:
            raise DeadlinePassed(f"{late}; the console shows:\n{machine.output()[-4000:]}") from None
        finally:
            machine.stop()
        console = machine.output().replace("\r\n", "\n")
    result = _OUTPUT.search(console)
    if result is None:
        raise AssertionError(f"the VM ended without an answer; the console shows:\n{console[-4000:]}")
    return int(result.group(2)), result.group(1)


def kernel_image():
    """The path of a bootable cloud kernel: installed, kept from an earlier run, or downloaded now; else None."""
    cache = os.path.join(os.environ.get("LEAKGUARD_BUILD_DIR") or tempfile.gettempdir(), "vm-kernel")
    found = sorted(glob.glob("/boot/vmlinuz-*-cloud-amd64")) or sorted(glob.glob(f"{cache}/vmlinuz-*"))
    return found[-1] if found else _download_kernel(cache)


def _download_kernel(cache):
    package = _kernel_package()
    if package is None and os.geteuid() == 0:  # a fresh machine has no package lists yet
        _quietly("apt-get", "-q", "update")
        package = _kernel_package()
    if package is None:
        return None
    os.makedirs(cache, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        if _quietly("apt-get", "-q", "download", package, cwd=folder) is None:
            return None
        for archive in glob.glob(f"{folder}/*.deb"):
            _quietly("dpkg", "-x", archive, folder)
        images = glob.glob(f"{folder}/boot/vmlinuz-*")
        if not images:
            return None
        kept = os.path.join(cache, os.path.basename(images[0]))
        os.replace(images[0], kept)  # at once: another test may look at this moment
        return kept


def _kernel_package():
    """The real package behind the meta package, whose name carries the kernel's version."""
    depends = _quietly("apt-cache", "depends", "--important", _PACKAGE) or ""
    names = re.findall(r"Depends: (linux-image-\S+)", depends)
    return names[0] if names else None


def _quietly(*command, cwd=None):
    """Standard output of a command, or None when it fails or is not installed."""
    try:
        answer = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None


def _initramfs(folder, files, script):
    """Writes the VM's whole file system as an uncompressed archive (unpacking is slow under emulation); its path."""
    root = os.path.join(folder, "root")
    for name in ("bin", "sbin", "usr/bin", "usr/sbin", "dev", "etc"):
        os.makedirs(f"{root}/{name}")
    base = {"/bin/busybox": find_program("busybox"), "/init": os.path.join(os.path.dirname(__file__), "vm_init")}
    for destination, source in with_libraries({**base, **files}).items():
        _place(root + destination, source)
    for destination, text in {**_BASE_FILES, "/script": script}.items():
        with open(root + destination, "w", encoding="utf-8") as file:
            file.write(text)
    names = [os.path.relpath(os.path.join(place, name), root)
             for place, folders, plain in os.walk(root) for name in folders + plain]
    archive = os.path.join(folder, "initramfs")
    with open(archive, "wb") as output:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-0", "--owner=0:0"], cwd=root, stdout=output,
                       input="\0".join(names).encode(), check=True)
    return archive


def _place(destination, source):
    """Copies a file; debug information of a program stays behind, since all of it would be memory in the VM."""
    os.makedirs(os.path.dirname(destination), exist_ok=True)
    shutil.copy(source, destination)
    with open(source, "rb") as file:
        start = file.read(4)
    if start.startswith((b"#!", b"\x7fELF")):
        os.chmod(destination, 0o755)
    if start == b"\x7fELF":
        _quietly("strip", "--strip-debug", destination)
