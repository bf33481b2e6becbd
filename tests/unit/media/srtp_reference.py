"""SRTP a second time, slowly and straight from the RFCs: what ours is held against.

Source: RFC 3711, sections 3.3, 3.4, 4.1.1, 4.2 and 4.3; RFC 7714, sections 8 and 9.
"""

import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TAGS = {"AES_CM_128_HMAC_SHA1_80": 10, "AES_CM_128_HMAC_SHA1_32": 4}
SRTCP_TAG = 10


def counter_mode(key: bytes, block: int, data: bytes) -> bytes:
    """AES in counter mode from a 128-bit block on."""
    encryptor = Cipher(algorithms.AES(key), modes.CTR(block.to_bytes(16))).encryptor()
    return encryptor.update(data)


def derived(master_key: bytes, master_salt: bytes, label: int, length: int) -> bytes:
    """A session key, at a key derivation rate of 0 (RFC 3711, section 4.3.1)."""
    salt = int.from_bytes(master_salt.ljust(14, b"\0"))
    return counter_mode(master_key, (salt ^ label << 48) << 16, bytes(length))


def header_length(rtp: bytes) -> int:
    length = 12 + 4 * (rtp[0] & 15)
    if rtp[0] & 0x10:
        length += 4 + 4 * int.from_bytes(rtp[length + 2 : length + 4])
    return length


class Keys:
    """The session keys of one direction."""

    def __init__(self, profile: str, master: bytes) -> None:
        self.profile = profile
        key, salt = master[:16], master[16:]
        self.rtp = derived(key, salt, 0, 16), derived(key, salt, 2, len(salt)), derived(key, salt, 1, 20)
        self.rtcp = derived(key, salt, 3, 16), derived(key, salt, 5, len(salt)), derived(key, salt, 4, 20)

    def protect(self, rtp: bytes, rollover: int = 0) -> bytes:
        key, salt, auth = self.rtp
        at = header_length(rtp)
        head, body = rtp[:at], rtp[at:]
        ssrc, sequence = int.from_bytes(rtp[8:12]), int.from_bytes(rtp[2:4])
        if self.profile == "AEAD_AES_128_GCM":
            return gcm_rtp(key, salt, rtp, rollover)
        index = rollover << 16 | sequence
        block = int.from_bytes(salt) << 16 ^ ssrc << 64 ^ index << 16
        out = head + counter_mode(key, block, body)
        return out + hmac.digest(auth, out + rollover.to_bytes(4), "sha1")[: TAGS[self.profile]]

    def protect_rtcp(self, rtcp: bytes, index: int) -> bytes:
        key, salt, auth = self.rtcp
        ssrc = int.from_bytes(rtcp[4:8])
        word = (1 << 31 | index).to_bytes(4)
        if self.profile == "AEAD_AES_128_GCM":
            nonce = xor(salt, b"\0\0" + rtcp[4:8] + b"\0\0" + index.to_bytes(4))
            return rtcp[:8] + AESGCM(key).encrypt(nonce, rtcp[8:], rtcp[:8] + word) + word
        block = int.from_bytes(salt) << 16 ^ ssrc << 64 ^ index << 16
        out = rtcp[:8] + counter_mode(key, block, rtcp[8:]) + word
        return out + hmac.digest(auth, out, "sha1")[:SRTCP_TAG]


def gcm_rtp(key: bytes, salt: bytes, rtp: bytes, rollover: int) -> bytes:
    """RFC 7714, section 8: with session key and salt."""
    at = header_length(rtp)
    nonce = xor(salt, b"\0\0" + rtp[8:12] + rollover.to_bytes(4) + rtp[2:4])
    return rtp[:at] + AESGCM(key).encrypt(nonce, rtp[at:], rtp[:at])


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
