"""Files that a command makes for their owner alone."""

import os
from pathlib import Path

from ringfence.kms.key_move import sync
from ringfence.roles.refusal import RefusalError


def write_private(path: Path, data: bytes, cure: str = "name another file") -> None:
    """A new file of mode 0600, on disk as a whole or not there. RefusalError with that cure."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            path.unlink()
            raise
        sync(path.parent)
    except OSError as error:
        raise RefusalError(f"{path}: {error.strerror}", cure) from None
