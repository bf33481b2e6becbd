"""Canaries: unique marks put into every class of content, and a scanner that knows nothing but bytes.

The scanner never asks the product. It undoes, to a bounded depth, the ways in which text hides in files and answers:
hex, base64 and base64url at any alignment, percent, JSON escapes, UTF-16, gzip and zlib; then it looks for marks.
"""

import base64
import binascii
import hashlib
import re
import zlib
from collections.abc import Iterator

DEPTH = 3
INFLATE_LIMIT_BYTES = 64 << 20
INFLATE_STEP_BYTES = 256

_MARK = re.compile(rb"[0-9a-f]{32}")
_DIGITS = re.compile(rb"[0-9]{10,}")
_HEX_RUN = re.compile(rb"[0-9a-fA-F]{20,}")
_BASE64_RUN = re.compile(rb"[A-Za-z0-9+/_-]{24,}")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_JSON_ESCAPE = re.compile(rb"\\u00([0-9a-fA-F]{2})")
_DEFLATED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_IS_HEX = bytes(byte in b"0123456789abcdef" for byte in range(256))
_HEX_MARK = b"\1" * 32
NUMBER_DIGITS = 10
# What is shorter occurs by chance.
SECRET_BYTES = 8


class Canaries:
    """The marks of one seeded copy: 128 bits of hex for text, a number of its own for To and From."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._marks: dict[bytes, tuple[str, str]] = {}
        self._numbers: dict[bytes, tuple[str, str]] = {}
        self._secrets: dict[bytes, tuple[str, str]] = {}

    def mark(self, tenant: str, kind: str) -> str:
        """A text of 32 hex digits found nowhere else; the same one for the same tenant and kind."""
        mark = hashlib.blake2s(f"{tenant}|{kind}".encode(), key=self._seed[:32], digest_size=16).hexdigest()
        self._marks[mark.encode()] = (tenant, kind)
        return mark

    def number(self, tenant: str, kind: str, index: int) -> str:
        """A US number in E.164 that no other tenant has, for `index` below 8,000,000."""
        subscriber = f"212{2_000_000 + index:07d}"
        self._numbers[subscriber.encode()] = (tenant, kind)
        return f"+1{subscriber}"

    def code(self, tenant: str, kind: str, index: int) -> str:
        """Ten digits, the same for the same tenant and `index`."""
        seed = hashlib.blake2s(f"{tenant}|{kind}|{index}".encode(), key=self._seed[:32]).digest()
        code = f"{int.from_bytes(seed, 'big') % 10**NUMBER_DIGITS:0{NUMBER_DIGITS}d}"
        self.learn(code, tenant, kind)
        return code

    def learn(self, digits: str, tenant: str, kind: str) -> None:
        """Look for these ten digits too, which somebody else has made."""
        if len(digits) != NUMBER_DIGITS:
            raise ValueError("ten digits are looked for, no fewer and no more")
        self._numbers.setdefault(digits.encode(), (tenant, kind))

    def learn_secret(self, secret: bytes, tenant: str, kind: str) -> None:
        """Look for these bytes too, which somebody else has made: a key or a password."""
        if len(secret) < SECRET_BYTES:
            raise ValueError("eight bytes or more are looked for")
        self._secrets.setdefault(secret, (tenant, kind))

    def found_in(self, data: bytes) -> set[tuple[str, str]]:
        """(tenant, kind) of every canary that occurs in `data`, in any form the scanner undoes."""
        found: set[tuple[str, str]] = set()
        for view in _views(data, DEPTH):
            for match in _MARK.finditer(view):
                self._look_up(match.group(), 32, self._marks, found)
            for match in _DIGITS.finditer(view):
                self._look_up(match.group(), NUMBER_DIGITS, self._numbers, found)
            found.update(whose for secret, whose in self._secrets.items() if secret in view)
        return found

    def marks_lying_in(self, data: bytes) -> set[tuple[str, str]]:
        """(tenant, kind) of every mark that lies in `data` as it is: for memory, of which there is much."""
        found: set[tuple[str, str]] = set()
        is_hex = data.translate(_IS_HEX)
        at = is_hex.find(_HEX_MARK)
        while at >= 0:
            whose = self._marks.get(data[at : at + len(_HEX_MARK)])
            if whose is not None:
                found.add(whose)
            at = is_hex.find(_HEX_MARK, at + 1)
        return found

    @staticmethod
    def _look_up(run: bytes, size: int, known: dict[bytes, tuple[str, str]], found: set[tuple[str, str]]) -> None:
        for start in range(len(run) - size + 1):
            whose = known.get(run[start : start + size])
            if whose is not None:
                found.add(whose)


def _views(data: bytes, depth: int) -> Iterator[bytes]:
    """`data`, and all that it becomes when one encoding after another is undone."""
    yield data
    if depth == 0 or not data:
        return
    for undone in _undo(data):
        if undone and undone != data:
            yield from _views(undone, depth - 1)


def _undo(data: bytes) -> Iterator[bytes]:
    yield from _inflate(data)
    yield b"\n".join(_hex_forms(data))
    yield b"\n".join(_base64_forms(data))
    if b"%" in data:
        yield _PERCENT.sub(_byte, data)
    if b"\\u00" in data:
        yield _JSON_ESCAPE.sub(_byte, data)
    if data.count(0) > len(data) // 16 or b"\x000\x00" in data:
        yield data[0::2]
        yield data[1::2]


def _inflate(data: bytes) -> Iterator[bytes]:
    for match in _DEFLATED.finditer(data):
        yield _inflate_from(data, match.start())


def _inflate_from(data: bytes, start: int) -> bytes:
    """What a stream gives until it ends or turns out to be none, in small steps so that a bad end costs little."""
    engine = zlib.decompressobj(wbits=47)
    out = bytearray()
    for at in range(start, len(data), INFLATE_STEP_BYTES):
        try:
            out += engine.decompress(data[at : at + INFLATE_STEP_BYTES], INFLATE_LIMIT_BYTES)
        except zlib.error:
            break
        if engine.eof or len(out) > INFLATE_LIMIT_BYTES:
            break
    return bytes(out)


def _base64_forms(data: bytes) -> Iterator[bytes]:
    for run in _BASE64_RUN.findall(data):
        standard = run.replace(b"-", b"+").replace(b"_", b"/")
        for start in range(4):
            try:
                yield base64.b64decode(standard[start:] + b"===")
            except binascii.Error:
                continue


def _hex_forms(data: bytes) -> Iterator[bytes]:
    for run in _HEX_RUN.findall(data):
        for start in range(2):
            aligned = run[start : start + (len(run) - start) // 2 * 2]
            yield bytes.fromhex(aligned.decode())


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match.group(1).decode())
