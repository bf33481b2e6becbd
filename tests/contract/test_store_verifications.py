"""Verifications: one holds a number for a service, is sent again so often, and ends once."""

import asyncio

from msgspec.structs import replace

from ringfence.domain.verification import Attempt, Status
from ringfence.ports.verification_attempts import AttemptFilter
from ringfence.ports.verifications import VerificationRow

NOW = 1_700_000_000_000
LIFE = 600_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
NUMBER, OTHER = b"n" * 16, b"o" * 16


def sending(n=1, channel="sms", at_ms=NOW):
    return Attempt(f"VL{n:032x}", channel, at_ms)


def pending(sid="VE1", account=A, service="VA1", to_index=NUMBER, made_ms=NOW):
    return VerificationRow(
        account=account,
        sid=sid,
        service=service,
        to_index=to_index,
        channel="sms",
        status=Status.PENDING,
        region="US",
        epoch=7,
        content=b"\x00sealed",
        attempts=(sending(at_ms=made_ms),),
        created_ms=made_ms,
        updated_ms=made_ms,
        expires_ms=made_ms + LIFE,
    )


async def held(store, account=A, service="VA1", to_index=NUMBER, now_ms=NOW):
    row = await store.held_verification(account, service, to_index, now_ms)
    return None if row is None else row.sid


async def test_a_verification_is_read_as_it_was_written(store):
    assert await store.begin_verification(pending()) == pending()
    assert await store.verification(A, "VE1") == pending()
    assert await store.held_verification(A, "VA1", NUMBER, NOW) == pending()
    assert await store.verification(B, "VE1") is None
    assert await store.verification(A, "VE2") is None


async def test_one_holds_a_number_for_a_service_of_an_account(store):
    await store.begin_verification(pending())
    assert await store.begin_verification(pending("VE2")) == pending()
    assert await store.verification(A, "VE2") is None
    for n, elsewhere in enumerate(({"service": "VA2"}, {"account": B}, {"to_index": OTHER})):
        row = pending(f"VE3{n}", **elsewhere)
        assert await store.begin_verification(row) == row
        assert await held(store, row.account, row.service, row.to_index) == row.sid


async def test_of_two_that_begin_at_once_both_are_told_of_the_same(store):
    begun = await asyncio.gather(*(store.begin_verification(pending(f"VE{n}")) for n in range(9)))
    assert len({row.sid for row in begun}) == 1


async def test_many_begin_at_once_each_by_itself_whoever_holds_the_number_of_another(store):
    """A number that is held, one whose time is up, one that two begin, and some of nobody."""

    def one(n, to_index, made_ms=NOW):
        return replace(pending(f"VE{n:02}", to_index=to_index, made_ms=made_ms), attempts=(sending(n, at_ms=made_ms),))

    await store.begin_verification(one(1, b"held"))
    await store.begin_verification(one(2, b"over", NOW - LIFE))
    new = [one(n, b"%d" % n) for n in range(3, 43)]
    others = [one(51, b"held"), one(52, b"over"), one(53, b"3")]
    begun = await asyncio.gather(*map(store.begin_verification, [*new, *others]))
    assert [row.sid for row in begun] == [*(row.sid for row in new), "VE01", "VE52", "VE03"]
    attempts = await store.verification_attempts(A, AttemptFilter(), limit=100)
    assert sorted(each.verification for each in attempts) == [f"VE{n:02}" for n in (*range(1, 43), 52)]


async def test_one_whose_time_is_up_has_expired_and_lets_go(store):
    await store.begin_verification(pending())
    assert await held(store, now_ms=NOW + LIFE - 1) == "VE1"
    assert await held(store, now_ms=NOW + LIFE) is None
    later = pending("VE2", made_ms=NOW + LIFE)
    assert await store.begin_verification(later) == later
    assert await store.verification(A, "VE1") == replace(pending(), status=Status.EXPIRED, updated_ms=NOW + LIFE)
    assert await store.move_verification(A, "VE1", Status.APPROVED, NOW + LIFE) is None


async def test_it_is_sent_again_until_it_was_sent_often_enough(store):
    await store.begin_verification(pending())
    again = await store.attempt_verification(A, "VE1", sending(2, "call", NOW + 5), 2)
    assert again.attempts == (sending(), sending(2, "call", NOW + 5))
    assert (again.channel, again.updated_ms, again.expires_ms) == ("call", NOW + 5, NOW + LIFE)
    assert await store.verification(A, "VE1") == again
    assert await store.attempt_verification(A, "VE1", sending(3), 2) is None
    assert await store.verification(A, "VE1") == again


async def test_sendings_at_once_are_counted_one_by_one(store):
    await store.begin_verification(pending())
    sent = await asyncio.gather(*(store.attempt_verification(A, "VE1", sending(n), 5) for n in range(2, 30)))
    assert sum(row is not None for row in sent) == 4
    assert len((await store.verification(A, "VE1")).attempts) == 5


async def test_what_is_over_or_elsewhere_is_not_sent(store):
    await store.begin_verification(pending())
    assert await store.attempt_verification(B, "VE1", sending(2), 5) is None
    assert await store.attempt_verification(A, "VE2", sending(2), 5) is None
    assert await store.attempt_verification(A, "VE1", sending(2, at_ms=NOW + LIFE), 5) is None
    await store.move_verification(A, "VE1", Status.CANCELED, NOW)
    assert await store.attempt_verification(A, "VE1", sending(2), 5) is None


async def test_it_ends_once_and_lets_go(store):
    for n, status in enumerate((Status.APPROVED, Status.CANCELED, Status.FAILED, Status.DELETED, Status.EXPIRED)):
        sid = f"VE{n}"
        await store.begin_verification(pending(sid))
        assert await store.move_verification(B, sid, status, NOW + 9) is None
        ended = replace(pending(sid), status=status, updated_ms=NOW + 9)
        assert await store.move_verification(A, sid, status, NOW + 9) == ended
        assert await store.verification(A, sid) == ended
        assert await store.move_verification(A, sid, Status.APPROVED, NOW + 10) is None
        assert await held(store) is None
    assert await store.move_verification(A, "VE99", Status.APPROVED, NOW) is None


async def test_one_whose_checks_are_used_up_holds_its_number_until_its_time_is_up(store):
    await store.begin_verification(pending())
    spent = await store.move_verification(A, "VE1", Status.MAX_ATTEMPTS_REACHED, NOW + 1)
    assert spent.status is Status.MAX_ATTEMPTS_REACHED
    assert (await store.begin_verification(pending("VE2"))).sid == "VE1"
    assert await store.move_verification(A, "VE1", Status.APPROVED, NOW) is None
    later = pending("VE2", made_ms=NOW + LIFE)
    assert await store.begin_verification(later) == later
    assert await store.verification(A, "VE1") == spent


async def test_one_whose_checks_are_used_up_can_be_canceled(store):
    await store.begin_verification(pending())
    await store.move_verification(A, "VE1", Status.MAX_ATTEMPTS_REACHED, NOW + 1)
    assert (await store.move_verification(A, "VE1", Status.CANCELED, NOW + 2)).status is Status.CANCELED
    assert await held(store) is None


async def test_of_many_that_would_approve_one_does(store):
    await store.begin_verification(pending())
    moved = await asyncio.gather(*(store.move_verification(A, "VE1", Status.APPROVED, NOW) for _ in range(20)))
    assert sum(row is not None for row in moved) == 1
