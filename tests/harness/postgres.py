"""A real PostgreSQL server with a cluster of its own in a temporary folder, on a loopback port, that syncs to disk.

    with Postgres() as server:
        url = server.url                          # postgresql://chatcore:…@127.0.0.1:PORT/chatcore
        server.psql("SELECT count(*) FROM chatcore.messages")     # "42"
        server.pause(); server.resume()           # SIGSTOP, SIGCONT to all of its processes
        server.crash(); server.start()            # SIGKILL to all of them: what was committed is there again
        server.stop(); server.start()             # the same port and the same data

The server refuses to be root, so as root it runs as the user `postgres` that Debian's package makes. Use it from the
main thread.
"""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from harness.process import Program, free_port, wait_until
from harness.requirements import find_program, skip

PASSWORD = "p@ss/word:%&?"  # has all that must be escaped in a URL
ESCAPED_PASSWORD = "p%40ss%2Fword%3A%25%26%3F"
PATIENCE = 60  # seconds until a server answers on a busy machine


def program(name):
    """The newest installed PostgreSQL's program of that name, or None."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=lambda path: float(path.split("/")[4]))
    return found[-1] if found else find_program(name)


def require_postgres():
    """Skips the test unless a PostgreSQL server is installed."""
    if not program("initdb") or not program("postgres"):
        skip("not installed: postgresql")


class Postgres:
    def __init__(self, settings=None):
        """`settings` are lines of postgresql.conf besides its own."""
        require_postgres()
        self.port = free_port()
        self._settings = dict(settings or {})
        self._folder = tempfile.mkdtemp(prefix="leakguard-postgres-")
        self._data = os.path.join(self._folder, "data")
        self._server = None
        self._as_user = []
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            self._as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
                             "--pdeathsig=INT"]  # the kernel forgets ours when the user changes
        self.url = self.url_of("chatcore")

    def url_of(self, database):
        return f"postgresql://chatcore:{ESCAPED_PASSWORD}@127.0.0.1:{self.port}/{database}"

    def __enter__(self):
        try:
            self._create()
            self.start()
            self.psql("CREATE DATABASE chatcore", database="postgres")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind, error, trace):
        self.crash()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, command, **arguments):
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, **arguments)
        if done.returncode != 0:
            raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def _create(self):
        secret = os.path.join(self._folder, "password")
        with open(secret, "w", encoding="utf-8") as file:
            file.write(PASSWORD + "\n")
        self._run([*self._as_user, program("initdb"), f"--pgdata={self._data}", "--username=chatcore", "--encoding=UTF8",
                   "--locale=C", "--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions"], cwd=self._folder)

    def start(self):
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "",
                    "shared_buffers": "32MB", "max_connections": 100, "log_min_messages": "warning",
                    "fsync": "on"} | self._settings
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._server = Program([*self._as_user, program("postgres"), "-D", self._data, *flags], cwd=self._folder)
        wait_until(self.answers, PATIENCE, "PostgreSQL to answer", every=0.1)

    def answers(self):
        if self._server.exit_code() is not None:
            raise AssertionError(f"PostgreSQL ended at start:\n{self._server.output()[-4000:]}")
        ready = subprocess.run([program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False,
                               timeout=PATIENCE)
        return ready.returncode == 0

    def stop(self):
        """Ends all connections, writes everything out and ends."""
        self._server.send(signal.SIGINT)
        self._server.wait(PATIENCE)
        self._server = None

    def crash(self):
        """Ends at once, as by a fault: nothing is written out."""
        if self._server is None:
            return
        processes = self.processes()
        for pid in processes:
            self._signal(pid, signal.SIGKILL)
        self._server.wait(PATIENCE)
        wait_until(lambda: not any(_is_alive(pid) for pid in processes), PATIENCE, "PostgreSQL's processes to end")
        self._server = None

    def pause(self):
        """Stands still, as on a machine that hangs: connections stay, nothing is answered."""
        for pid in self.processes():
            self._signal(pid, signal.SIGSTOP)

    def resume(self):
        for pid in self.processes():
            self._signal(pid, signal.SIGCONT)

    def processes(self):
        """The server's process and its children's."""
        found = [self._server.pid]
        for path in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue  # ended meanwhile
            if int(fields[1]) == self._server.pid:
                found.append(int(path.split("/")[2]))
        return found

    def psql(self, sql, database="chatcore"):
        """The answer's rows, a line each, columns parted by "|"."""
        return self._run(self._psql(sql, database), env=self._with_password()).strip()

    def _psql(self, sql, database):
        return [program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                str(self.port), "-U", "chatcore", "-d", database, "-c", sql]

    @staticmethod
    def _with_password():
        return os.environ | {"PGPASSWORD": PASSWORD}

    @staticmethod
    def _signal(pid, number):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass  # ended meanwhile


def _is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
