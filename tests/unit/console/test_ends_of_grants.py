"""What a session of staff was granted ends with it, however it ends: the key service has no keys for it any more.

Where it is away just then, the session has ended all the same, and the grants end by themselves once it is back.
"""

import asyncio
import re
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from ringfence.console import ends_of_grants
from ringfence.console.ends_of_grants import AT_ONCE, EndsOfGrants, GrantsToEnd, grants_to_end, keep_to_end
from ringfence.console.lockout import Lockout
from ringfence.console.operator.account_status import AccountStatus
from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import Sessions
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.grant import GrantBinding, seal_grant
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.ports.grants import KeptGrant
from ringfence.ports.keys import KeyRefusedError, Slot
from ringfence.ports.store import AccountRow, CredentialRow
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


async def second_of(it: Any, ada: Any) -> Any:
    """Another browser of hers, with a passkey of its own."""
    second = it.browser(SoftwareAuthenticator())
    begun = (await ada.ask("POST", "/passkeys/options")).json()
    answer = second.authenticator.create(begun["options"], ada.origin)
    await ada.ask("POST", "/passkeys", {"ceremony": begun["ceremony"], "answer": answer})
    await second.sign_in()
    return second


class Away:
    """The key service, which goes away as grants are to end, until it is back."""

    def __init__(self, keys: Any) -> None:
        self._keys, self._end, self.asked = keys, keys.end_grants, 0
        keys.end_grants = self._away

    async def _away(self, *_: Any, **__: Any) -> int:
        self.asked += 1
        raise ConnectionError("the key service is away")

    def back(self) -> None:
        self._keys.end_grants = self._end


ENDS = ["sign out", "another ends it", "the passkey is dropped", "removed"]
NOTICE = "as soon as the key service answers"


@pytest.mark.parametrize("end", ENDS)
def test_what_ended_while_the_key_service_is_away_has_ended_and_its_grants_end_later(
    run: Any, stand: Any, end: str
) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            second = await second_of(it, ada)
            member, session = await granted(it, ada)
            deeds = {
                "sign out": (ada, "/sign-out"),
                "another ends it": (second, f"/sessions/{session}/end"),
                "the passkey is dropped": (second, f"/passkeys/{b64(ada.authenticator.credential_id)}/drop"),
            }
            away = Away(it.keys)
            with capture_logs() as logged:
                if end == "removed":
                    assert await it.terminal.remove("terminal", member) is False
                else:
                    by, path = deeds[end]
                    assert (await by.ask("POST", path)).status_code == 200
            whose = {"session": "", "staff": member} if end == "removed" else {"session": session, "staff": ""}
            said = {"event": "console.grants_not_ended", "log_level": "warning", "account": ""} | whose
            assert [each for each in logged if each["event"].startswith("console.")] == [said]
            assert away.asked == 1
            # Nobody has the session, so nobody is given what the key service still has.
            assert (await ada.page("/")).status_code == 401
            assert (await it.keys.grant_boxes(GR, session, [SM1])).boxes
            assert [NOTICE in each.text for each in await it.terminal.notices()].count(True) == 1
            if end in ("another ends it", "the passkey is dropped"):
                assert NOTICE in (await second.page("/sessions")).text
                assert (await second.ask("POST", deeds[end][1])).status_code == 409, "it was done"
            # Another process, or this one begun again, does what is left.
            ends = EndsOfGrants(it.storage, it.keys)
            with capture_logs():
                assert await ends.settle() is False
            away.back()
            assert await ends.settle() is True
            with pytest.raises(KeyRefusedError):
                await it.keys.grant_boxes(GR, session, [SM1])
            assert await it.storage.run(grants_to_end) == []
            assert not any(NOTICE in each.text for each in await it.terminal.notices())
            (entry,) = [each for each in it.ledger.entries if each.verb == "grant.end"]
            assert (entry.account, entry.actor) == (
                ACCOUNT,
                "staff:terminal" if end == "removed" else f"staff:{member}",
            )
            assert await ends.settle() is True, "again is a no-op"

    run(scene())


def test_an_account_that_two_stopped_is_stopped_while_the_key_service_is_away(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            _, session = await granted(it, ada)
            row = AccountRow(sid=ACCOUNT, tenant=ACCOUNT, friendly_name="", created_ms=1, updated_ms=1)
            token = CredentialRow(
                account=ACCOUNT,
                sid=ACCOUNT,
                kind="auth_token",
                verifier=b"",
                hmac_states=b"",
                created_ms=1,
                updated_ms=1,
            )
            await it.store.create_account(row, token)
            (by,) = await Sessions(it.storage, it.clock).open_now("staff")
            lockout, away = Lockout(it.storage, it.keys, it.clock), Away(it.keys)
            suspending = AccountStatus(it.store, lockout, it.clock, "suspended")
            with capture_logs():
                await suspending.do(f"account:{ACCOUNT}", "", "active", by)
            assert (await it.store.account(ACCOUNT)).status == "suspended"
            assert (await it.keys.grant_boxes(GR, session, [SM1])).boxes
            (notice,) = [each.text for each in await it.terminal.notices() if NOTICE in each.text]
            assert notice.startswith(f"Grants of {ACCOUNT} ")
            away.back()
            assert await EndsOfGrants(it.storage, it.keys).settle()
            with pytest.raises(KeyRefusedError):
                await it.keys.grant_boxes(GR, session, [SM1])

    run(scene())


def test_what_is_left_is_tried_until_it_is_done(run: Any, stand: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends_of_grants, "EVERY_S", 0.001)

    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            member, session = await granted(it, ada)
            away = Away(it.keys)
            with capture_logs() as logged:
                await it.terminal.remove("terminal", member)
                running = asyncio.create_task(EndsOfGrants(it.storage, it.keys).run())
                while away.asked < 3:
                    await asyncio.sleep(0)
                # Nor does it matter that its own database is away for a while.
                await it.storage.close()
                while logged[-1].get("staff"):
                    await asyncio.sleep(0)
                await it.storage.open()
                away.back()
                while await it.storage.run(grants_to_end):
                    await asyncio.sleep(0)
                running.cancel()
            assert {each["event"] for each in logged} == {"console.grants_not_ended"}
            with pytest.raises(KeyRefusedError):
                await it.keys.grant_boxes(GR, session, [SM1])

    run(scene())


def test_so_many_are_ended_at_once_and_the_oldest_first(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            ends = EndsOfGrants(it.storage, it.keys)
            endings = [GrantsToEnd(session=f"CS{n}", actor="staff:ST1", at_ms=n) for n in range(AT_ONCE + 1)]
            for each in (*reversed(endings), msgspec.structs.replace(endings[3], actor="staff:ST2", at_ms=0)):
                await it.storage.run(lambda db, each=each: keep_to_end(db, each))
            assert await it.storage.run(grants_to_end) == endings[:AT_ONCE]
            assert await ends.settle()
            assert await it.storage.run(grants_to_end) == endings[AT_ONCE:]

    run(scene())


@pytest.mark.parametrize("end", ENDS)
def test_a_grant_ends_with_its_session(run: Any, stand: Any, end: str) -> None:
    async def scene() -> None:
        async with stand() as it:
            ada = await it.first()
            second = await second_of(it, ada)
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
            assert await it.storage.run(grants_to_end) == []

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
