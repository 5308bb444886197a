"""The shared libraries that a binary loads, so that it can run where nothing else is installed."""

import os
import re
import subprocess


def shared_libraries(binary):
    """Absolute paths of every library `ldd` resolves for the binary, its loader included; empty for a static one.
    Raises FileNotFoundError when one cannot be resolved on this machine."""
    answer = subprocess.run(["ldd", binary], capture_output=True, text=True, check=False)
    if answer.returncode != 0:  # "not a dynamic executable"
        return []
    missing = re.findall(r"^\s*(\S+) => not found", answer.stdout, re.MULTILINE)
    if missing:
        raise FileNotFoundError(f"{binary} needs {', '.join(missing)}")
    return sorted(set(re.findall(r"(/\S+) \(0x", answer.stdout)))


def with_libraries(binaries):
    """{destination: source} of the binaries and of all libraries they need, each library at its own path."""
    files = {}
    for destination, source in binaries.items():
        source = os.path.abspath(source)
        files[destination] = source
        for library in shared_libraries(source):
            files[library] = library
    return files
