"""What is secret of entities, leaves to make a factor, factors and challenges in and out of its sealed form."""

import msgspec

from ringfence.domain.challenge import ChallengeSecret
from ringfence.domain.device_token import EnrolmentSecret
from ringfence.domain.factor import FactorSecret
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.record import RecordSealer, seal_field

ENTITY = "entity"
ENROLMENT = "enrolment"
FACTOR = "factor"
CHALLENGE = "challenge"

_encoder = msgspec.msgpack.Encoder()
_enrolments = msgspec.msgpack.Decoder(EnrolmentSecret)
_factors = msgspec.msgpack.Decoder(FactorSecret)
_challenges = msgspec.msgpack.Decoder(ChallengeSecret)


def seal_identity(sealer: RecordSealer, sid: str, identity: str) -> bytes:
    """Who the entity `sid` is, for the API, which holds the epoch key."""
    return sealer.seal(sid, ENTITY, identity.encode())


def seal_identity_with(record_key: bytes, account: str, sid: str, identity: str) -> bytes:
    """Under a single record key, for what a device makes."""
    return seal_field(record_key, account, sid, ENTITY, identity.encode())


def open_identity(sealer: RecordSealer, sid: str, sealed: bytes) -> str:
    """The inverse; UnsealError when it was altered or belongs elsewhere."""
    return sealer.open(sid, ENTITY, sealed).decode()


def seal_enrolment(sealer: RecordSealer, sid: str, secret: EnrolmentSecret) -> bytes:
    """Under the record key of `sid`."""
    return sealer.seal(sid, ENROLMENT, _encoder.encode(secret))


def open_enrolment(sealer: RecordSealer, sid: str, sealed: bytes) -> EnrolmentSecret:
    """The inverse; UnsealError when it was altered or belongs elsewhere."""
    try:
        return _enrolments.decode(sealer.open(sid, ENROLMENT, sealed))
    except msgspec.DecodeError:
        raise UnsealError from None


def seal_factor(sealer: RecordSealer, sid: str, secret: FactorSecret) -> bytes:
    """Under the record key of `sid`."""
    return sealer.seal(sid, FACTOR, _encoder.encode(secret))


def seal_factor_with(record_key: bytes, account: str, sid: str, secret: FactorSecret) -> bytes:
    """Under a single record key, for what a device makes."""
    return seal_field(record_key, account, sid, FACTOR, _encoder.encode(secret))


def open_factor(sealer: RecordSealer, sid: str, sealed: bytes) -> FactorSecret:
    """The inverse; UnsealError when it was altered or belongs elsewhere."""
    try:
        return _factors.decode(sealer.open(sid, FACTOR, sealed))
    except msgspec.DecodeError:
        raise UnsealError from None


def seal_challenge(sealer: RecordSealer, sid: str, secret: ChallengeSecret) -> bytes:
    """Under the record key of `sid`."""
    return sealer.seal(sid, CHALLENGE, _encoder.encode(secret))


def open_challenge(sealer: RecordSealer, sid: str, sealed: bytes) -> ChallengeSecret:
    """The inverse; UnsealError when it was altered or belongs elsewhere."""
    try:
        return _challenges.decode(sealer.open(sid, CHALLENGE, sealed))
    except msgspec.DecodeError:
        raise UnsealError from None
