"""The same states resumed by the libcrypto that this Python links, reached through `_hashlib`.

hashlib cannot start from a state; libcrypto's SHA1_* and SHA256_* work on a context whose layout is public
(openssl/sha.h) and has not changed since 1998. Nothing here is used before it has passed `hmac_states`' known answers.
"""

import ctypes
import struct
from collections.abc import Callable

from ringfence.domain.sealing.sha_states import BLOCK_BYTES, Sha

Resume = Callable[[bytes, bytes], bytes]

_SLACK_BYTES = 64  # room for a context that grew: better a failed known answer than a write past the end


class EngineMissingError(Exception):
    """This Python's libcrypto cannot be used for this; the text says why."""


def _library() -> ctypes.PyDLL:
    try:
        import _hashlib
    except ImportError:
        raise EngineMissingError("this Python has no _hashlib") from None
    try:
        # PyDLL keeps the interpreter's lock: a call takes less than giving the lock away and waiting for it.
        return ctypes.PyDLL(_hashlib.__file__)
    except (OSError, AttributeError):
        raise EngineMissingError("libcrypto is built into this Python") from None


def resumer(sha: Sha) -> Resume:
    """A function that does what `sha.resume` does, or EngineMissingError."""
    library = _library()
    # OpenSSL before 3 ends the process when a low-level hash is used in FIPS mode: ask, never try.
    fips_mode = getattr(library, "FIPS_mode", None)
    if fips_mode is not None and fips_mode():
        raise EngineMissingError("libcrypto is in FIPS mode")
    prefix = sha.name.upper()
    try:
        update, final = library[f"{prefix}_Update"], library[f"{prefix}_Final"]
    except AttributeError:
        raise EngineMissingError("libcrypto does not show its hash contexts") from None
    update.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    final.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    words = sha.digest_bytes // 4
    big_endian = struct.Struct(f">{words}I")
    # h[], Nl and Nh (bits so far), data[16], num, and for SHA-256 md_len.
    context = struct.Struct(f"={words}I2I64x2I{_SLACK_BYTES}x")

    running_type, digest_type = ctypes.c_char * context.size, ctypes.c_char * sha.digest_bytes

    def resume(state: bytes, message: bytes) -> bytes:
        running = running_type.from_buffer_copy(
            context.pack(*big_endian.unpack(state), BLOCK_BYTES * 8, 0, 0, sha.digest_bytes)
        )
        digest = digest_type()
        if update(running, message, len(message)) != 1 or final(digest, running) != 1:
            raise EngineMissingError("libcrypto refused")
        return digest.raw

    return resume
