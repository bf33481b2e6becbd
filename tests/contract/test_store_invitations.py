"""An invitation is taken once, before it ends, by the digest of its secret alone."""

import asyncio

from msgspec.structs import replace

from ringfence.ports.invitations import InvitationRow

A, B = "AC" + "a" * 32, "AC" + "b" * 32
ROW = InvitationRow(id="IV" + "1" * 32, digest=b"d" * 32, name="Acme", created_ms=5, expires_ms=100)
OTHER = InvitationRow(id="IV" + "2" * 32, digest=b"e" * 32, name="Fade & Co", created_ms=6, expires_ms=200)


async def test_one_of_many_takes_it_and_it_says_for_which_account(store):
    await store.put_invitation(ROW)
    await store.put_invitation(OTHER)
    assert await store.invitations() == [OTHER, ROW]
    assert await store.invitation(ROW.digest) == ROW
    taken = await asyncio.gather(*(store.take_invitation(ROW.digest, f"AC{n:032}", 99) for n in range(8)))
    assert sorted(taken) == [False] * 7 + [True]
    account = f"AC{taken.index(True):032}"
    assert await store.invitations() == [OTHER, replace(ROW, account=account, taken_ms=99)]
    assert not await store.take_invitation(ROW.digest, B, 99)


async def test_none_is_taken_that_has_ended_was_withdrawn_or_never_was(store):
    await store.put_invitation(ROW)
    await store.put_invitation(OTHER)
    assert not await store.take_invitation(ROW.digest, A, 100)
    assert not await store.take_invitation(b"f" * 32, A, 1)
    assert await store.delete_invitation(OTHER.id)
    assert not await store.delete_invitation(OTHER.id)
    assert not await store.take_invitation(OTHER.digest, A, 1)
    assert await store.invitation(OTHER.digest) is None
    assert await store.invitations() == [ROW]
