"""Which process listens on a TCP port. Source: proc(5), /proc/net/tcp."""

import contextlib
from pathlib import Path

import msgspec

_LISTEN = "0A"


class PortOwner(msgspec.Struct, frozen=True):
    """A process and the name of its program."""

    pid: int
    name: str


def owner_of(port: int, proc: Path = Path("/proc")) -> PortOwner | None:
    """The listener of `port` on this machine; None when there is none, or it is another user's, or no /proc."""
    wanted = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not wanted:
        return None
    for folder in proc.glob("[0-9]*"):
        # Processes end while they are looked at, and other users' are closed to us.
        with contextlib.suppress(OSError):
            if any(_target(link) in wanted for link in (folder / "fd").iterdir()):
                return PortOwner(int(folder.name), (folder / "comm").read_text().strip())
    return None


def _inodes(port: int, proc: Path) -> set[str]:
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (proc / "net" / table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTEN and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(columns[9])
    return found


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
