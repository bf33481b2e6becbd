"""STUN messages as connectivity checks use them: bytes to values and back, with integrity and fingerprint.

Only what ICE needs: Binding requests, their answers, and the attributes of a check. Others are carried as bytes.

Source: RFC 8489 (STUN), sections 5, 14 and 14.7; RFC 8445 (ICE), section 7.1.
"""

import hashlib
import hmac
import ipaddress
import struct
import zlib
from typing import Literal

import msgspec

from ringfence.media.rtp import InvalidPacketError

Address = tuple[str, int]
Class = Literal["request", "indication", "success", "error"]

HEADER_BYTES = 20
MAX_BYTES = 1_280
TRANSACTION_BYTES = 12
MAGIC_COOKIE = 0x2112A442
MAX_ATTRIBUTES = 32

USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
ICE_CONTROLLING = 0x802A

ROLE_CONFLICT = 487

_BINDING = 0x0001
_CLASSES: dict[Class, int] = {"request": 0x0000, "indication": 0x0010, "success": 0x0100, "error": 0x0110}
_CLASS_OF = {bits: name for name, bits in _CLASSES.items()}
_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_INTEGRITY_BYTES = _ATTRIBUTE.size + 20
_FINGERPRINT_BYTES = _ATTRIBUTE.size + 4
_FINGERPRINT_XOR = 0x5354554E


class StunMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A Binding message. `attributes` hold what stands before the integrity, first of a kind only.

    `protected` is the message's bytes up to its integrity, with `integrity` beside it: `signed_by` looks at both.
    """

    kind: Class
    transaction: bytes
    attributes: dict[int, bytes] = {}
    protected: bytes = b""
    integrity: bytes = b""

    def __repr__(self) -> str:
        return f"StunMessage({self.kind})"

    def signed_by(self, password: str) -> bool:
        """Whether it carries an integrity under this password."""
        return bool(self.integrity) and hmac.compare_digest(_integrity(self.protected, password), self.integrity)

    def number(self, attribute: int) -> int | None:
        """The value of a numeric attribute, None where it is absent."""
        value = self.attributes.get(attribute)
        return None if value is None else int.from_bytes(value, "big")

    @property
    def username(self) -> str:
        """USERNAME, "" where it is absent or not UTF-8."""
        return self.attributes.get(USERNAME, b"").decode(errors="ignore")

    @property
    def error_code(self) -> int:
        """The code of ERROR-CODE, 0 where there is none."""
        value = self.attributes.get(ERROR_CODE, b"")
        return value[2] * 100 + value[3] if len(value) >= 4 else 0


def parse_stun(data: bytes) -> StunMessage:
    """Read one Binding message, whose fingerprint must be there and right. InvalidPacketError."""
    if not HEADER_BYTES <= len(data) <= MAX_BYTES:
        raise InvalidPacketError("no message's size")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if cookie != MAGIC_COOKIE or length != len(data) - HEADER_BYTES or length % 4:
        raise InvalidPacketError("no STUN message")
    if kind & 0x3EEF != _BINDING or kind & 0x0110 not in _CLASS_OF:
        raise InvalidPacketError("not a Binding message")
    attributes: dict[int, bytes] = {}
    protected = integrity = b""
    fingerprinted = False
    at = count = 0
    body = memoryview(data)[HEADER_BYTES:]
    while at < length:
        count += 1
        if at + _ATTRIBUTE.size > length or count > MAX_ATTRIBUTES or fingerprinted:
            raise InvalidPacketError("attributes that are cut off, too many, or behind the fingerprint")
        name, size = _ATTRIBUTE.unpack_from(body, at)
        value = bytes(body[at + _ATTRIBUTE.size : at + _ATTRIBUTE.size + size])
        if len(value) != size:
            raise InvalidPacketError("an attribute longer than its message")
        if name == FINGERPRINT:
            fingerprinted = size == 4 and value == _fingerprint(data[: HEADER_BYTES + at])
            if not fingerprinted:
                raise InvalidPacketError("a wrong fingerprint")
        elif name == MESSAGE_INTEGRITY and not integrity:
            protected, integrity = _counted(data[: HEADER_BYTES + at], _INTEGRITY_BYTES), value
        elif not integrity:
            attributes.setdefault(name, value)
        at += _ATTRIBUTE.size + size + -size % 4
    if not fingerprinted:
        raise InvalidPacketError("no fingerprint")
    return StunMessage(
        kind=_CLASS_OF[kind & 0x0110],
        transaction=transaction,
        attributes=attributes,
        protected=protected,
        integrity=integrity,
    )


def write_stun(message: StunMessage, password: str = "") -> bytes:
    """A message's bytes, signed where a password is given, with its fingerprint."""
    body = b"".join(
        _ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) % 4) for name, value in message.attributes.items()
    )
    data = _HEADER.pack(_BINDING | _CLASSES[message.kind], len(body), MAGIC_COOKIE, message.transaction) + body
    if password:
        data = _counted(data, _INTEGRITY_BYTES)
        data += _ATTRIBUTE.pack(MESSAGE_INTEGRITY, 20) + _integrity(data, password)
    data = _counted(data, _FINGERPRINT_BYTES)
    return data + _ATTRIBUTE.pack(FINGERPRINT, 4) + _fingerprint(data)


def xor_address(address: Address, transaction: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS (RFC 8489, section 14.2)."""
    host = ipaddress.ip_address(address[0])
    family = 1 if host.version == 4 else 2
    return struct.pack("!BBH", 0, family, address[1] ^ MAGIC_COOKIE >> 16) + _xored(host.packed, transaction)


def read_xor_address(value: bytes, transaction: bytes) -> Address:
    """The address that such a value means. InvalidPacketError."""
    if len(value) not in (8, 20) or value[1] != (1 if len(value) == 8 else 2):
        raise InvalidPacketError("no address")
    port = int.from_bytes(value[2:4], "big") ^ MAGIC_COOKIE >> 16
    return str(ipaddress.ip_address(_xored(value[4:], transaction))), port


def error_value(code: int, reason: str) -> bytes:
    """The value of ERROR-CODE."""
    return bytes([0, 0, code // 100, code % 100]) + reason.encode()


def _xored(packed: bytes, transaction: bytes) -> bytes:
    mask = MAGIC_COOKIE.to_bytes(4, "big") + transaction
    return bytes(one ^ other for one, other in zip(packed, mask, strict=False))


def _counted(data: bytes, more: int) -> bytes:
    """The bytes with the header's length as if `more` bytes followed, as integrity and fingerprint count it."""
    length = len(data) - HEADER_BYTES + more
    return data[:2] + length.to_bytes(2, "big") + data[4:]


def _integrity(counted: bytes, password: str) -> bytes:
    return hmac.new(password.encode(), counted, hashlib.sha1).digest()


def _fingerprint(counted: bytes) -> bytes:
    return (zlib.crc32(counted) ^ _FINGERPRINT_XOR).to_bytes(4, "big")
