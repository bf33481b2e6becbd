"""SHA-1 and SHA-256 as states that can be saved and resumed, in plain Python (FIPS 180-4).

A state is the chaining value in big-endian words, as it would stand in a digest. It is slow, some 1,000 messages/s:
`libcrypto_states` resumes the same states quickly where it can.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

BLOCK_BYTES = 64
_MASK = 0xFFFFFFFF

_K256 = (
    0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5, 0x3956C25B, 0x59F111F1, 0x923F82A4, 0xAB1C5ED5,
    0xD807AA98, 0x12835B01, 0x243185BE, 0x550C7DC3, 0x72BE5D74, 0x80DEB1FE, 0x9BDC06A7, 0xC19BF174,
    0xE49B69C1, 0xEFBE4786, 0x0FC19DC6, 0x240CA1CC, 0x2DE92C6F, 0x4A7484AA, 0x5CB0A9DC, 0x76F988DA,
    0x983E5152, 0xA831C66D, 0xB00327C8, 0xBF597FC7, 0xC6E00BF3, 0xD5A79147, 0x06CA6351, 0x14292967,
    0x27B70A85, 0x2E1B2138, 0x4D2C6DFC, 0x53380D13, 0x650A7354, 0x766A0ABB, 0x81C2C92E, 0x92722C85,
    0xA2BFE8A1, 0xA81A664B, 0xC24B8B70, 0xC76C51A3, 0xD192E819, 0xD6990624, 0xF40E3585, 0x106AA070,
    0x19A4C116, 0x1E376C08, 0x2748774C, 0x34B0BCB5, 0x391C0CB3, 0x4ED8AA4A, 0x5B9CCA4F, 0x682E6FF3,
    0x748F82EE, 0x78A5636F, 0x84C87814, 0x8CC70208, 0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2,
)  # fmt: skip


def _left(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _MASK


def _right(word: int, bits: int) -> int:
    return (word >> bits | word << (32 - bits)) & _MASK


def _compress_sha1(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    words = list(struct.unpack(">16I", block))
    for t in range(16, 80):
        words.append(_left(words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16], 1))
    a, b, c, d, e = state
    for t, word in enumerate(words):
        if t < 20:
            mixed, constant = b & c | ~b & d, 0x5A827999
        elif t < 40:
            mixed, constant = b ^ c ^ d, 0x6ED9EBA1
        elif t < 60:
            mixed, constant = b & c | b & d | c & d, 0x8F1BBCDC
        else:
            mixed, constant = b ^ c ^ d, 0xCA62C1D6
        a, b, c, d, e = (_left(a, 5) + (mixed & _MASK) + e + constant + word) & _MASK, a, _left(b, 30), c, d
    return tuple((x + y) & _MASK for x, y in zip(state, (a, b, c, d, e), strict=True))


def _compress_sha256(state: tuple[int, ...], block: bytes) -> tuple[int, ...]:
    words = list(struct.unpack(">16I", block))
    for t in range(16, 64):
        early, late = words[t - 15], words[t - 2]
        small0 = _right(early, 7) ^ _right(early, 18) ^ early >> 3
        small1 = _right(late, 17) ^ _right(late, 19) ^ late >> 10
        words.append((small1 + words[t - 7] + small0 + words[t - 16]) & _MASK)
    a, b, c, d, e, f, g, h = state
    for constant, word in zip(_K256, words, strict=True):
        big1 = _right(e, 6) ^ _right(e, 11) ^ _right(e, 25)
        first = h + big1 + (e & f ^ ~e & g) + constant + word
        big0 = _right(a, 2) ^ _right(a, 13) ^ _right(a, 22)
        second = big0 + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = (first + second) & _MASK, a, b, c, (d + first) & _MASK, e, f, g
    return tuple((x + y) & _MASK for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True))


class Sha(NamedTuple):
    """One of the two hashes: `initial` is its state before any block."""

    name: str
    initial: bytes
    compress: Callable[[tuple[int, ...], bytes], tuple[int, ...]]

    @property
    def digest_bytes(self) -> int:
        return len(self.initial)

    def after(self, state: bytes, blocks: bytes) -> bytes:
        """The state after whole blocks of 64 bytes."""
        layout = f">{len(state) // 4}I"
        words = struct.unpack(layout, state)
        for at in range(0, len(blocks), BLOCK_BYTES):
            words = self.compress(words, blocks[at : at + BLOCK_BYTES])
        return struct.pack(layout, *words)

    def resume(self, state: bytes, message: bytes) -> bytes:
        """The digest of one block that led to `state`, then `message`."""
        padding = b"\x80" + bytes((55 - len(message)) % BLOCK_BYTES)
        bits = (BLOCK_BYTES + len(message)) * 8
        return self.after(state, message + padding + struct.pack(">Q", bits))


SHA1 = Sha("sha1", bytes.fromhex("67452301efcdab8998badcfe10325476c3d2e1f0"), _compress_sha1)
SHA256 = Sha(
    "sha256",
    bytes.fromhex("6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19"),
    _compress_sha256,
)
