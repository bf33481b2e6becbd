"""How the key files of one key service rest: as they are, sealed by a passphrase, or sealed by a key in an HSM.

`rest.json` beside the key files says which; without it they lie there as they are. It holds no secret.
"""

import os
from pathlib import Path
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

REST = "rest.json"
ID_BYTES = 8
SALT_BYTES = 16
# RFC 9106, section 4, asks for 64 MiB at least where memory is tight; a key service starts seldom and can give more.
MEMORY_KIB = 256 * 1024
PASSES = 3
LANES = 4


class KeyFileError(Exception):
    """A key file is missing, damaged, sealed, or open to others; the text names the file."""


class WrongSecretError(KeyFileError):
    """The passphrase or PIN does not open the key files."""


class FileRest(msgspec.Struct, frozen=True, tag_field="kind", tag="file"):
    """As they are: 32 bytes each, protected by the modes of file and folder."""


class PassphraseRest(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="passphrase"):
    """Sealed under what Argon2id makes of a passphrase. `check` is an empty seal that tells a wrong one."""

    id: Annotated[bytes, Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
    salt: Annotated[bytes, Meta(min_length=SALT_BYTES, max_length=SALT_BYTES)]
    memory_kib: Annotated[int, Meta(ge=8 * LANES, le=4 << 20)] = MEMORY_KIB
    passes: Annotated[int, Meta(ge=1, le=1_000)] = PASSES
    lanes: Annotated[int, Meta(ge=1, le=64)] = LANES
    check: bytes = b""


class HsmRest(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="pkcs11"):
    """Sealed by an AES key that a token makes, keeps and uses. `module` is the token's PKCS#11 library."""

    id: Annotated[bytes, Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
    module: str
    token: str
    key: str
    check: bytes = b""


Rest = FileRest | PassphraseRest | HsmRest


class KeySeal(Protocol):
    """Seals a key for its file, and opens it. `rest` says how."""

    @property
    def rest(self) -> Rest: ...

    def seal(self, name: str, key: bytes) -> bytes:
        """What the file of that name holds. OSError where it cannot be sealed now."""

    def unseal(self, name: str, sealed: bytes) -> bytes:
        """The key. KeyFileError where the file does not hold it, OSError where it cannot be opened now."""


class PlainSeal:
    """No seal at all."""

    rest = FileRest()

    def seal(self, name: str, key: bytes) -> bytes:
        return key

    def unseal(self, name: str, sealed: bytes) -> bytes:
        return sealed


def kind_of(rest: Rest) -> str:
    """ "file", "passphrase" or "pkcs11"."""
    return str(type(rest).__struct_config__.tag)


def rest_of(keys: Path) -> Rest:
    """How the key files in the folder `keys` rest. KeyFileError where that cannot be told."""
    try:
        written = (keys / REST).read_bytes()
    except FileNotFoundError:
        return FileRest()
    try:
        found: Rest = msgspec.json.decode(written, type=Rest)
        return found
    except msgspec.DecodeError:
        raise KeyFileError(f"{REST} is damaged") from None


def write_rest(keys: Path, rest: Rest) -> None:
    """Put it there, durably but for the folder's own entry. OSError where something is there already."""
    descriptor = os.open(keys / REST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, msgspec.json.encode(rest))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
