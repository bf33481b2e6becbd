"""Attempts to bring a code: written with their verifications, marked when they convert, listed and counted."""

import pytest
from msgspec.structs import replace

from ringfence.domain.verification import Attempt, Status
from ringfence.ports.verification_attempts import AttemptCount, AttemptFilter, VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
NUMBER, OTHER = b"n" * 16, b"o" * 16
ALL = AttemptFilter()


def sid(n):
    return f"VL{n:032x}"


def begun(n, *attempts, account=A, service="VA1", to_index=None, region="US"):
    """A verification number `n` and its attempts, of channel and time."""
    return VerificationRow(
        account=account,
        sid=f"VE{n}",
        service=service,
        to_index=to_index or f"number {n}".encode(),
        channel="sms",
        status=Status.PENDING,
        region=region,
        epoch=7,
        content=b"\x00sealed",
        attempts=attempts,
        created_ms=NOW,
        updated_ms=NOW,
        expires_ms=NOW + 600_000,
    )


def attempt(n, channel="sms", at_ms=None):
    return Attempt(sid(n), channel, NOW + n if at_ms is None else at_ms)


def row_of(verification, one, **more):
    fields = {
        "account": verification.account,
        "sid": one.sid,
        "verification": verification.sid,
        "service": verification.service,
        "to_index": verification.to_index,
        "channel": one.channel,
        "country": verification.region,
        "at_ms": one.at_ms,
    }
    return VerificationAttemptRow(**(fields | more))


async def sids(store, wanted=ALL, account=A, **page):
    return [row.sid for row in await store.verification_attempts(account, wanted, **page)]


async def test_an_attempt_is_written_with_its_verification(store):
    verification = begun(1, attempt(1))
    await store.begin_verification(verification)
    assert await store.verification_attempt(A, sid(1)) == row_of(verification, attempt(1))
    await store.attempt_verification(A, "VE1", attempt(2, "call"), 5)
    assert await store.verification_attempt(A, sid(2)) == row_of(verification, attempt(2, "call"))
    assert await store.verification_attempt(B, sid(1)) is None
    assert await store.verification_attempt(A, sid(3)) is None


async def test_what_was_not_begun_or_sent_again_has_none(store):
    await store.begin_verification(begun(1, attempt(1), to_index=NUMBER))
    await store.begin_verification(begun(2, attempt(2), to_index=NUMBER))
    assert await store.attempt_verification(A, "VE1", attempt(3), 1) is None
    assert await store.attempt_verification(A, "VE9", attempt(4), 5) is None
    assert await sids(store) == [sid(1)]


async def test_all_that_were_made_convert_when_the_code_is_entered(store):
    first, second = begun(1, attempt(1)), begun(2, attempt(2))
    await store.begin_verification(first)
    await store.begin_verification(second)
    await store.attempt_verification(A, "VE1", attempt(3), 5)
    await store.attempt_verification(A, "VE1", attempt(4), 5)
    await store.mark_refused(A, sid(4), 21215, "not to there")
    await store.mark_refused(B, sid(1), 1)
    await store.move_verification(A, "VE1", Status.APPROVED, NOW)
    assert [(row.sid, row.converted, row.refusal, row.why) for row in await store.verification_attempts(A, ALL)] == [
        (sid(4), False, 21215, "not to there"),
        (sid(3), True, None, ""),
        (sid(2), False, None, ""),
        (sid(1), True, None, ""),
    ]


@pytest.mark.parametrize("end", [Status.CANCELED, Status.EXPIRED, Status.MAX_ATTEMPTS_REACHED, Status.FAILED])
async def test_no_other_end_converts(store, end):
    await store.begin_verification(begun(1, attempt(1)))
    await store.move_verification(A, "VE1", end, NOW)
    await store.move_verification(A, "VE1", Status.APPROVED, NOW)
    assert await sids(store, AttemptFilter(converted=True)) == []


async def test_they_are_listed_newest_first_in_pages(store):
    for n in (3, 1, 5):
        await store.begin_verification(begun(n, attempt(n)))
    # Two of one moment come in order of their sids.
    await store.begin_verification(begun(2, attempt(2, at_ms=NOW + 3)))
    await store.begin_verification(begun(9, attempt(9), account=B))
    assert await sids(store) == [sid(5), sid(3), sid(2), sid(1)]
    assert await sids(store, limit=2) == [sid(5), sid(3)]
    assert await sids(store, before=sid(3)) == [sid(2), sid(1)]
    assert await sids(store, before=sid(1)) == []
    assert await sids(store, account=B) == [sid(9)]


async def test_one_that_is_not_there_has_its_place_by_its_time(store):
    await store.begin_verification(begun(1, attempt(1)))
    later = f"VL{NOW + 2:012x}{'0' * 20}"
    earlier = f"VL{NOW:012x}{'0' * 20}"
    assert await sids(store, before=later) == [sid(1)]
    assert await sids(store, before=earlier) == []


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AttemptFilter(service="VA2"), [3]),
        (AttemptFilter(service="VA1", country="US"), [4, 1]),
        (AttemptFilter(country="GB"), [2]),
        (AttemptFilter(channel="call"), [4]),
        (AttemptFilter(verification="VE1"), [4, 1]),
        (AttemptFilter(verification="VE1", channel="sms"), [1]),
        (AttemptFilter(to=(b"number 2", b"number 3")), [3, 2]),
        (AttemptFilter(to=(b"number 2", b"number 3"), service="VA2"), [3]),
        (AttemptFilter(to=(b"nobody",)), []),
        (AttemptFilter(converted=True), [3]),
        (AttemptFilter(converted=False), [4, 2, 1]),
        (AttemptFilter(from_ms=NOW + 2), [4, 3, 2]),
        (AttemptFilter(to_ms=NOW + 3), [2, 1]),
        (AttemptFilter(from_ms=NOW + 2, to_ms=NOW + 3), [2]),
        (AttemptFilter(service="VA1", to_ms=NOW + 2), [1]),
        (AttemptFilter(to=(b"number 1",), from_ms=NOW + 2), [4]),
        (AttemptFilter(verification="VE1", from_ms=NOW + 2), [4]),
    ],
)
async def test_a_filter_leaves_those_that_match(store, wanted, found):
    await store.begin_verification(begun(1, attempt(1)))
    await store.begin_verification(begun(2, attempt(2), region="GB"))
    await store.begin_verification(begun(3, attempt(3), service="VA2"))
    await store.attempt_verification(A, "VE1", attempt(4, "call"), 5)
    await store.begin_verification(begun(5, attempt(5), account=B))
    await store.move_verification(A, "VE3", Status.APPROVED, NOW)
    assert await sids(store, wanted) == [sid(n) for n in found]
    assert await sids(store, wanted, limit=1) == [sid(n) for n in found[:1]]
    assert await sids(store, wanted, before=sid(found[0]) if found else None) == [sid(n) for n in found[1:]]


async def test_a_refused_one_is_written_with_its_failed_verification(store):
    failed = replace(begun(1, to_index=NUMBER), status=Status.FAILED)
    refused = row_of(failed, attempt(1), refusal=60410, why="pumped")
    await store.refuse_attempt(refused, failed)
    assert await store.verification(A, "VE1") == failed
    assert await store.verification_attempt(A, sid(1)) == refused
    # It holds no number.
    assert await store.held_verification(A, "VA1", NUMBER, NOW) is None
    pending = begun(2, attempt(2), to_index=NUMBER)
    assert await store.begin_verification(pending) == pending
    again = row_of(pending, attempt(3), refusal=60203)
    await store.refuse_attempt(again)
    assert await store.verification(A, "VE2") == pending
    assert await sids(store, AttemptFilter(verification="VE2")) == [sid(3), sid(2)]
    await store.move_verification(A, "VE2", Status.APPROVED, NOW)
    assert (await store.verification_attempt(A, sid(3))).converted is False


async def test_what_was_made_is_counted_in_parts(store):
    for n in range(1, 6):
        await store.begin_verification(begun(n, attempt(n), service="VA2" if n == 5 else "VA1"))
    await store.move_verification(A, "VE2", Status.APPROVED, NOW)
    await store.move_verification(A, "VE5", Status.APPROVED, NOW)
    await store.mark_refused(A, sid(4), 21610)
    assert await store.count_attempts(A, ALL) == AttemptCount(total=4, converted=2, last="")
    first = await store.count_attempts(A, ALL, limit=3)
    assert first == AttemptCount(total=2, converted=1, last=sid(3))
    rest = await store.count_attempts(A, ALL, before=first.last, limit=3)
    assert rest == AttemptCount(total=2, converted=1, last="")
    assert await store.count_attempts(A, AttemptFilter(service="VA2")) == AttemptCount(total=1, converted=1, last="")
    assert await store.count_attempts(A, AttemptFilter(to_ms=NOW + 2)) == AttemptCount(total=1, converted=0, last="")
    assert await store.count_attempts(B, ALL) == AttemptCount(total=0, converted=0, last="")


async def test_verifications_are_read_many_at_once(store):
    first, second = begun(1, attempt(1)), begun(2, attempt(2), account=B)
    await store.begin_verification(first)
    await store.begin_verification(second)
    keys = [(B, "VE2"), (A, "VE2"), (A, "VE1")]
    assert await store.verifications_of(keys) == [second, None, first]
    assert await store.verifications_of([]) == []
