"""Container images of the programs, as configs/Dockerfile describes them, made without a registry: the program and its
libraries instead of Debian, and the settings of its stage."""

import io
import os
import re
import shlex
import tarfile

from harness.engine import image_archive
from harness.libraries import with_libraries

_CHATCORE_USER = 999
_PASSWD = (f"root:x:0:0:root:/:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"
           f"chatcore:x:{_CHATCORE_USER}:{_CHATCORE_USER}::/var/lib/chatcore:/bin/false\n")
_SETTINGS = ("ENV", "USER", "WORKDIR", "EXPOSE", "ENTRYPOINT", "CMD")


def program_archive(program, binary):
    """The file system of the image of "chatcore" or "leakguard": a tar, as bytes."""
    folder = f"/var/lib/{program}"
    files = {"/etc/passwd": _PASSWD, "/etc/nsswitch.conf": "hosts: files dns\n"}
    archive = io.BytesIO(image_archive(with_libraries({f"/usr/bin/{program}": binary}), files, ["/etc/leakguard"]))
    with tarfile.open(fileobj=archive, mode="a") as tar:
        entry = tarfile.TarInfo(folder.lstrip("/"))
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        entry.uid = entry.gid = _CHATCORE_USER if program == "chatcore" else 0
        tar.addfile(entry)
    return archive.getvalue()


def import_command(program, archive):
    """The command that makes the image out of the archive's file."""
    with open(f"{os.environ['LEAKGUARD_SOURCE_DIR']}/configs/Dockerfile", encoding="utf-8") as file:
        stage = re.search(rf" AS {program}\n(.*?)(?:\nFROM|\Z)", file.read(), re.DOTALL).group(1)
    lines = stage.replace("\\\n", " ").splitlines()
    changes = [line for line in lines if line.split(" ", 1)[0] in _SETTINGS]
    return shlex.join(["docker", "import", *(word for line in changes for word in ("--change", line)), archive,
                       f"leakguard/{program}"])
