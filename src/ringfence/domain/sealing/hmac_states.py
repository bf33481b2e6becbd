"""HMAC without the key: the hash states after the inner and outer pad block are all that signing needs (RFC 2104).

They are taken when a secret is made, and kept instead of it. A thief of the states can sign; he cannot log in.
"""

import functools
import hashlib
import hmac

from ringfence.domain.sealing.libcrypto_states import EngineMissingError, Resume, resumer
from ringfence.domain.sealing.sha_states import BLOCK_BYTES, SHA1, SHA256, Sha

STATES_BYTES = 104

_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))

# (secret, message): empty ones, RFC 2202 case 2, and lengths on both sides of every border of a block.
_QUESTIONS = (
    (b"", b""),
    (b"Jefe", b"what do ya want for nothing?"),
    (b"s" * 32, b"m" * 55),
    (b"s" * 64, b"m" * 56),
    (b"s" * 65, b"m" * 64),
    (b"s" * 200, bytes(range(256)) * 5),
)


def states_of(secret: bytes) -> bytes:
    """104 bytes: SHA-1 inner and outer state (20 each), SHA-256 inner and outer state (32 each)."""
    return _states(SHA1, secret) + _states(SHA256, secret)


def sign_sha1(states: bytes, message: bytes) -> bytes:
    """HMAC-SHA1 of `message` under the secret the states were taken from, 20 bytes."""
    return _sign(SHA1, _resume(SHA1.name), states[:40], message)


def sign_sha256(states: bytes, message: bytes) -> bytes:
    """HMAC-SHA256 of `message` under the secret the states were taken from, 32 bytes."""
    return _sign(SHA256, _resume(SHA256.name), states[40:STATES_BYTES], message)


def engine(name: str) -> str:
    """What resumes "sha1" or "sha256" here: "libcrypto" or "python"."""
    return "python" if _resume(name) in (SHA1.resume, SHA256.resume) else "libcrypto"


def passes(sha: Sha, resume: Resume) -> bool:
    """True when an engine answers every known question as the standard library's HMAC does."""
    try:
        return all(
            _sign(sha, resume, _states(sha, secret), message) == hmac.digest(secret, message, sha.name)
            for secret, message in _QUESTIONS
        )
    except EngineMissingError:
        return False


def _states(sha: Sha, secret: bytes) -> bytes:
    if len(secret) > BLOCK_BYTES:
        secret = hashlib.new(sha.name, secret, usedforsecurity=False).digest()
    padded = secret.ljust(BLOCK_BYTES, b"\0")
    return b"".join(sha.after(sha.initial, padded.translate(pad)) for pad in (_INNER, _OUTER))


def _sign(sha: Sha, resume: Resume, states: bytes, message: bytes) -> bytes:
    if len(states) != 2 * sha.digest_bytes:
        raise ValueError("not HMAC states")
    inner, outer = states[: sha.digest_bytes], states[sha.digest_bytes :]
    return resume(outer, resume(inner, message))


@functools.cache
def _resume(name: str) -> Resume:
    sha = SHA1 if name == SHA1.name else SHA256
    try:
        quick = resumer(sha)
    except EngineMissingError:
        return sha.resume
    return quick if passes(sha, quick) else sha.resume
