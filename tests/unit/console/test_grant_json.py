"""Grants as pages and frames take them, in words and in base64url."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from ringfence.console.grant_json import bytes_of, refusing, said, written
from ringfence.console.refusals import RefusedError
from ringfence.domain.access.grant import Grant, GrantState
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.scope import Scope

HOUR = 1_700_000_000 // 3_600
GRANT = Grant(
    sid="GR1",
    tenant="AC0",
    account="AC1",
    staff="ST1",
    session="CS1",
    public=b"\xfb\xff",
    committed=b"\x01",
    scope=Scope(records=("SM1", "CA1")),
    reason="it came garbled",
    minutes=45,
    asked_ms=1,
    approver="MB1",
    approver_value=b"\x02",
    value=b"\x03",
    expires_ms=7,
)


def sids(prefix: str, count: int) -> tuple[str, ...]:
    return tuple(f"{prefix}{n:032x}" for n in range(count))


def test_a_frame_is_given_all_that_keys_are_bound_to_and_nothing_of_its_tenants_answer() -> None:
    assert written(GRANT) == {
        "sid": "GR1",
        "account": "AC1",
        "staff": "ST1",
        "session": "CS1",
        "public": "-_8",
        "committed": "AQ",
        "approver_value": "Ag",
        "value": "Aw",
        "expires_ms": 7,
        "names": ["SM1", "CA1"],
        "reason": "it came garbled",
        "minutes": 45,
        "state": "pending",
        "approved": False,
    }


@pytest.mark.parametrize("state", GrantState)
def test_approved_is_what_is_approved_now(state: GrantState) -> None:
    told = written(Grant(**{name: getattr(GRANT, name) for name in Grant.__struct_fields__} | {"state": state}))
    assert (told["state"], told["approved"]) == (state.value, state.value == "approved")


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        (Scope(records=sids("SM", 1)), "1 text"),
        (Scope(records=sids("SM", 2) + sids("MM", 1)), "3 texts"),
        (Scope(records=sids("CA", 1) + sids("SM", 2)), "1 call and 2 texts"),
        (Scope(records=sids("CA", 2) + sids("RE", 1) + sids("SM", 1)), "2 calls, 1 recording and 1 text"),
        (Scope(epochs=(HOUR << 8,)), "all of 1 hour, from 2023-11-14 22:00 UTC on"),
        (Scope(epochs=((HOUR + 1) << 8, HOUR << 8, HOUR << 8 | 1)), "all of 2 hours, from 2023-11-14 22:00 UTC on"),
    ],
)
def test_what_a_request_is_for_is_said_in_a_few_words(scope: Scope, words: str) -> None:
    assert said(scope) == words


def test_bytes_come_as_base64url() -> None:
    assert bytes_of("-_8") == b"\xfb\xff"
    with pytest.raises(RefusedError) as refused:
        bytes_of("+/8=")
    assert (refused.value.text, refused.value.status) == ("That is no base64url.", 400)


@pytest.mark.parametrize(
    ("refusal", "status", "fresh"),
    [(Refusal.UNKNOWN, 404, False), (Refusal.STALE, 403, True), (Refusal.NUMBER, 409, False)],
)
def test_a_refusal_of_access_is_told_to_who_asked(run: Any, refusal: Refusal, status: int, fresh: bool) -> None:
    async def refused(_: Request) -> Response:
        raise AccessRefusedError(refusal)

    with pytest.raises(RefusedError) as told:
        run(refusing(refused)(Request({"type": "http"})))
    assert (told.value.text, told.value.status, told.value.fresh) == (
        f"No: {AccessRefusedError(refusal)}.",
        status,
        fresh,
    )


def test_what_is_not_refused_is_answered(run: Any) -> None:
    async def answer(request: Request) -> Response:
        return Response(request.method)

    assert run(refusing(answer)(Request({"type": "http", "method": "GET"}))).body == b"GET"
