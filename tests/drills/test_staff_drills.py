"""Attacks on staff's sign-ins: all succeed at a console of 2022, none at ours."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from ringfence.console.request_signature import PublicJwk
from ringfence.console.session_guard import set_cookie
from ringfence.console.sessions import Sessions
from ringfence.drills import member_door
from ringfence.drills.design import OURS, Design, control
from ringfence.drills.downgrade_hunt import downgrade_hunt
from ringfence.drills.enrolment_hijack import TOTAL, enrolment_hijack
from ringfence.drills.provider_hunt import TOTAL as WAYS
from ringfence.drills.provider_hunt import provider_hunt
from ringfence.drills.relayed_sign_in import RELAYS, missing, relayed_sign_in
from ringfence.drills.staff_desk import Desk, OurDesk, our_desk
from ringfence.drills.stolen_session import stolen_session

needs_chromium = pytest.mark.skipif(bool(missing()), reason=missing() or "it is all here")


@pytest.fixture(scope="module")
def the_control() -> Design:
    found = control()
    assert found is not None, "a checkout has the control build"
    return found


def test_d02_no_link_open_browser_or_kind_clerk_makes_a_member(the_control: Design) -> None:
    ours = enrolment_hijack(OURS, TOTAL)
    assert (ours.reached, ours.rows) == (0, ())
    assert enrolment_hijack(the_control, TOTAL).reached == TOTAL


def test_d03_no_route_gives_a_session_without_a_passkey(the_control: Design) -> None:
    ours = downgrade_hunt(OURS, 2)
    assert (ours.reached, ours.proves) == (0, True)
    assert int(dict(ours.rows)["requests"]) > 1_000
    assert downgrade_hunt(the_control, 9).reached == 9


@contextlib.asynccontextmanager
async def desk_with_a_door_by_code(folder: Path, port: int = 8421) -> AsyncIterator[Desk]:
    """Ours, and a sign-in by any code alone in it, which wants the browser's key as each sign-in of ours does."""
    async with our_desk(folder, port) as desk:
        assert isinstance(desk, OurDesk)
        ours, sessions = desk.app, Sessions(desk._storage, desk.clock)

        async def by_code(asked: Request) -> Response:
            sent = json.loads(await asked.body() or b"{}") if "json" in asked.headers.get("content-type", "") else {}
            if not {"code", "key"} <= sent.keys():
                return JSONResponse({"error": "A code, and the browser's key."}, 400)
            first, *_ = await desk._terminal.members()
            session, cookie = sessions.new("staff", first.id, "", msgspec.convert(sent["key"], PublicJwk))
            await sessions.keep(session, cookie)
            response = JSONResponse({})
            set_cookie(response, desk.origin, cookie)
            return response

        desk.app = Starlette(routes=[Route("/api/session", by_code, methods=["POST"]), Mount("/", ours)])
        yield desk


def test_d03_sees_a_door_that_wants_the_browsers_key() -> None:
    assert downgrade_hunt(msgspec.structs.replace(OURS, staff_desk=desk_with_a_door_by_code), 1).reached == 1


def test_d03b_proves_nothing_at_a_door_that_lets_nobody_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_door, "PERSON", "somebody else")
    found = provider_hunt(OURS, 0)
    assert (found.reached, found.proves) == (0, False)


def test_d03b_nothing_that_a_provider_gave_somebody_else_lets_anybody_in(the_control: Design) -> None:
    ours, other = provider_hunt(OURS, WAYS), provider_hunt(the_control, WAYS)
    assert (ours.reached, other.reached) == (0, WAYS)
    assert int(dict(ours.rows)["requests"]) > 1_000
    # The member comes in by the same door.
    assert [dict(each.rows)["the member themselves comes in"] for each in (ours, other)] == ["yes", "yes"]


def test_d04_a_copied_session_is_worth_nothing(the_control: Design) -> None:
    assert stolen_session(OURS, 16).reached == 0
    assert stolen_session(the_control, 16).reached == 16


@pytest.mark.browser
@needs_chromium
def test_d01_a_look_alike_gets_nothing_of_a_passkey() -> None:
    ours = relayed_sign_in(OURS, len(RELAYS))
    assert ours.reached == 0
    assert [told for _, told in ours.rows] == [
        "Passkeys do not work under this address.",
        "The passkey was not shown, or not in time.",
        "This passkey does not sign in here.",
    ]


@pytest.mark.long
@pytest.mark.browser
@needs_chromium
def test_d01_a_look_alike_gets_all_of_a_password_and_a_code(the_control: Design) -> None:
    assert relayed_sign_in(the_control, len(RELAYS)).reached == len(RELAYS)


@pytest.mark.long
def test_d03_and_d04_at_full_size() -> None:
    assert downgrade_hunt(OURS, 9).reached == 0
    assert stolen_session(OURS, 200).reached == 0
