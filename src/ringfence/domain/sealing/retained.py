"""What a declared duty has kept: sealed under keys that its officers reach by two, and no tenant's or operator's alone.

    secret of an hour -HKDF-> retained key of an epoch -HKDF-> that of a part of a record

The secret is random, in the key service's memory alone: no epoch key, and so no tenant's credential, no key file and no
disk leads to it. Nor does a retained key open content. The key service seals the epoch's to the duty; who seals one
part gets that part's. The associated data is account | SID | part: what is moved elsewhere does not open.
"""

import msgspec

from ringfence.domain.retention.facts import OF_A_START, OF_AN_END, Facts, Field, only
from ringfence.domain.sealing import aead, hkdf
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.epoch import DAY_MS, ended_ms

START = 0
"""The part of a record that is kept when it is accepted."""
END = 1
"""The part that is kept when a call ends."""

_EPOCH = b"ringfence/retained-epoch/v1"
_RECORD = b"ringfence/retained-record/v1"
_PLACE = "ringfence/retained/v1"
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Facts)


class RecordRetention(msgspec.Struct, frozen=True, kw_only=True):
    """What the standing duty wants of one record: which fields, for how many days, under which key of 32 bytes.

    `duty` is its number, `epoch` the one whose retained key `key` is of, `part` the one that this key seals.
    """

    duty: int
    part: int
    fields: tuple[Field, ...]
    days: int
    epoch: int
    key: bytes

    def __repr__(self) -> str:
        return f"RecordRetention(duty={self.duty}, epoch={self.epoch})"

    @property
    def until_ms(self) -> int:
        """When what is sealed now has to be gone, Unix milliseconds."""
        return until_ms(self.epoch, self.days)


class EpochRetention(msgspec.Struct, frozen=True, kw_only=True):
    """The same for every record of an epoch: `key` is the epoch's retained key."""

    duty: int
    fields: tuple[Field, ...]
    days: int
    epoch: int
    key: bytes

    def __repr__(self) -> str:
        return f"EpochRetention(duty={self.duty}, epoch={self.epoch})"

    def of(self, sid: str, part: int = START) -> RecordRetention:
        """For one part of the record `sid`."""
        return RecordRetention(
            duty=self.duty,
            part=part,
            fields=self.fields,
            days=self.days,
            epoch=self.epoch,
            key=record_key(self.key, sid, part),
        )


def until_ms(epoch: int, days: int) -> int:
    """When what an epoch's retained key opens has to be gone: so many days after the end of its UTC day."""
    return (ended_ms(epoch) - 1) // DAY_MS * DAY_MS + (1 + days) * DAY_MS


def epoch_key(secret: bytes, account: str, duty: int, epoch: int) -> bytes:
    """What a duty seals an account's epoch under, of a secret that nobody keeps."""
    return hkdf.derive(secret, _EPOCH, aead.place(account, str(duty), str(epoch)))


def record_key(key: bytes, sid: str, part: int) -> bytes:
    """The retained key of one part of a record, of that of its epoch."""
    return hkdf.derive(key, _RECORD, aead.place(sid, str(part)))


def seal_retained(retention: RecordRetention, account: str, sid: str, facts: Facts) -> bytes | None:
    """What of `facts` the duty names for the part, sealed; None where it names nothing of it."""
    named = (OF_AN_END if retention.part == END else OF_A_START).intersection(retention.fields)
    if not named:
        return None
    return aead.seal(retention.key, _encoder.encode(only(facts, named)), _where(account, sid, retention.part))


def open_retained(key: bytes, account: str, sid: str, part: int, sealed: bytes) -> Facts:
    """The inverse, by the record's retained key; UnsealError when it was altered or belongs elsewhere."""
    try:
        return _decoder.decode(aead.unseal(key, sealed, _where(account, sid, part)))
    except msgspec.DecodeError:
        raise UnsealError from None


def _where(account: str, sid: str, part: int) -> bytes:
    return aead.place(_PLACE, account, sid, str(part))
