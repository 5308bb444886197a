"""Packages from the npm registry for tests that run node."""
import pathlib
import shutil
import subprocess
import sys


def install_packages(source, target, after=None):
    """Installs the versions that `source`/package-lock.json pins into the folder `target`, once for each lock file, and
    copies the scripts (*.mjs) of `source` there, since node finds packages from where the importing file lies. An .npmrc
    of `source` applies.
    `after` is called after an installation. Ends the test program, saying why, without node, npm or the registry."""
    source, target = pathlib.Path(source), pathlib.Path(target)
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed: .ci/install-packages test brings it")
    target.mkdir(exist_ok=True)
    lock = (source / "package-lock.json").read_bytes()
    done = target / "installed"
    if not done.exists() or done.read_bytes() != lock:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            if (source / name).exists():
                shutil.copy(source / name, target)
        npm = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=target,
                             capture_output=True, text=True, timeout=500, check=False)
        if npm.returncode != 0:
            sys.exit(f"The packages of {source} could not be installed from the npm registry:\n{npm.stdout}{npm.stderr}")
        if after is not None:
            after()
        done.write_bytes(lock)
    for script in source.glob("*.mjs"):
        shutil.copy(script, target)
