"""What is kept of a text, a mail and a call: who with whom, when it was accepted, and how long a call lasted."""

import pytest

from ringfence.domain import call, message
from ringfence.domain.retention.facts import FIELDS, Facts
from ringfence.domain.sealing.retained import END, START, EpochRetention, open_retained
from ringfence.ports.calls import CallRow
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import MessageRow
from ringfence.usecases.retention.parts import retained_call, retained_end, retained_text

ACCOUNT = "AC" + "a" * 32
NOW = 1_700_000_000_999
WANTED = EpochRetention(duty=1, fields=FIELDS, days=1, epoch=7, key=bytes(32))


def text(direction: message.Direction) -> MessageRow:
    return MessageRow(
        account=ACCOUNT,
        sid="SM" + "1" * 32,
        direction=direction,
        status=message.Status.QUEUED,
        local="+15550100",
        remote_index=b"",
        remote_region="US",
        epoch=7,
        content=b"",
        num_segments=1,
        created_ms=NOW,
        updated_ms=NOW + 5_000,
    )


def telephone(direction: call.Direction, answered_ms: int | None = None) -> CallRow:
    return CallRow(
        account=ACCOUNT,
        sid="CA" + "1" * 32,
        direction=direction,
        status=call.Status.QUEUED,
        local="+15550100",
        remote_index=b"",
        remote_region="US",
        epoch=7,
        content=b"",
        created_ms=NOW,
        updated_ms=NOW + 5_000,
        answered_ms=answered_ms,
    )


def opened(row: RetainedRow | None, part: int) -> Facts:
    assert row is not None
    assert (row.account, row.part) == (ACCOUNT, part)
    return open_retained(WANTED.of(row.sid, part).key, ACCOUNT, row.sid, part, row.sealed)


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        (message.Direction.INBOUND, "inbound"),
        (message.Direction.OUTBOUND_API, "outbound"),
        (message.Direction.OUTBOUND_REPLY, "outbound"),
    ],
)
def test_of_a_text_who_with_whom_and_when(direction: message.Direction, said: str) -> None:
    row = text(direction)
    facts = opened(retained_text(WANTED.of(row.sid), row, "+15550199"), START)
    assert facts == Facts(kind="text", direction=said, local="+15550100", remote="+15550199", accepted_at=1_700_000_000)


def test_a_mail_is_told_from_a_text() -> None:
    row = text(message.Direction.OUTBOUND_API)
    facts = opened(retained_text(WANTED.of(row.sid), row, "ann@shop.example", kind="mail"), START)
    assert (facts.kind, facts.remote) == ("mail", "ann@shop.example")


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        (call.Direction.INBOUND, "inbound"),
        (call.Direction.OUTBOUND_API, "outbound"),
        (call.Direction.OUTBOUND_DIAL, "outbound"),
    ],
)
def test_of_a_call_who_with_whom_and_when(direction: call.Direction, said: str) -> None:
    row = telephone(direction)
    facts = opened(retained_call(WANTED.of(row.sid), row, "sip:ann@shop.example"), START)
    assert facts == Facts(
        kind="call", direction=said, local="+15550100", remote="sip:ann@shop.example", accepted_at=1_700_000_000
    )


@pytest.mark.parametrize(
    ("answered_ms", "ended_ms", "seconds"),
    [(None, NOW + 9_000, 0), (NOW, NOW, 0), (NOW, NOW + 1, 1), (NOW, NOW + 60_000, 60), (NOW, NOW - 1, 0)],
)
def test_of_the_end_of_a_call_its_seconds_each_begun_one_counted(
    answered_ms: int | None, ended_ms: int, seconds: int
) -> None:
    row = telephone(call.Direction.INBOUND, answered_ms)
    assert opened(retained_end(WANTED.of(row.sid, END), row, ended_ms), END) == Facts(duration_s=seconds)


def test_without_a_duty_nothing_is_kept() -> None:
    row = telephone(call.Direction.INBOUND, NOW)
    assert retained_text(None, text(message.Direction.INBOUND), "+15550199") is None
    assert retained_call(None, row, "+15550199") is None
    assert retained_end(None, row, NOW + 1) is None
