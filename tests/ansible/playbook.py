"""Runs the collection's playbook and tells what each task did. All tools work on a copy of ansible/, since they leave
caches where they run."""

import os
import re
import shutil
import subprocess
import tempfile

from harness.requirements import find_program

SOURCE = os.environ["LEAKGUARD_SOURCE_DIR"]


class Collection:
    """A throw-away copy of ansible/, with a home folder for the tools. Use it as a context manager."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="leakguard-ansible-")
        self.path = os.path.join(self._folder.name, "ansible")
        shutil.copytree(f"{SOURCE}/ansible", self.path)
        return self

    def __exit__(self, kind, error, trace):
        self._folder.cleanup()

    def tool(self, *command, prefix=()):
        """(exit status, all output) of one tool, run in the copy."""
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        environment = {**inherited, "HOME": self._folder.name, "ANSIBLE_NOCOLOR": "1", "NO_COLOR": "1",
                       "ANSIBLE_LOCALHOST_WARNING": "false", "LC_ALL": "C.UTF-8"}
        program, *arguments = command
        answer = subprocess.run([*prefix, find_program(program), *arguments], cwd=self.path, env=environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=280, check=False)
        return answer.returncode, answer.stdout

    def play(self, *options, prefix=()):
        """(exit status, {task: "ok" | "changed" | "skipping" | "fatal"}, all output) of site.yml on this machine."""
        status, output = self.tool("ansible-playbook", "--inventory", "localhost,", "--connection", "local", *options,
                                   "site.yml", prefix=prefix)
        return status, results_of(output), output


def results_of(output):
    """What each task and handler did, from ansible-playbook's own words."""
    results = {}
    for part in re.split(r"^(?:TASK|RUNNING HANDLER) \[", output, flags=re.MULTILINE)[1:]:
        name = part.split("]", 1)[0].removeprefix("leakguard : ")
        state = re.search(r"^(ok|changed|skipping|fatal): \[localhost\]", part, re.MULTILINE)
        results[name] = state.group(1) if state else "none"
    return results
