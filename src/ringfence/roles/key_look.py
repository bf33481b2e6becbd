"""Look at how the key files rest, without what opens them: is everything there that will be needed?"""

import stat
from pathlib import Path

from ringfence.domain.sealing.hkdf import KEY_BYTES
from ringfence.kms.hsm_seal import EXTRA, token_is_there
from ringfence.kms.key_move import is_unsettled
from ringfence.kms.key_rest import HsmRest, KeyFileError, Rest, kind_of, rest_of
from ringfence.kms.unlock import KEYS
from ringfence.roles.key_secret import credential

RESTORE = "restore the folder from its copy: the folder with mode 0700, its files with 0600"


class KeyRestError(Exception):
    """What is wrong with the key files; `cure` says what to do."""

    def __init__(self, cause: str, cure: str) -> None:
        super().__init__(cause)
        self.cure = cure


def look_at_rest(directory: Path) -> str:
    """How the key files of a key service rest, in a line. KeyRestError. PermissionError for another user's."""
    keys = directory / KEYS
    if not keys.exists():
        return "none yet: the first start makes them, as files"
    if is_unsettled(keys):
        raise KeyRestError("a move of the key files was interrupted", "`ringfence up` ends it, as does `keys move`")
    try:
        rest = rest_of(keys)
    except KeyFileError as error:
        raise KeyRestError(str(error), RESTORE) from None
    files = sorted(keys.glob("*.key"))
    if stat.S_IMODE(keys.stat().st_mode) & 0o077:
        raise KeyRestError(f"{keys} is open to other users", f"chmod 700 {keys}")
    for path in files:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise KeyRestError(f"{path} is open to other users", f"chmod 600 {path}")
        if (path.stat().st_size == KEY_BYTES) != (kind_of(rest) == "file"):
            raise KeyRestError(f"{path} is not of the kind {kind_of(rest)}", RESTORE)
    return f"{len(files)} {_told(rest)}"


def _told(rest: Rest) -> str:
    if kind_of(rest) == "file":
        return "as files: whoever takes the disk has them (`ringfence keys move passphrase`)"
    asked = "asked for at each start" if credential() is None else "given by systemd"
    if not isinstance(rest, HsmRest):
        return f"sealed by a passphrase, {asked}"
    if not Path(rest.module).exists():
        raise KeyRestError(f"{rest.module} is missing, by which the key files open", "install the token's library")
    try:
        there = token_is_there(rest)
    except KeyFileError as error:
        raise KeyRestError(str(error), EXTRA) from None
    if not there:
        raise KeyRestError(f"{rest.module} has no token {rest.token} now", "connect it")
    return f"sealed by the key {rest.key} of the token {rest.token}, PIN {asked}"
