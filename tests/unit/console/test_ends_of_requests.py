"""What one member of staff asked for ends with their session, however that ends, and with the right to ask for it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.unit.console.test_two_person_acts import TARGET, Two, frozen_account, status

from ringfence.console.operator.act_names import Act
from ringfence.console.operator.policies import Policies, may_by
from ringfence.console.operator.policy_files import shipped_policies
from ringfence.console.sessions import IDLE_MS, LIFE_MS, Sessions
from ringfence.domain.access.staff_role import StaffRole
from ringfence.domain.base64url import encode_base64url
from software_authenticator import SoftwareAuthenticator

SUPPORT, OPERATIONS, SECURITY = StaffRole
Ends = Callable[[Any, Two], Awaitable[None]]


async def signs_out(at: Any, two: Two) -> None:
    await Sessions(at.storage, at.clock).end("staff", two.ada.id)


async def is_idle(at: Any, two: Two) -> None:
    at.clock.advance(IDLE_MS + 1)
    await two.come_back(two.bob)


async def is_old(at: Any, two: Two) -> None:
    at.clock.advance(LIFE_MS - 1_000)
    await two.come_back(two.ada, two.bob)
    await two.ask(Act.THAW, TARGET)
    at.clock.advance(1_001)


async def all_end(at: Any, two: Two) -> None:
    await two.lockout.end_all()


async def is_kept_out(at: Any, two: Two) -> None:
    await two.lockout.freeze_staff(two.ada.person, "staff:terminal")
    await two.lockout.thaw_staff(two.ada.person)


@pytest.mark.parametrize("ends", [signs_out, is_idle, is_old, all_end, is_kept_out])
def test_a_request_ends_with_the_session_that_asked(run: Any, stand: Any, ends: Ends) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at).join()
            asked = await two.ask(Act.THAW, TARGET)
            await ends(at, two)
            await two.come_back(two.bob)
            assert list(await two.acts.waiting()) == []
            assert "asks for" not in " ".join(notice.text for notice in await at.terminal.notices())
            assert "nobody asks" in await two.refused(two.acts.confirm(two.bob, asked))
            # It does not come back with another session of the same person.
            await two.come_back(two.ada)
            assert list(await two.acts.waiting()) == []
            assert await status(at) == "suspended"

    run(story())


def test_a_request_ends_where_its_session_does_as_a_passkey_is_dropped(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            ada, second = await at.first(), SoftwareAuthenticator()
            begun = (await ada.ask("POST", "/passkeys/options")).json()
            made = {"ceremony": begun["ceremony"], "answer": second.create(begun["options"], ada.origin)}
            assert (await ada.ask("POST", "/passkeys", made)).status_code == 200
            wish = {"act": "thaw", "target": TARGET, "reason": "Acme called"}
            assert (await ada.ask("POST", "/requests", wish)).status_code == 200
            elsewhere = at.browser(second)
            assert (await elsewhere.sign_in()).status_code == 200
            assert "Acme called" in (await elsewhere.page("/requests")).text
            (member,) = await at.terminal.members()
            held = {each.passkey.credential_id for each in await at.terminal.passkeys_of(member.id)}
            (stolen,) = held - {second.credential_id}
            assert (await elsewhere.ask("POST", f"/passkeys/{encode_base64url(stolen)}/drop")).status_code == 200
            assert "Acme called" not in (await elsewhere.page("/requests")).text

    run(story())


@pytest.mark.parametrize("which", ["ada", "bob"])
def test_a_session_that_ends_while_the_ledger_is_written_stops_it(run: Any, stand: Any, which: str) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            two = await Two(at, lambda: Sessions(at.storage, at.clock).end("staff", f"CS{which.title()}")).join()
            asked = await two.ask(Act.THAW, TARGET)
            await two.refused(two.acts.confirm(two.bob, asked))
            assert await status(at) == "suspended"

    run(story())


@pytest.mark.parametrize("late", [False, True])
def test_who_lost_the_right_to_ask_has_asked_for_nothing(run: Any, stand: Any, late: bool) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            at.may = may_by(Policies(shipped_policies().statements), at.storage, at.store)

            async def then() -> None:
                if late:
                    await at.terminal.give_roles(two.ada.person, [SUPPORT])

            two = await Two(at, then).join()
            await at.terminal.give_roles(two.ada.person, [OPERATIONS])
            await at.terminal.give_roles(two.bob.person, [SECURITY])
            asked = await two.ask(Act.THAW, TARGET)
            if not late:
                await at.terminal.give_roles(two.ada.person, [SUPPORT])
            why = await two.refused(two.acts.confirm(two.bob, asked))
            assert ("something else" if late else "may not ask for that any more") in why
            assert await status(at) == "suspended"

    run(story())
