"""Sign-ins: verifications and challenges that were approved, counted by service and by what brought them."""

from msgspec.structs import replace
from tests.contract.test_store_factors import challenge_of, factor_of, somebody
from tests.contract.test_store_verifications import pending

from ringfence.domain.challenge import ChallengeStatus
from ringfence.domain.factor import FactorType
from ringfence.domain.verification import Attempt, Status
from ringfence.ports.factors import Answer

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32


async def signed_in(store, n, at_ms, channel="sms", service="VA1", account=A, status=Status.APPROVED, stepped_from=""):
    row = pending(sid=f"VE{n}", service=service, account=account, to_index=b"%016d" % n, made_ms=NOW)
    last = Attempt("VL9", channel, NOW, (), stepped_from)
    await store.begin_verification(replace(row, channel=channel, attempts=(*row.attempts, last)))
    assert await store.move_verification(account, row.sid, status, at_ms)


async def counted(store, from_ms=NOW, until_ms=NOW + 1_000, account=A):
    found = await store.sign_ins(account, from_ms, until_ms)
    return sorted((one.service, one.channel, one.count) for one in found)


async def test_codes_are_counted_by_service_and_channel_in_their_time(store):
    await signed_in(store, 1, NOW)
    await signed_in(store, 2, NOW + 999)
    await signed_in(store, 3, NOW + 1_000)
    await signed_in(store, 4, NOW - 1)
    await signed_in(store, 5, NOW, channel="email")
    await signed_in(store, 6, NOW, service="VA2")
    await signed_in(store, 7, NOW, account=B)
    await signed_in(store, 8, NOW, status=Status.CANCELED)
    assert await counted(store) == [("VA1", "email", 1), ("VA1", "sms", 2), ("VA2", "sms", 1)]
    assert await counted(store, account=B) == [("VA1", "sms", 1)]
    assert await counted(store, NOW + 1_000, NOW + 1_001) == [("VA1", "sms", 1)]


async def test_it_counts_how_often_a_stronger_way_was_stepped_down_from(store):
    await signed_in(store, 1, NOW)
    await signed_in(store, 2, NOW, stepped_from="passkeys")
    await signed_in(store, 3, NOW, stepped_from="totp")
    (found,) = await store.sign_ins(A, NOW, NOW + 1)
    assert (found.count, found.stepped_down) == (3, 2)


async def test_factors_are_counted_by_what_they_are(store):
    await store.begin_entity(somebody())
    for n, kind in enumerate((FactorType.TOTP, FactorType.PUSH, FactorType.PUSH, FactorType.PASSKEYS)):
        index = b"%016d" % n if kind is FactorType.PASSKEYS else None
        await store.create_factor(factor_of(f"YF{n}", factor_type=kind, credential_index=index), 20)
        await store.create_challenge(challenge_of(f"YC{n}", factor=f"YF{n}", factor_type=kind))
    for n, status in enumerate([ChallengeStatus.APPROVED] * 2 + [ChallengeStatus.DENIED, ChallengeStatus.APPROVED]):
        answer = Answer(status=status, at_ms=NOW + 5, entity="YE1", factor=f"YF{n}")
        assert await store.answer_challenge(A, "VA1", f"YC{n}", answer)
    assert await counted(store) == [("VA1", "passkeys", 1), ("VA1", "push", 1), ("VA1", "totp", 1)]
    assert await counted(store, NOW + 6) == []


async def test_a_push_with_a_number_to_match_is_told_apart(store):
    await store.begin_entity(somebody())
    await store.create_factor(factor_of(factor_type=FactorType.PUSH), 20)
    for n, matched in enumerate((True, False, True)):
        await store.create_challenge(challenge_of(f"YC{n}", matched=matched))
        answer = Answer(status=ChallengeStatus.APPROVED, at_ms=NOW + 5, entity="YE1", factor="YF1")
        assert (await store.answer_challenge(A, "VA1", f"YC{n}", answer)).matched is matched
    assert await counted(store) == [("VA1", "push", 1), ("VA1", "push_matched", 2)]


async def test_of_an_account_without_sign_ins_there_are_none(store):
    assert await counted(store) == []
