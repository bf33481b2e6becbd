"""Entities, their factors, and what these were asked: known by indexes, answered once, erased together."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.domain.challenge import ChallengeStatus
from ringfence.domain.factor import FactorStatus, FactorType
from ringfence.ports.factors import (
    Answer,
    Brake,
    ChallengeRow,
    ChallengesBrakedError,
    CredentialTakenError,
    EntityRow,
    FactorRow,
    FactorsFullError,
)
from ringfence.ports.verify_events import TellingRow

NOW = 1_700_000_000_000
LIFE = 300_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
ALICE, BOB = b"a" * 16, b"b" * 16
CREDENTIAL = b"c" * 16


def somebody(sid="YE1", account=A, service="VA1", identity_index=ALICE, made_ms=NOW):
    return EntityRow(
        account=account,
        sid=sid,
        service=service,
        identity_index=identity_index,
        epoch=7,
        content=b"sealed",
        created_ms=made_ms,
        updated_ms=made_ms,
    )


def factor_of(sid="YF1", entity="YE1", account=A, service="VA1", made_ms=NOW, **more):
    fields = {"factor_type": FactorType.TOTP} | more
    return FactorRow(
        account=account,
        sid=sid,
        service=service,
        entity=entity,
        epoch=7,
        content=b"sealed",
        created_ms=made_ms,
        updated_ms=made_ms,
        **fields,
    )


def challenge_of(sid="YC1", factor="YF1", entity="YE1", account=A, service="VA1", made_ms=NOW, **more):
    fields = {"factor_type": FactorType.PUSH, "expires_ms": made_ms + LIFE} | more
    return ChallengeRow(
        account=account,
        sid=sid,
        service=service,
        entity=entity,
        factor=factor,
        epoch=7,
        content=b"sealed",
        shown=b"for the device",
        created_ms=made_ms,
        updated_ms=made_ms,
        **fields,
    )


def answered(status=ChallengeStatus.APPROVED, at_ms=NOW + 5, **more):
    fields = {"entity": "YE1", "factor": "YF1", "metadata": b"m"} | more
    return Answer(status=status, at_ms=at_ms, **fields)


TOLD = ("factor.created", "factor.verified", "challenge.approved", "factor.deleted")


def told(n, kind="factor.created"):
    return TellingRow(
        account=A,
        sid=f"EV{n:032x}",
        service="VA1",
        webhook="YW1",
        subject="YF1",
        kind=kind,
        epoch=7,
        content=b"sealed",
        at_ms=NOW,
    )


async def settle(store):
    """An entity with one factor."""
    await store.begin_entity(somebody())
    await store.create_factor(factor_of(), 20)


def sids(rows):
    return [row.sid for row in rows]


async def test_an_entity_is_found_by_its_identity(store):
    assert await store.begin_entity(somebody()) == somebody()
    assert await store.entity(A, "VA1", ALICE) == somebody()
    assert await store.entity(A, "VA1", BOB) is None
    assert await store.entity(A, "VA2", ALICE) is None
    assert await store.entity(B, "VA1", ALICE) is None


async def test_an_identity_is_one_entity_of_a_service(store):
    await store.begin_entity(somebody())
    assert await store.begin_entity(somebody("YE2")) == somebody()
    assert (await store.begin_entity(somebody("YE3", service="VA2"))).sid == "YE3"
    assert (await store.begin_entity(somebody("YE4", account=B))).sid == "YE4"
    assert sids(await store.entities(A, "VA1")) == ["YE1"]


async def test_of_many_that_begin_an_identity_at_once_all_are_told_of_the_same(store):
    begun = await asyncio.gather(*(store.begin_entity(somebody(f"YE{n}")) for n in range(9)))
    assert len({row.sid for row in begun}) == 1


async def test_entities_are_listed_newest_first_in_pages(store):
    for n in range(5):
        await store.begin_entity(somebody(f"YE{n}", identity_index=bytes([n]) * 16, made_ms=NOW + n // 2))
    assert sids(await store.entities(A, "VA1", limit=2)) == ["YE4", "YE3"]
    assert sids(await store.entities(A, "VA1", before="YE3", limit=2)) == ["YE2", "YE1"]
    assert sids(await store.entities(A, "VA1", before="YE1", limit=2)) == ["YE0"]
    assert await store.entities(B, "VA1") == []


async def test_a_factor_is_read_as_it_was_written(store):
    await settle(store)
    assert await store.factor(A, "VA1", "YF1") == factor_of()
    assert await store.factors(A, "YE1") == [factor_of()]
    assert await store.factor(A, "VA2", "YF1") is None
    assert await store.factor(B, "VA1", "YF1") is None
    assert await store.factors(B, "YE1") == []


async def test_a_factor_needs_its_entity(store):
    assert await store.create_factor(factor_of(), 20) is False
    await store.begin_entity(somebody())
    assert await store.create_factor(factor_of(service="VA2"), 20) is False
    assert await store.create_factor(factor_of(account=B), 20) is False
    assert await store.factors(A, "YE1") == []


async def test_an_entity_has_so_many_factors_and_no_more(store):
    await store.begin_entity(somebody())
    made = await asyncio.gather(
        *(store.create_factor(factor_of(f"YF{n}"), 3) for n in range(9)), return_exceptions=True
    )
    assert made.count(True) == 3
    assert sum(isinstance(error, FactorsFullError) for error in made) == 6
    assert len(await store.factors(A, "YE1")) == 3


async def test_factors_are_listed_newest_first_in_pages(store):
    await store.begin_entity(somebody())
    for n in range(3):
        await store.create_factor(factor_of(f"YF{n}", made_ms=NOW + n), 20)
    assert sids(await store.factors(A, "YE1", limit=2)) == ["YF2", "YF1"]
    assert sids(await store.factors(A, "YE1", before="YF1")) == ["YF0"]


async def test_a_factor_changes_once_a_version(store):
    await settle(store)
    wanted = replace(
        factor_of(),
        status=FactorStatus.VERIFIED,
        credential_index=CREDENTIAL,
        epoch=8,
        content=b"anew",
        updated_ms=NOW + 9,
    )
    changes = await asyncio.gather(*(store.update_factor(wanted) for _ in range(9)))
    assert changes.count(True) == 1
    assert await store.factor(A, "VA1", "YF1") == replace(wanted, version=1)
    assert await store.update_factor(wanted) is False
    assert await store.update_factor(replace(wanted, version=1, content=b"again")) is True
    assert (await store.factor(A, "VA1", "YF1")).content == b"again"
    assert await store.update_factor(replace(wanted, sid="YF2", credential_index=None)) is False


async def test_a_verified_factor_stays_verified(store):
    await settle(store)
    await store.update_factor(replace(factor_of(), status=FactorStatus.VERIFIED))
    assert await store.update_factor(replace(factor_of(), version=1)) is False
    assert (await store.factor(A, "VA1", "YF1")).status is FactorStatus.VERIFIED


async def test_what_a_factor_was_made_as_does_not_change(store):
    await settle(store)
    await store.update_factor(replace(factor_of(), entity="YE9", factor_type=FactorType.PUSH, created_ms=1))
    assert await store.factor(A, "VA1", "YF1") == replace(factor_of(), version=1)


async def test_a_credential_is_one_factor_of_a_service(store):
    await settle(store)
    for account, service, sid in ((A, "VA2", "YE2"), (B, "VA1", "YE3")):
        await store.begin_entity(somebody(sid, account=account, service=service))
    key = {"factor_type": FactorType.PASSKEYS, "credential_index": CREDENTIAL}
    passkey = factor_of("YF2", **key)
    assert await store.create_factor(passkey, 20) is True
    with pytest.raises(CredentialTakenError):
        await store.create_factor(factor_of("YF3", **key), 20)
    with pytest.raises(CredentialTakenError):
        await store.update_factor(replace(factor_of(), credential_index=CREDENTIAL))
    assert await store.update_factor(replace(passkey, content=b"counted on")) is True
    assert (await store.factor_of_credential(A, "VA1", CREDENTIAL)).sid == "YF2"
    assert await store.factor_of_credential(A, "VA1", b"d" * 16) is None
    assert await store.factor_of_credential(A, "VA2", CREDENTIAL) is None
    assert await store.create_factor(factor_of("YF4", "YE2", service="VA2", **key), 20) is True
    assert await store.create_factor(factor_of("YF5", "YE3", account=B, **key), 20) is True


async def test_of_many_that_bring_a_credential_at_once_one_has_it(store):
    await store.begin_entity(somebody())
    for n in range(9):
        await store.create_factor(factor_of(f"YF{n}"), 20)
    changes = await asyncio.gather(
        *(store.update_factor(factor_of(f"YF{n}", credential_index=CREDENTIAL)) for n in range(9)),
        return_exceptions=True,
    )
    assert changes.count(True) == 1
    assert sum(isinstance(error, CredentialTakenError) for error in changes) == 8


async def test_a_challenge_is_read_as_it_was_written(store):
    await settle(store)
    assert await store.create_challenge(challenge_of()) is True
    assert await store.challenge(A, "VA1", "YC1") == challenge_of()
    assert await store.challenge(A, "VA2", "YC1") is None
    assert await store.challenge(B, "VA1", "YC1") is None


async def test_a_challenge_needs_who_is_asked(store):
    assert await store.create_challenge(challenge_of()) is False
    await store.begin_entity(somebody())
    assert await store.create_challenge(challenge_of()) is False
    await store.create_factor(factor_of(), 20)
    assert await store.create_challenge(challenge_of(service="VA2")) is False
    assert await store.challenge(A, "VA1", "YC1") is None


async def test_a_challenge_may_be_for_anybody_who_has_a_passkey(store):
    await settle(store)
    anybody = challenge_of(factor="", entity="", factor_type=FactorType.PASSKEYS)
    assert await store.create_challenge(anybody) is True
    row = await store.answer_challenge(A, "VA1", "YC1", answered())
    assert (row.entity, row.factor) == ("YE1", "YF1")
    assert sids(await store.challenges(A, "YE1", now_ms=NOW)) == ["YC1"]


async def test_what_nobody_answered_is_forgotten_and_nothing_else(store):
    await settle(store)
    for n in range(4):
        await store.create_challenge(challenge_of(f"YC{n}", factor="", entity="", made_ms=NOW + n))
    await store.create_challenge(challenge_of("YC4"))
    await store.create_challenge(challenge_of("YC5", factor="", entity="", account=B))
    await store.answer_challenge(A, "VA1", "YC0", answered())
    assert await store.forget_unanswered(A, NOW + 3) == 2
    assert await store.forget_unanswered(A, NOW + 3) == 0
    left = [sid for sid in ("YC0", "YC1", "YC2", "YC3", "YC4") if await store.challenge(A, "VA1", sid)]
    assert left == ["YC0", "YC3", "YC4"]
    assert await store.challenge(B, "VA1", "YC5") is not None


async def test_a_challenge_is_answered_once(store):
    await settle(store)
    await store.create_challenge(challenge_of())
    wanted = [ChallengeStatus.APPROVED, ChallengeStatus.DENIED] * 9
    rows = await asyncio.gather(*(store.answer_challenge(A, "VA1", "YC1", answered(status)) for status in wanted))
    (row,) = [row for row in rows if row is not None]
    assert row == replace(challenge_of(), status=row.status, updated_ms=NOW + 5, responded_ms=NOW + 5, metadata=b"m")
    assert await store.challenge(A, "VA1", "YC1") == row
    assert await store.answer_challenge(A, "VA1", "YC1", answered(ChallengeStatus.DENIED)) is None


async def test_a_factor_that_is_gone_answers_nothing(store):
    """Whoever was found by its passkey a moment ago may be deleted by now: no row may name it ever after."""
    await settle(store)
    await store.create_factor(factor_of("YF2"), 20)
    await store.create_challenge(challenge_of(factor="", factor_type=FactorType.PASSKEYS))
    await store.create_challenge(challenge_of("YC2", factor="", entity="", factor_type=FactorType.PASSKEYS))
    await store.delete_factor(A, "VA1", "YF1")
    for sid in ("YC1", "YC2"):
        assert await store.answer_challenge(A, "VA1", sid, answered()) is None
        assert await store.answer_challenge(A, "VA1", sid, answered(factor="YF2", entity="YE2")) is None
        assert (await store.challenge(A, "VA1", sid)).status is ChallengeStatus.PENDING
        assert await store.answer_challenge(A, "VA1", sid, answered(factor="YF2")) is not None


async def test_of_a_deletion_and_an_answer_at_once_no_row_is_left_that_names_a_factor_of_none(store):
    await settle(store)
    for n in range(12):
        await store.create_factor(factor_of(f"YF{n}x"), 20)
        await store.create_challenge(challenge_of(f"YC{n}", factor="", entity="", factor_type=FactorType.PASSKEYS))
    both = [
        each
        for n in range(12)
        for each in (
            store.delete_factor(A, "VA1", f"YF{n}x"),
            store.answer_challenge(A, "VA1", f"YC{n}", answered(factor=f"YF{n}x")),
        )
    ]
    await asyncio.gather(*both)
    assert await store.challenges(A, "YE1", now_ms=NOW) == []


async def test_what_is_over_or_elsewhere_is_not_answered(store):
    await settle(store)
    await store.create_challenge(challenge_of())
    assert await store.answer_challenge(A, "VA2", "YC1", answered()) is None
    assert await store.answer_challenge(B, "VA1", "YC1", answered()) is None
    assert await store.answer_challenge(A, "VA1", "YC2", answered()) is None
    assert await store.answer_challenge(A, "VA1", "YC1", answered(at_ms=NOW + LIFE)) is None
    assert await store.answer_challenge(A, "VA1", "YC1", answered(at_ms=NOW + LIFE - 1)) is not None


async def test_challenges_are_listed_by_what_they_are_now(store):
    await settle(store)
    await store.create_factor(factor_of("YF2"), 20)
    for n in range(4):
        await store.create_challenge(challenge_of(f"YC{n}", factor="YF2" if n == 3 else "YF1", made_ms=NOW + n))
    await store.answer_challenge(A, "VA1", "YC1", answered(ChallengeStatus.DENIED))

    async def listed(**wanted):
        return sids(await store.challenges(A, "YE1", **({"now_ms": NOW + 9} | wanted)))

    assert await listed() == ["YC3", "YC2", "YC1", "YC0"]
    assert await listed(oldest_first=True) == ["YC0", "YC1", "YC2", "YC3"]
    assert await listed(factor="YF2") == ["YC3"]
    assert await listed(status=ChallengeStatus.PENDING) == ["YC3", "YC2", "YC0"]
    assert await listed(status=ChallengeStatus.PENDING, now_ms=NOW + LIFE + 2) == ["YC3"]
    assert await listed(status=ChallengeStatus.EXPIRED, now_ms=NOW + LIFE + 2) == ["YC2", "YC0"]
    assert await listed(status=ChallengeStatus.DENIED, factor="YF1") == ["YC1"]
    assert await listed(limit=2, before="YC3") == ["YC2", "YC1"]
    assert await listed(limit=2, before="YC1", oldest_first=True) == ["YC2", "YC3"]
    assert await store.challenges(B, "YE1", now_ms=NOW) == []


async def test_of_many_at_once_no_more_are_asked_than_the_brake_lets(store):
    await settle(store)
    brake = Brake(limit=3, since_ms=NOW - 1, denied_since_ms=NOW - 1)
    asked = await asyncio.gather(
        *(store.create_challenge(challenge_of(f"YC{n}"), brake) for n in range(9)), return_exceptions=True
    )
    assert asked.count(True) == 3
    refused = [error for error in asked if error is not True]
    assert all(isinstance(error, ChallengesBrakedError) and not error.denied for error in refused)
    assert len(await store.challenges(A, "YE1", now_ms=NOW)) == 3
    later = Brake(limit=3, since_ms=NOW, denied_since_ms=NOW)
    assert await store.create_challenge(challenge_of("YC9", made_ms=NOW + 1), later) is True
    assert await store.create_challenge(challenge_of("YC8", factor_type=FactorType.TOTP), brake) is True


async def test_who_denied_is_not_asked_until_that_is_forgotten(store):
    await settle(store)
    await store.create_challenge(challenge_of())
    await store.answer_challenge(A, "VA1", "YC1", answered(ChallengeStatus.DENIED))
    with pytest.raises(ChallengesBrakedError) as refused:
        await store.create_challenge(challenge_of("YC2"), Brake(limit=9, since_ms=NOW, denied_since_ms=NOW + 4))
    assert refused.value.denied
    assert await store.challenge(A, "VA1", "YC2") is None
    totp = challenge_of("YC3", factor_type=FactorType.TOTP)
    assert await store.create_challenge(totp, Brake(limit=9, since_ms=NOW, denied_since_ms=NOW + 4)) is True
    forgotten = Brake(limit=9, since_ms=NOW, denied_since_ms=NOW + 5)
    assert await store.create_challenge(challenge_of("YC2"), forgotten) is True


async def test_a_factor_goes_with_its_challenges(store):
    await settle(store)
    await store.create_factor(factor_of("YF2"), 20)
    await store.create_challenge(challenge_of())
    await store.create_challenge(challenge_of("YC2", factor="YF2"))
    assert await store.delete_factor(B, "VA1", "YF1") is False
    assert await store.delete_factor(A, "VA2", "YF1") is False
    assert await store.delete_factor(A, "VA1", "YF1") is True
    assert await store.delete_factor(A, "VA1", "YF1") is False
    assert sids(await store.factors(A, "YE1")) == ["YF2"]
    assert sids(await store.challenges(A, "YE1", now_ms=NOW)) == ["YC2"]


async def test_an_entity_goes_with_all_that_is_its_own(store):
    await settle(store)
    await store.create_factor(factor_of("YF2"), 20)
    await store.create_challenge(challenge_of())
    await store.begin_entity(somebody("YE2", identity_index=BOB))
    await store.create_factor(factor_of("YF3", "YE2"), 20)
    await store.create_challenge(challenge_of("YC3", "YF3", "YE2"))
    assert await store.delete_entity(A, "VA2", "YE1") is None
    assert await store.delete_entity(B, "VA1", "YE1") is None
    assert sorted(sids(await store.delete_entity(A, "VA1", "YE1"))) == ["YF1", "YF2"]
    assert await store.delete_entity(A, "VA1", "YE1") is None
    assert await store.entity(A, "VA1", ALICE) is None
    assert await store.factors(A, "YE1") == []
    assert await store.challenge(A, "VA1", "YC1") is None
    assert sids(await store.factors(A, "YE2")) == ["YF3"]
    assert await store.challenge(A, "VA1", "YC3") is not None


async def test_nothing_is_made_below_an_entity_that_is_being_deleted(store):
    await settle(store)
    made = [store.create_factor(factor_of(f"YF{n}"), 20) for n in range(2, 9)]
    asked = [store.create_challenge(challenge_of(f"YC{n}")) for n in range(9)]
    await asyncio.gather(*made, store.delete_entity(A, "VA1", "YE1"), *asked)
    assert await store.factors(A, "YE1") == []
    assert await store.challenges(A, "YE1", now_ms=NOW) == []


def test_rows_do_not_show_what_they_hold():
    assert repr(somebody()) == "EntityRow(YE1)"
    assert repr(factor_of()) == "FactorRow(YF1, totp, unverified)"
    assert repr(challenge_of()) == "ChallengeRow(YC1, push, pending)"


async def test_what_is_told_of_a_change_is_written_with_it(store):
    await store.begin_entity(somebody())
    made, verified, approved, deleted = (told(n, kind) for n, kind in enumerate(TOLD))
    await store.create_factor(factor_of(), 20, [made])
    await store.update_factor(replace(factor_of(), status=FactorStatus.VERIFIED), [verified])
    await store.create_challenge(challenge_of())
    await store.answer_challenge(A, "VA1", "YC1", answered(), [approved])
    await store.delete_factor(A, "VA1", "YF1", [deleted])
    rows = [made, verified, approved, deleted]
    assert await store.tellings(A, "YF1") == rows
    for row in rows:
        (event,) = await store.events(A, row.sid)
        assert (event.kind, event.at_ms) == (row.kind, row.at_ms)


async def test_where_nothing_changes_nothing_is_told(store):
    assert await store.create_factor(factor_of(), 20, [told(1)]) is False
    await settle(store)
    with pytest.raises(FactorsFullError):
        await store.create_factor(factor_of("YF2"), 1, [told(2)])
    await store.begin_entity(somebody("YE2", identity_index=BOB))
    await store.create_factor(factor_of("YF3", "YE2", credential_index=CREDENTIAL), 20)
    with pytest.raises(CredentialTakenError):
        await store.create_factor(factor_of("YF4", credential_index=CREDENTIAL), 20, [told(3)])
    with pytest.raises(CredentialTakenError):
        await store.update_factor(replace(factor_of(), credential_index=CREDENTIAL), [told(4)])
    assert await store.update_factor(replace(factor_of(), version=7), [told(5)]) is False
    assert await store.delete_factor(A, "VA1", "YF9", [told(6)]) is False
    await store.create_challenge(challenge_of())
    assert await store.answer_challenge(A, "VA1", "YC1", answered(at_ms=NOW + LIFE), [told(7)]) is None
    assert await store.answer_challenge(A, "VA1", "YC9", answered(), [told(8)]) is None
    assert await store.tellings(A, "YF1") == []


async def test_of_answers_at_once_one_is_told(store):
    await settle(store)
    await store.create_challenge(challenge_of())
    ends = await asyncio.gather(
        *(store.answer_challenge(A, "VA1", "YC1", answered(), [told(n, "challenge.approved")]) for n in range(9))
    )
    assert sum(end is not None for end in ends) == 1
    assert len(await store.tellings(A, "YF1")) == 1
