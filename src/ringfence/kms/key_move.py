"""Move the key files of a stopped key service from one rest to another, so that a crash leaves one or the other whole.

The new set is made in `moving/` beside the old one. Renaming that folder to `moved/` is the moment of the move: what
is interrupted before it never was, what is interrupted after it is finished by whoever comes next, without a secret.
"""

import os
from pathlib import Path

from ringfence.domain.sealing.hkdf import KEY_BYTES
from ringfence.kms.key_rest import REST, KeyFileError, KeySeal, write_rest

MOVING = "moving"
MOVED = "moved"


def move_keys(keys: Path, old: KeySeal, new: KeySeal) -> int:
    """Every key file in `keys` rests as `new` says; how many there were. KeyFileError, OSError: nothing is moved.

    Only for whoever has the key service's folder to himself.
    """
    settle_move(keys)
    moving = keys / MOVING
    moving.mkdir(mode=0o700)
    names = sorted(path.stem for path in keys.glob("*.key"))
    for name in names:
        key = old.unseal(name, (keys / f"{name}.key").read_bytes())
        if len(key) != KEY_BYTES:
            raise KeyFileError(f"{name}.key is damaged")
        _write(moving / f"{name}.key", new.seal(name, key))
        if new.unseal(name, (moving / f"{name}.key").read_bytes()) != key:
            raise KeyFileError(f"{name}.key did not come back as it was sealed")
    write_rest(moving, new.rest)
    sync(moving)
    moving.rename(keys / MOVED)
    sync(keys)
    settle_move(keys)
    return len(names)


def settle_move(keys: Path) -> None:
    """Finish a move that was interrupted, or clear away one that was not made. Again is a no-op."""
    moved, moving = keys / MOVED, keys / MOVING
    if moved.exists():
        # Key files first: `rest.json` says how they rest, and whoever reads in between is told by the folder.
        for new in sorted(moved.iterdir(), key=lambda path: path.name == REST):
            old = keys / new.name
            if old.exists():
                overwrite(old)
            new.rename(old)
        sync(keys)
        moved.rmdir()
        sync(keys)
    if moving.exists():
        for left in moving.iterdir():
            overwrite(left)
            left.unlink()
        moving.rmdir()
        sync(keys)


def is_unsettled(keys: Path) -> bool:
    """Whether a move was interrupted after it was made: then the key files are of two kinds."""
    return (keys / MOVED).exists()


def overwrite(path: Path) -> None:
    """Write over a file's bytes, durably."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, os.urandom(os.fstat(descriptor).st_size))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync(directory: Path) -> None:
    """What was made, renamed and removed there is on disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
