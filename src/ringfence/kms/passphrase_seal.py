"""Key files sealed by a passphrase: AES-256-GCM under a key that Argon2id (RFC 9106) makes of it.

A file is a mark, the rest's id, and what `domain.sealing.aead` makes: 72 bytes. The seal binds name and id.
"""

import os
import unicodedata

import msgspec
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from ringfence.domain.sealing.aead import UnsealError, place, seal, unseal
from ringfence.domain.sealing.hkdf import KEY_BYTES
from ringfence.kms.key_rest import (
    ID_BYTES,
    LANES,
    MEMORY_KIB,
    PASSES,
    SALT_BYTES,
    KeyFileError,
    PassphraseRest,
    WrongSecretError,
)

PASSPHRASE_MIN = 12
MARK = b"rfp1"
_PLACE = "ringfence/key-file/passphrase/v1"


class PassphraseSeal:
    """The seal of one passphrase. WrongSecretError where it is not the one that `rest` was made with."""

    def __init__(self, rest: PassphraseRest, passphrase: bytes) -> None:
        self.rest = rest
        self._key = _stretched(rest, passphrase)
        if rest.check:
            try:
                unseal(self._key, rest.check, self._where("check"))
            except UnsealError:
                raise WrongSecretError("the passphrase is not the one that sealed the key files") from None

    def __repr__(self) -> str:
        return "PassphraseSeal()"

    @classmethod
    def new(cls, passphrase: bytes, *, memory_kib: int = MEMORY_KIB, passes: int = PASSES) -> "PassphraseSeal":
        """A seal with a salt of its own. ValueError for a passphrase of fewer than 12 characters."""
        if len(_normal(passphrase)) < PASSPHRASE_MIN:
            raise ValueError(f"a passphrase has {PASSPHRASE_MIN} characters at least")
        made = cls(
            PassphraseRest(
                id=os.urandom(ID_BYTES),
                salt=os.urandom(SALT_BYTES),
                memory_kib=memory_kib,
                passes=passes,
                lanes=LANES,
            ),
            passphrase,
        )
        made.rest = msgspec.structs.replace(made.rest, check=seal(made._key, b"", made._where("check")))
        return made

    def seal(self, name: str, key: bytes) -> bytes:
        return MARK + self.rest.id + seal(self._key, key, self._where(name))

    def unseal(self, name: str, sealed: bytes) -> bytes:
        head = MARK + self.rest.id
        try:
            if not sealed.startswith(head):
                raise UnsealError
            return unseal(self._key, sealed[len(head) :], self._where(name))
        except UnsealError:
            raise KeyFileError(f"{name}.key is damaged, or sealed by another passphrase") from None

    def _where(self, name: str) -> bytes:
        return place(_PLACE, self.rest.id.hex(), name)


def _stretched(rest: PassphraseRest, passphrase: bytes) -> bytes:
    stretch = Argon2id(
        salt=rest.salt, length=KEY_BYTES, iterations=rest.passes, lanes=rest.lanes, memory_cost=rest.memory_kib
    )
    return stretch.derive(_normal(passphrase).encode())


def _normal(passphrase: bytes) -> str:
    """The same however a keyboard composes its letters (RFC 8265, OpaqueString). WrongSecretError for no text."""
    try:
        return unicodedata.normalize("NFC", passphrase.decode())
    except UnicodeDecodeError:
        raise WrongSecretError("a passphrase is text in UTF-8") from None
