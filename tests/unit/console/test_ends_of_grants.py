"""What a session of staff was granted ends with it, however it ends: the key service has no keys for it any more."""

import re
from typing import Any

import msgspec
import pytest

from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import Sessions
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.grant import GrantBinding, seal_grant
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.ports.grants import KeptGrant
from ringfence.ports.keys import KeyRefusedError, Slot
from software_authenticator import SoftwareAuthenticator, b64

ACCOUNT, SM1, GR = "AC" + "a" * 32, "SM" + "1" * 32, "GR" + "1" * 32


async def grant_to(it: Any, member: str, session: str, grant: str = GR) -> None:
    """Keep the key of a text for a session of staff."""
    await it.keys.create_account(ACCOUNT, [Slot(credential=ACCOUNT, public=slot_public(slot_seed("token", ACCOUNT)))])
    bound = GrantBinding(
        grant=grant,
        account=ACCOUNT,
        staff=member,
        session=session,
        public=hpke.Recipient(b"\x07" * 32, hybrid=True).public,
        expires_ms=it.clock.now_ms() + 1_800_000,
    )
    sealed = seal_grant(bound, {SM1: b"\x01" * 32}, await it.keys.grant_keeper())
    await it.keys.keep_grant(KeptGrant(binding=bound, sealed=sealed, approver="m1"))
    assert (await it.keys.grant_boxes(grant, session, [SM1])).boxes


async def granted(it: Any, browser: Any) -> tuple[str, str]:
    """Member and session of a browser that was granted the key of a text."""
    page = (await browser.page("/sessions")).text
    session = re.search(r"(CS[0-9a-f]{32})</code> this one", page)
    assert session is not None
    member = (await it.terminal.members())[0].id
    await grant_to(it, member, session[1])
    return member, session[1]


@pytest.mark.parametrize("end", ["sign out", "another ends it", "the passkey is dropped", "removed"])
def test_a_grant_ends_with_its_session(run: Any, stand: Any, end: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            second = it.browser(SoftwareAuthenticator())
            begun = (await ada.ask("POST", "/passkeys/options")).json()
            answer = second.authenticator.create(begun["options"], ada.origin)
            await ada.ask("POST", "/passkeys", {"ceremony": begun["ceremony"], "answer": answer})
            await second.sign_in()
            member, session = await granted(it, ada)
            if end == "sign out":
                done = await ada.ask("POST", "/sign-out")
            elif end == "another ends it":
                done = await second.ask("POST", f"/sessions/{session}/end")
            elif end == "the passkey is dropped":
                done = await second.ask("POST", f"/passkeys/{b64(ada.authenticator.credential_id)}/drop")
            else:
                await it.terminal.remove("terminal", member)
                done = await it.browser().ask("GET", "/healthz", signed=False)
            assert done.status_code == 200
            with pytest.raises(KeyRefusedError):
                await it.keys.grant_boxes(GR, session, [SM1])
            assert (await ada.page("/")).status_code == 401

    run(scene())


def test_a_members_session_is_not_for_staff_to_end(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            sessions = Sessions(it.storage, it.clock)
            theirs, cookie = sessions.new("member", "MB1", ACCOUNT, msgspec.convert(ada.key.jwk, PublicJwk))
            await sessions.keep(theirs, cookie)
            assert (await ada.ask("POST", f"/sessions/{theirs.id}/end")).status_code == 409
            assert [each.id for each in await sessions.open_now("member")] == [theirs.id]

    run(scene())
