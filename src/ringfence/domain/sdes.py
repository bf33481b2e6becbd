"""Keys of SRTP in a description: `a=crypto` lines read and written.

What we could not do as it is asked is refused: several keys, a master key index in each packet, session parameters
that change how packets are protected. A lifetime is passed over: no call is long enough for 2^48 packets.

Source: RFC 4568, sections 4 to 6 and 9; RFC 7714, section 14.2.
"""

import base64
import binascii
import re
from collections.abc import Iterable

import msgspec

# Bytes of key and salt by suite, the ones we speak, in the order in which we prefer them.
SUITES = {
    "AEAD_AES_128_GCM": 16 + 12,
    "AES_CM_128_HMAC_SHA1_80": 16 + 14,
    "AES_CM_128_HMAC_SHA1_32": 16 + 14,
}
MAX_LINE_CHARACTERS = 512

_LINE = re.compile(r"([0-9]{1,9})[ \t]+([A-Za-z0-9_]+)[ \t]+(\S+)((?:[ \t]+\S+)*)[ \t]*")
_KEY = re.compile(r"inline:([A-Za-z0-9+/]+={0,2})(?:\|([^|;]*))?(?:\|([^|;]*))?", re.IGNORECASE)
_LIFETIME = re.compile(r"2\^([0-9]{1,2})|([0-9]{1,15})")
_INDEX = re.compile(r"([0-9]{1,10}):([0-9]{1,3})")
# The window of replays and the order of repair are ours to choose; all else changes the packets.
_HARMLESS = re.compile(r"WSH=[0-9]{2,4}", re.IGNORECASE)


class InvalidCryptoError(ValueError):
    """Not a crypto attribute, or one that we cannot follow. The reason holds no part of it."""


class Crypto(msgspec.Struct, frozen=True, kw_only=True):
    """One way to protect a stream. `key` is master key and salt as one; an answer has the `tag` of what it answers."""

    tag: int
    suite: str
    key: bytes

    def __repr__(self) -> str:
        return f"Crypto({self.tag}, {self.suite})"


def parse_crypto(value: str) -> Crypto:
    """The value of one `a=crypto` attribute, or InvalidCryptoError."""
    if len(value) > MAX_LINE_CHARACTERS:
        raise InvalidCryptoError("too long")
    line = _LINE.fullmatch(value.strip())
    if line is None:
        raise InvalidCryptoError("not of the form tag, suite, key")
    suite = line[2].upper()
    if suite not in SUITES:
        raise InvalidCryptoError("a suite that we do not speak")
    if not all(_HARMLESS.fullmatch(parameter) for parameter in line[4].split()):
        raise InvalidCryptoError("a session parameter that we do not follow")
    # Several keys would need an index on each packet to tell them apart.
    key = _KEY.fullmatch(line[3])
    if key is None:
        raise InvalidCryptoError("no single inline key")
    lifetime, index = key[2], key[3]
    if lifetime is not None and index is None and _INDEX.fullmatch(lifetime):
        lifetime, index = None, lifetime
    if index is not None:
        raise InvalidCryptoError("a master key index" if _INDEX.fullmatch(index) else "no valid master key index")
    if lifetime is not None and not _LIFETIME.fullmatch(lifetime):
        raise InvalidCryptoError("no valid lifetime")
    try:
        data = base64.b64decode(key[1] + "=" * (-len(key[1]) % 4), validate=True)
    except binascii.Error:
        raise InvalidCryptoError("a key that is no base64") from None
    # Some leave the padding away; whatever else does not read back as it was written is no base64 either.
    written = base64.b64encode(data).decode()
    if key[1] not in (written, written.rstrip("=")):
        raise InvalidCryptoError("a key that is no base64")
    if len(data) != SUITES[suite]:
        raise InvalidCryptoError("a key of another length")
    return Crypto(tag=int(line[1]), suite=suite, key=data)


def write_crypto(crypto: Crypto) -> str:
    """The value of its `a=crypto` attribute. ValueError for a suite or key that is none."""
    if len(crypto.key) != SUITES.get(crypto.suite):
        raise ValueError("a suite or key that we do not speak")
    return f"{crypto.tag} {crypto.suite} inline:{base64.b64encode(crypto.key).decode()}"


def choose_crypto(offered: Iterable[str], suites: Iterable[str] = tuple(SUITES)) -> Crypto | None:
    """The first of the offered attributes, in the offer's order, that we can follow; None where there is none."""
    spoken = frozenset(suites)
    for value in offered:
        try:
            crypto = parse_crypto(value)
        except InvalidCryptoError:
            continue
        if crypto.suite in spoken:
            return crypto
    return None


def answered_crypto(offered: Iterable[Crypto], answer: str) -> Crypto:
    """The answer's attribute to what we offered: one of our tags with its suite. InvalidCryptoError."""
    crypto = parse_crypto(answer)
    if (crypto.tag, crypto.suite) not in {(own.tag, own.suite) for own in offered}:
        raise InvalidCryptoError("an answer to nothing that was offered")
    return crypto
