"""What is secret of a verification in and out of its sealed form."""

import msgspec

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.verification import Secret

FIELD = "verification"

_LOCALE = "verification-locale"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Secret)


def seal_verification(sealer: RecordSealer, sid: str, secret: Secret) -> bytes:
    """Under the record key of `sid`, for the API, which holds the epoch key."""
    return sealer.seal(sid, FIELD, _encoder.encode(secret))


def open_verification(sealer: RecordSealer, sid: str, sealed: bytes) -> Secret:
    """The inverse; UnsealError when it was altered or belongs elsewhere."""
    try:
        return _decoder.decode(sealer.open(sid, FIELD, sealed))
    except msgspec.DecodeError:
        raise UnsealError from None


def seal_locale(sealer: RecordSealer, attempt_sid: str, locale: str) -> bytes:
    """The language of one attempt, under its own record key."""
    return sealer.seal(attempt_sid, _LOCALE, locale.encode())


def open_locale(sealer: RecordSealer, attempt_sid: str, sealed: bytes) -> str:
    """The inverse; UnsealError when it was altered or belongs elsewhere."""
    return sealer.open(attempt_sid, _LOCALE, sealed).decode()
