"""A struct's fields as a table's columns, in the same order."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec

from ringfence.domain import call
from ringfence.domain.challenge import ChallengeStatus
from ringfence.domain.factor import FactorStatus, FactorType
from ringfence.domain.message import Direction, Status
from ringfence.domain.verification import Attempt
from ringfence.domain.verification import Status as VerificationStatus
from ringfence.ports.applications import ApplicationRow
from ringfence.ports.calls import CallOrder, CallRow, RecordingRow, StepRow
from ringfence.ports.enrolments import EnrolmentRow
from ringfence.ports.factors import ChallengeRow, EntityRow, FactorRow
from ringfence.ports.lookups import OverrideRow, RateRule
from ringfence.ports.messaging_services import PoolRow, ServiceRow
from ringfence.ports.notices import NoticeAddress, NoticeRow
from ringfence.ports.retention import RetainedRow
from ringfence.ports.sip_access import SipRow
from ringfence.ports.store import (
    AccountRow,
    CredentialRow,
    EventRow,
    KeyRow,
    MediaRow,
    MessageRow,
    NumberRow,
    RatedRow,
    Settlement,
    StockRow,
)
from ringfence.ports.verification_attempts import VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow
from ringfence.ports.verify_config import VerifyRow
from ringfence.ports.verify_events import TellingRow

Row = TypeVar("Row", bound=msgspec.Struct)
Convert = Callable[[Any], Any]


class Columns(Generic[Row]):
    """Reads and writes rows of one kind; SQL columns hold only integers, booleans, text and blobs."""

    def __init__(self, kind: type[Row], **reads: Convert) -> None:
        self._kind = kind
        self.names = kind.__struct_fields__
        self._reads = tuple(reads.items())
        self._writes = tuple((self.names.index(name), _WRITES[read]) for name, read in reads.items())

    def read(self, values: Sequence[Any]) -> Row:
        """The struct of one SQL row whose columns are `names`."""
        fields = dict(zip(self.names, values, strict=True))
        for name, convert in self._reads:
            fields[name] = convert(fields[name])
        return self._kind(**fields)

    def write(self, row: Row) -> list[Any]:
        """The SQL values of `row`, in the order of `names`."""
        values = list(msgspec.structs.astuple(row))
        for place, convert in self._writes:
            values[place] = convert(values[place])
        return values


def _read_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _write_set(words: frozenset[str]) -> str:
    return " ".join(sorted(words))


def _write_name(member: StrEnum) -> Any:
    return member._value_  # what `value` returns, by a slower way


# A look-up costs a sixth of calling the enumeration.
_DIRECTION: Convert = {member.value: member for member in Direction}.__getitem__
_STATUS: Convert = {member.value: member for member in Status}.__getitem__

_CALL_DIRECTION: Convert = {member.value: member for member in call.Direction}.__getitem__
_CALL_STATUS: Convert = {member.value: member for member in call.Status}.__getitem__

_VERIFICATION_STATUS: Convert = {member.value: member for member in VerificationStatus}.__getitem__
_FACTOR_TYPE: Convert = {member.value: member for member in FactorType}.__getitem__
_FACTOR_STATUS: Convert = {member.value: member for member in FactorStatus}.__getitem__
_CHALLENGE_STATUS: Convert = {member.value: member for member in ChallengeStatus}.__getitem__
_ATTEMPTS = msgspec.json.Decoder(tuple[Attempt, ...])


def _read_attempts(text: str) -> tuple[Attempt, ...]:
    return _ATTEMPTS.decode(text)


def write_attempts(attempts: tuple[Attempt, ...]) -> str:
    """As they are stored."""
    return msgspec.json.encode(attempts).decode()


_WRITES: dict[Convert, Convert] = {
    bool: bool,
    str: str,
    _DIRECTION: _write_name,
    _STATUS: _write_name,
    _CALL_DIRECTION: _write_name,
    _CALL_STATUS: _write_name,
    _VERIFICATION_STATUS: _write_name,
    _FACTOR_TYPE: _write_name,
    _FACTOR_STATUS: _write_name,
    _CHALLENGE_STATUS: _write_name,
    _read_attempts: write_attempts,
    _read_set: _write_set,
}

ATTEMPTS_KEPT = 60
"""Attempts of a message that stay when an event of it is replayed: with those to come, fewer than a hundred."""

MESSAGE = Columns(MessageRow, direction=_DIRECTION, status=_STATUS, has_callback=bool, body_redacted=bool)
EVENT = Columns(EventRow)
SETTLEMENT = Columns(Settlement)
MEDIUM = Columns(MediaRow)
RATED = Columns(RatedRow, status=str)
ACCOUNT = Columns(AccountRow)
CREDENTIAL = Columns(CredentialRow, canary=bool, watched=bool)
KEY = Columns(KeyRow, canary=bool, watched=bool)
NUMBER = Columns(NumberRow, capabilities=_read_set)
STOCK = Columns(StockRow, capabilities=_read_set)
SERVICE = Columns(
    ServiceRow,
    sticky_sender=bool,
    smart_encoding=bool,
    area_code_geomatch=bool,
    use_inbound_webhook_on_number=bool,
    has_status_callback=bool,
)
POOLED = Columns(PoolRow, capabilities=_read_set)
CALL = Columns(CallRow, direction=_CALL_DIRECTION, status=_CALL_STATUS)
CALL_ORDER = Columns(CallOrder)
STEP = Columns(StepRow)
RECORDING = Columns(RecordingRow)
SIP = Columns(SipRow, secure=bool, registration=bool, emergency=bool)
APPLICATION = Columns(ApplicationRow)
VERIFY = Columns(VerifyRow)
VERIFICATION = Columns(VerificationRow, status=_VERIFICATION_STATUS, attempts=_read_attempts)
ENTITY = Columns(EntityRow)
FACTOR = Columns(FactorRow, factor_type=_FACTOR_TYPE, status=_FACTOR_STATUS)
ENROLMENT = Columns(EnrolmentRow)
CHALLENGE = Columns(ChallengeRow, factor_type=_FACTOR_TYPE, status=_CHALLENGE_STATUS, matched=bool)
VERIFICATION_ATTEMPT = Columns(VerificationAttemptRow, converted=bool)
TELLING = Columns(TellingRow)
NOTICE = Columns(NoticeRow)
NOTICE_ADDRESS = Columns(NoticeAddress)
OVERRIDE = Columns(OverrideRow)
RATE_RULE = Columns(RateRule)
RETAINED = Columns(RetainedRow)
