"""What a test needs of its machine. A missing thing is a skip with its reason, never a silent pass.

Call these first, before anything is started: they end the test with exit code 77, which ctest shows as "Skipped".
"""

import os
import shutil
import sys

SKIPPED = 77


def skip(reason):
    """Ends this test as skipped, saying why on a line of its own."""
    print(f"SKIPPED: {reason}", flush=True)
    sys.exit(SKIPPED)


def find_program(name):
    """The absolute path of a program, or None. Debian's own is preferred to a newer one in /usr/local:
    a Docker client of another age than the engine may refuse to talk to it. sbin is often not on a test's PATH."""
    return shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin") or shutil.which(name)


def require_programs(*names):
    """Skips unless every named program is installed."""
    missing = [name for name in names if find_program(name) is None]
    if missing:
        skip(f"not installed: {', '.join(missing)}")


def require_root(why):
    """Skips unless root; `why` completes the sentence "needs root to …"."""
    if os.geteuid() != 0:
        skip(f"needs root to {why}")


def require_file(path, what):
    """Skips unless the file exists: `what` names it in the reader's words."""
    if not path or not os.path.exists(path):
        skip(f"{what} is not there: {path}")
