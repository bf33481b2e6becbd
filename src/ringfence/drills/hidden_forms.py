"""What bytes become when the encodings that text hides in are undone, one inside another.

Undone are hex, base64 and base64url at any alignment, percent, JSON escapes, UTF-16, gzip and zlib, to a bounded depth.
Files of a database say most things many times over: what was undone once is not undone again.
"""

import binascii
import re
import zlib
from collections.abc import Iterator

DEPTH = 4
INFLATE_LIMIT_BYTES = 64 << 20
INFLATE_STEP_BYTES = 256
# The shortest that is looked for in UTF-16: of so many characters all but the last have a zero after them.
WIDE_CHARACTERS = 8

# Hex and digits consist of the letters of base64, so that all three are looked for in these, and nowhere else.
_RUN = re.compile(rb"[A-Za-z0-9+/_-]{10,}")
_HEX_RUN = re.compile(rb"[0-9a-fA-F]{20,}")
# Of ten bytes, as a number has.
_BASE64_CHARACTERS = 14
_STANDARD = bytes.maketrans(b"-_", b"+/")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
# JSON in JSON has two backslashes, or four.
_JSON_ESCAPE = re.compile(rb"\\+u00([0-9a-fA-F]{2})")
_DEFLATED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_ZEROS = re.compile(rb"\x00{%d,}" % (WIDE_CHARACTERS - 1))


class View:
    """Bytes after some encodings were undone, and those runs of letters, digits and `+/_-` in them that are new."""

    __slots__ = ("data", "runs")

    def __init__(self, data: bytes, runs: list[bytes]) -> None:
        self.data = data
        self.runs = runs

    def __repr__(self) -> str:
        return f"View({len(self.data)} bytes)"


def views(data: bytes) -> Iterator[View]:
    """`data`, and all that it becomes. Runs are ten bytes or longer; one that came before does not come again."""
    yield from _Undoing().views(data, DEPTH)


class _Undoing:
    """What was seen, with how much deeper it was looked into: it is undone again where it can be deeper."""

    def __init__(self) -> None:
        self._runs: dict[bytes, int] = {}
        self._whole: dict[int, int] = {}

    def views(self, data: bytes, depth: int) -> Iterator[View]:
        if not data or self._whole.get(hash(data), -1) >= depth:
            return
        self._whole[hash(data)] = depth
        runs = [run for run in set(_RUN.findall(data)) if self._runs.get(run, -1) < depth]
        self._runs.update(dict.fromkeys(runs, depth))
        yield View(data, runs)
        if depth:
            for undone in _undo(data, runs):
                yield from self.views(undone, depth - 1)


def _undo(data: bytes, runs: list[bytes]) -> Iterator[bytes]:
    yield from _inflate(data)
    yield _from_hex(runs)
    yield _from_base64(runs)
    if b"%" in data:
        yield _PERCENT.sub(_byte, data)
    if b"\\u00" in data:
        yield _JSON_ESCAPE.sub(_byte, data)
    yield b"\n".join([*_narrowed(data[0::2], data[1::2]), *_narrowed(data[1::2], data[2::2])])


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


def _from_hex(runs: list[bytes]) -> bytes:
    """Every run of hex at both alignments, one after another with a line's end between."""
    found = [run for text in runs for run in _HEX_RUN.findall(text)]
    aligned = [run[start : start + (len(run) - start) // 2 * 2] for run in found for start in range(2)]
    return binascii.unhexlify(b"0a".join(aligned))


def _from_base64(runs: list[bytes]) -> bytes:
    """Every run of some length at all four alignments, as far as it makes whole bytes, with zeros between."""
    found = [run for run in runs if len(run) >= _BASE64_CHARACTERS]
    text = b"AAAA".join([_quads(run[start:]) for run in found for start in range(4)])
    return binascii.a2b_base64(text.translate(_STANDARD))


def _quads(run: bytes) -> bytes:
    """As many characters as make whole bytes, filled up to four times something. One left over makes none."""
    left = len(run) % 4
    return run[:-1] if left == 1 else run + b"A" * (-left % 4)


def _narrowed(low: bytes, high: bytes) -> Iterator[bytes]:
    """Each run of characters of which the high byte is zero, without that; and the one after, which may be the last."""
    for match in _ZEROS.finditer(high):
        run = low[match.start() : match.end() + 1]
        if len(run.strip(b"\0")) >= WIDE_CHARACTERS:
            yield run


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes.fromhex(match.group(1).decode())
