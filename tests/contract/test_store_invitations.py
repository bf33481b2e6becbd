"""An invitation is taken once, before it ends, by the digest of its secret alone."""

import asyncio

from msgspec.structs import replace

from ringfence.ports.invitations import InvitationRow

A, B = "AC" + "a" * 32, "AC" + "b" * 32
DIGEST, OTHER_DIGEST = b"d" * 32, b"e" * 32
ROW = InvitationRow(id="IV" + "1" * 32, name="Acme", invited_by="terminal", created_ms=5, expires_ms=100)
OTHER = InvitationRow(id="IV" + "2" * 32, name="Fade & Co", invited_by="ST1", created_ms=6, expires_ms=200)


async def two(store):
    await store.put_invitation(ROW, DIGEST)
    await store.put_invitation(OTHER, OTHER_DIGEST)


async def test_one_of_many_takes_it_and_it_says_for_which_account(store):
    await two(store)
    assert await store.invitations() == [OTHER, ROW]
    assert await store.invitation(DIGEST) == ROW
    taken = await asyncio.gather(*(store.take_invitation(DIGEST, f"AC{n:032}", 99) for n in range(8)))
    assert sorted(taken) == [False] * 7 + [True]
    account = f"AC{taken.index(True):032}"
    assert await store.invitations() == [OTHER, replace(ROW, account=account, taken_ms=99)]
    assert not await store.take_invitation(DIGEST, B, 99)


async def test_none_is_taken_that_has_ended_was_withdrawn_or_never_was(store):
    await two(store)
    assert not await store.take_invitation(DIGEST, A, 100)
    assert not await store.take_invitation(b"f" * 32, A, 1)
    assert await store.delete_invitation(OTHER.id)
    assert not await store.delete_invitation(OTHER.id)
    assert not await store.take_invitation(OTHER_DIGEST, A, 1)
    assert await store.invitation(OTHER_DIGEST) is None
    assert await store.invitations() == [ROW]


async def test_what_was_taken_is_not_withdrawn_any_more(store):
    await two(store)
    assert await store.take_invitation(DIGEST, A, 99)
    assert not await store.delete_invitation(ROW.id)
    assert [row.account for row in await store.invitations()] == ["", A]


async def test_they_are_listed_a_page_at_a_time_and_the_open_ones_alone(store):
    await two(store)
    third = replace(OTHER, id="IV" + "3" * 32, expires_ms=300)
    await store.put_invitation(third, b"f" * 32)
    assert await store.invitations(limit=2) == [third, OTHER]
    assert await store.invitations(before=OTHER.id, limit=2) == [ROW]
    assert await store.invitations(open_at_ms=200) == [third]
    assert await store.invitations(open_at_ms=199, limit=1) == [third]
    assert await store.invitations(open_at_ms=199, before=third.id) == [OTHER]
    await store.take_invitation(OTHER_DIGEST, A, 1)
    assert await store.invitations(open_at_ms=1) == [third, ROW]
