"""Where the sockets of one installation live: DATA/run, or a short private place when that path is too long."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from ringfence.roles.refusal import RefusalError

# sun_path of sockaddr_un(7) holds 108 bytes on Linux, 104 on macOS and the BSDs, the closing NUL included.
SOCKET_PATH_MAX_BYTES = 103
LONGEST_SOCKET_NAME = "live-dispatcher.sock"


def run_dir_of(data_dir: Path) -> Path:
    """The folder for sockets, lock and clock of the installation at `data_dir`; the same answer every time."""
    near = data_dir / "run"
    if len(os.fsencode(near / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES:
        return near
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"ringfence-{os.getuid()}-{name}"


def sockets_in(folder: Path) -> Path:
    """The folder of sockets that another installation means: its DATA/run, wherever that had to go, or any other."""
    return run_dir_of(folder.parent) if folder.name == "run" else folder


def make_private(folder: Path) -> None:
    """Make `folder` (and its parents) with mode 0700. Refused when it is a link, or another user's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise RefusalError(f"{folder} is not a folder of this user", "remove it, or choose another with --data")
    if found.st_mode & 0o077:
        folder.chmod(0o700)
