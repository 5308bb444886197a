"""The disk of the VPS: Debian 12 with systemd, Docker on the systemd driver, and the packages of configs/Dockerfile.

Built by debootstrap and mkfs.ext4 into the build folder once, and again when what it is made of has changed. It takes
about a minute, needs root, no loop device and no KVM, and the archive that this machine's apt uses.
"""

import fcntl
import glob
import hashlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile

from harness.requirements import find_program, require_programs, require_root, skip

_SOURCES = os.environ["LEAKGUARD_SOURCE_DIR"]
_RELEASE = "bookworm"
_BUILD_SECONDS = 900
_PACKAGES = """
    systemd systemd-sysv libpam-systemd dbus dbus-user-session udev apparmor openssh-server linux-image-cloud-amd64
    initramfs-tools zstd docker.io docker-compose iptables iproute2 procps curl
""".split()
_FILES = {
    "/etc/hostname": "vps\n",
    "/etc/hosts": "127.0.0.1 localhost\n127.0.1.1 vps\n",
    "/etc/fstab": "/dev/vda / ext4 noatime 0 0\n",
    "/etc/resolv.conf": "",
    "/etc/systemd/network/lan.network": "[Match]\nName=eth0\n[Network]\nAddress=10.0.2.15/24\nGateway=10.0.2.2\n",
    "/etc/docker/daemon.json": '{"exec-opts": ["native.cgroupdriver=systemd"]}\n',
    "/etc/systemd/journald.conf.d/image.conf": "[Journal]\nStorage=volatile\n",
    "/etc/ssh/sshd_config.d/image.conf": "UsePAM no\nUseDNS no\n",  # no session of logind's for each command
    # Said on the console: asking the port again and again fills sshd with connections that it has no time to greet.
    "/etc/systemd/system/ssh.service.d/image.conf":
        "[Service]\nExecStartPost=/bin/sh -c 'until ip -4 -oneline address show dev eth0 | grep -q inet; do sleep 0.2; done; "
        "echo SSH can be reached >/dev/console'\n",
}
# What no test needs; each costs a second of the boot under emulation.
_MASKED = """
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount
    sys-fs-fuse-connections.mount modprobe@configfs.service modprobe@dm_mod.service modprobe@drm.service
    modprobe@efi_pstore.service modprobe@fuse.service modprobe@loop.service systemd-networkd-wait-online.service
    systemd-pstore.service systemd-random-seed.service systemd-remount-fs.service systemd-update-utmp.service
    systemd-udev-settle.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount getty@tty1.service serial-getty@ttyS0.service
""".split()
# There before the packages are unpacked.
_FIRST_FILES = {
    "/usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n",  # nothing is started in the chroot
    "/etc/dpkg/dpkg.cfg.d/image": "force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n",
    # The initial RAM disk holds only what this machine needs: unpacking is slow under emulation.
    "/etc/initramfs-tools/conf.d/image": "MODULES=list\nCOMPRESS=zstd\n",
    "/usr/share/initramfs-tools/modules.d/image": "virtio_pci\nvirtio_blk\next4\n",
}


def require_image():
    """Skips the test unless the image can be built here."""
    require_programs("debootstrap", "mkfs.ext4", "ssh-keygen", "unshare")
    require_root("build the disk of a VPS")
    if _archive() is None:
        skip("no Debian archive is found in /etc/apt: the disk of the VPS is built from it")


def image_folder():
    """The folder with disk.img, vmlinuz, initrd and key; builds what is not there."""
    cache = os.path.join(os.environ["LEAKGUARD_BUILD_DIR"], "vps")
    os.makedirs(cache, exist_ok=True)
    with open(os.path.join(cache, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = os.path.join(cache, _recipe())
        if not os.path.isdir(folder):
            for old in glob.glob(f"{cache}/*/"):
                shutil.rmtree(old)
            with tempfile.TemporaryDirectory(prefix="new-", dir=cache) as new:
                _build(new)
                shutil.rmtree(f"{new}/root")
                os.makedirs(folder + ".part")
                for name in os.listdir(new):
                    os.rename(f"{new}/{name}", f"{folder}.part/{name}")
                os.rename(folder + ".part", folder)
        return folder


def _recipe():
    with open(__file__, "rb") as own:
        return hashlib.sha256(own.read() + " ".join(_runtime_packages()).encode()).hexdigest()[:16]


def _runtime_packages():
    """The libraries that the programs load, as the shipped image installs them."""
    with open(f"{_SOURCES}/configs/Dockerfile", encoding="utf-8") as file:
        runtime = re.search(r" AS runtime\n(.*?)\n\nFROM", file.read(), re.DOTALL).group(1)
    return re.findall(r"\b(?:lib[a-z][\w.+-]*|ca-certificates)", runtime)


def _archive():
    """(address of the archive that this machine installs from, the file of /etc/apt that names it), or None."""
    for path in ["/etc/apt/sources.list", *sorted(glob.glob("/etc/apt/sources.list.d/*"))]:
        if not path.endswith((".list", ".sources")) or not os.path.exists(path):
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if path.endswith(".sources"):
            found = re.search(rf"^URIs: *(\S+)\nSuites:(?:.* )?{_RELEASE}(?!\S)", text, re.MULTILINE)
        else:
            found = re.search(rf"^deb (?:\[.*\] )?(\S+) {_RELEASE} .*\bmain\b", text, re.MULTILINE)
        if found:
            return found.group(1), path
    return None


def _build(folder):
    root = f"{folder}/root"
    archive, sources = _archive()
    bootstrapped = _in_namespace("debootstrap", "--variant=minbase", _RELEASE, root, archive)
    if bootstrapped.returncode != 0:
        skip(f"debootstrap failed: {_last_line(bootstrapped)}")

    os.unlink(f"{root}/etc/apt/sources.list")
    place = "/etc/apt/sources.list" if sources.endswith(".list") else "/etc/apt/sources.list.d"
    shutil.copy(sources, root + place)
    shutil.copy("/etc/resolv.conf", f"{root}/etc/resolv.conf")
    _write(root, {**_FIRST_FILES, "/etc/apt/apt.conf.d/90image": _apt_settings()})
    os.chmod(f"{root}/usr/sbin/policy-rc.d", 0o755)
    packages = shlex.join(_PACKAGES + _runtime_packages())
    _in_root(root, f"apt-get -q update && apt-get -q -y install --no-install-recommends {packages} && apt-get clean")

    _write(root, _FILES)
    os.unlink(f"{root}/usr/sbin/policy-rc.d")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/key"], check=True)
    with open(f"{folder}/key.pub", encoding="ascii") as key:
        _write(root, {"/root/.ssh/authorized_keys": key.read()})
    _in_root(root, "chmod 700 /root/.ssh && ssh-keygen -A && systemctl -q enable systemd-networkd ssh docker && "
                   f"systemctl -q mask {shlex.join(_MASKED)} && useradd --create-home --shell /bin/bash worker")
    for name in ("vmlinuz", "initrd"):
        [source] = glob.glob(f"{root}/boot/{name}*-cloud-amd64")
        shutil.move(source, f"{folder}/{name}")
    subprocess.run([find_program("truncate"), "--size=6G", f"{folder}/disk.img"], check=True)
    made = subprocess.run([find_program("mkfs.ext4"), "-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1",
                           "-d", root, f"{folder}/disk.img"], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise AssertionError(f"mkfs.ext4: {made.stderr}")


def _apt_settings():
    """How this machine reaches the archive (proxies and the like), for the apt of the new one."""
    answer = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True)
    return answer.stdout + 'APT::Sandbox::User "root";\n'


def _in_root(root, script):
    inside = f'mount -t proc proc "$0/proc" && exec chroot "$0" /usr/bin/env DEBIAN_FRONTEND=noninteractive LC_ALL=C sh -c "$1"'
    done = _in_namespace("sh", "-c", inside, root, script)
    if done.returncode != 0:
        raise AssertionError(f"{script}:\n{done.stdout[-4000:]}")


def _in_namespace(*command):
    """Runs a command whose mounts and processes cannot outlive it."""
    return subprocess.run([find_program("unshare"), "--mount", "--pid", "--fork", "--kill-child", *command],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", timeout=_BUILD_SECONDS, check=False)


def _last_line(done):
    return (done.stdout.strip().splitlines() or ["no output"])[-1]


def _write(root, files):
    for path, text in files.items():
        os.makedirs(os.path.dirname(root + path), exist_ok=True)
        with open(root + path, "w", encoding="utf-8") as file:
            file.write(text)
