"""An officer of a duty: one of those of whom two together open what it kept, by a key that only the officer has.

The key is a seed of 32 random bytes, made and kept on the officer's own machine. From it come an X25519 key, to which
shares are sealed, and an Ed25519 key, which signs what the officer agrees to. What is given away is one line:

    ringfence-officer+NAME+<base64 of both public halves, 64 bytes>
"""

import base64
import binascii
import os
import re

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ringfence.domain.sealing import hkdf
from ringfence.domain.sealing.hpke import PUBLIC_BYTES, Recipient

SEED_BYTES = 32
MARK = "ringfence-officer"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_SALT = b"ringfence/officer/v1"


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """The public half: `sealing` of X25519, `signing` of Ed25519, 32 bytes each."""

    name: str
    sealing: bytes
    signing: bytes

    @property
    def line(self) -> str:
        """As it is given away."""
        return f"{MARK}+{self.name}+{base64.b64encode(self.sealing + self.signing).decode()}"

    def signed(self, signature: bytes, message: bytes) -> bool:
        """Whether the officer signed this."""
        try:
            Ed25519PublicKey.from_public_bytes(self.signing).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class OfficerKey:
    """The private half, of its name and seed. ValueError for a name that is none."""

    def __init__(self, name: str, seed: bytes) -> None:
        check_name(name)
        if len(seed) != SEED_BYTES:
            raise ValueError("an officer's seed has 32 bytes")
        self.recipient = Recipient(hkdf.derive(seed, _SALT, b"sealing"))
        self._signing = Ed25519PrivateKey.from_private_bytes(hkdf.derive(seed, _SALT, b"signing"))
        self.officer = Officer(
            name=name, sealing=self.recipient.public, signing=self._signing.public_key().public_bytes_raw()
        )

    def __repr__(self) -> str:
        return f"OfficerKey({self.officer.name})"

    def sign(self, message: bytes) -> bytes:
        """64 bytes, which `Officer.signed` checks."""
        return self._signing.sign(message)


def new_seed() -> bytes:
    """A seed from the system's random source."""
    return os.urandom(SEED_BYTES)


def check_name(name: str) -> None:
    """ValueError for what is no officer's name."""
    if not NAME.fullmatch(name):
        raise ValueError("an officer's name is 1 to 32 of A-Z a-z 0-9 . _ -, and begins with a letter or digit")


def parse_officer(line: str) -> Officer:
    """The inverse of `Officer.line`. ValueError, which says what is wrong with it."""
    mark, _, rest = line.strip().partition("+")
    name, _, encoded = rest.partition("+")
    if mark != MARK:
        raise ValueError(f"an officer's public key is one line that begins with {MARK}+")
    check_name(name)
    try:
        keys = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise ValueError("an officer's public key is damaged") from None
    if len(keys) != 2 * PUBLIC_BYTES:
        raise ValueError("an officer's public key is damaged")
    return Officer(name=name, sealing=keys[:PUBLIC_BYTES], signing=keys[PUBLIC_BYTES:])
