"""A PostgreSQL server for as long as a test or a measurement takes: the machine's own programs, in a new folder."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path


class PostgresServer:
    """A real server on a Unix socket in its folder, with fsync on; `run` and `url` reach its databases."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.folder = folder
        self._binaries = binaries
        self._data = folder / "data"
        self._made = 0
        # The server refuses to run as root.
        self._user = next(name for name in ("postgres", "nobody") if _has_user(name)) if os.getuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        arguments = ["-D", str(self._data), "-U", "ringfence", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        subprocess.run(  # noqa: S603 - the machine's own server
            [binaries / "initdb", *arguments], user=self._user, cwd=folder, check=True, stdout=subprocess.DEVNULL
        )

    def start(self, **settings: str) -> None:
        """Start it, again after `kill` too; `settings` go on its command line."""
        chosen = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "shared_buffers": "16MB",
            "log_min_messages": "fatal",
            "max_wal_size": "256MB",
        } | settings
        options = [f"-c{name}={value}" for name, value in chosen.items()]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the machine's own server
                [self._binaries / "postgres", "-D", self._data, *options],
                user=self._user,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 30
        while self._psql("postgres", "SELECT 1", check=False).returncode:
            if self._process.poll() is not None:
                # Processes of a killed server are still about: they end by themselves.
                time.sleep(0.2)
                return self.start(**settings)
            assert time.monotonic() < until, (self.folder / "log").read_text()[-2000:]
            time.sleep(0.05)
        return None

    def database(self) -> str:
        """A new, empty database; its URL."""
        self._made += 1
        name = f"test_{self._made}"
        self.run("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str, user: str = "ringfence") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def run(self, database: str, sql: str) -> str:
        """What SQL answers, by psql: one line a row, | between columns."""
        return str(self._psql(database, sql, check=True).stdout).strip()

    def pids(self) -> list[int]:
        """The server's processes, its first one first."""
        assert self._process is not None
        first = self._process.pid
        return [first, *map(int, Path(f"/proc/{first}/task/{first}/children").read_text().split())]

    def limit_files(self, size: int) -> None:
        """Let no file grow beyond `size` bytes, as on a disk that is full; 0: as large as they like."""
        for pid in self.pids():
            subprocess.run(  # noqa: S603 - the machine's own program
                ["/usr/bin/prlimit", f"--pid={pid}", f"--fsize={size or 'unlimited'}:"], user=self._user, check=True
            )

    def kill(self) -> None:
        """SIGKILL: no checkpoint, no goodbye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(20)

    def _psql(self, database: str, sql: str, *, check: bool) -> "subprocess.CompletedProcess[str]":
        command = [str(self._binaries / "psql"), "-X", "-At", "-h", str(self.folder), "-U", "ringfence", "-d", database]
        return subprocess.run(  # noqa: S603 - the machine's own client
            [*command, "-c", sql], check=check, capture_output=True, text=True
        )


def _has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def server_programs() -> Path | None:
    """Where the newest server of this machine lies."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if on_path := shutil.which("initdb"):
        found.append(Path(on_path).resolve().parent)
    return max(found, key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0, default=None)


@contextlib.contextmanager
def postgres_server_of_its_own() -> Iterator[PostgresServer]:
    """A running server, ended and erased at the end. FileNotFoundError where no server is installed."""
    programs = server_programs()
    if programs is None:
        raise FileNotFoundError("no PostgreSQL server here: as root, apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="ringfence-postgres-"))
    server = None
    try:
        server = PostgresServer(programs, folder)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
