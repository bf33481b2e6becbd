"""The numbers of an account: what is clear of them, and what they do as it is sealed; buying one, giving one up."""

from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.member_acts import GONE, MemberActs, checked_name, telling
from ringfence.console.tenant.standing_json import FormJson, StandingRelay
from ringfence.console.tenant.standing_routes import StandingOf, standing_routes
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid, new_sid
from ringfence.domain.standing import number_record
from ringfence.ports.standing_forms import KeptStanding
from ringfence.ports.store import NumberRow, NumberStore, SidTakenError
from ringfence.usecases.accounts.buy_number import KINDS, own_number
from ringfence.usecases.accounts.configure_number import keep_number
from ringfence.usecases.accounts.release_number import release_number

NUMBER: Final = "PN"
PAGE: Final = 50
OFFERED: Final = 30
_TAKEN = "This number was taken meanwhile: choose another."


class _Name(msgspec.Struct, frozen=True):
    friendly_name: str


class _Wanted(msgspec.Struct, frozen=True):
    number: str


class _Bought(msgspec.Struct, frozen=True):
    number: str
    sid: str
    form: FormJson


def number_routes(
    pages: Pages, numbers: NumberStore, relay: StandingRelay, acts: MemberActs, clock: Clock, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    def shown(name: str, title: str, request: Request, status: int = 200, **values: Any) -> Response:
        return pages.page(name, status, title=title, session=session_of(request), keys=keys_origin, **values)

    async def listed(request: Request) -> Response:
        account, before = session_of(request).account, request.query_params.get("before", "")
        found = await numbers.numbers(account, before=before if is_sid(before, NUMBER) else None, limit=PAGE + 1)
        return shown(
            "member_numbers.html",
            "Numbers",
            request,
            numbers=found[:PAGE],
            before=found[PAGE - 1].sid if len(found) > PAGE else "",
        )

    async def now(looked: Looked) -> Now:
        return rows_by(lambda each: each.sid, await numbers.numbers(looked.account, limit=PAGE + 1))

    async def one(request: Request) -> Response:
        row = await numbers.number(session_of(request).account, request.path_params["sid"])
        if row is None:
            return shown("member_missing.html", "Numbers", request, status=404)
        return shown("member_number.html", "Numbers", request, number=row)

    async def offered(request: Request) -> Response:
        session, asked = session_of(request), request.query_params
        stocked = await numbers.stocked_regions()
        region, kind, digits = asked.get("region", ""), asked.get("kind", ""), asked.get("contains", "")
        wanted = "".join(each for each in digits if each.isascii() and each.isdigit())
        found = []
        if region in stocked and kind in KINDS:
            found = await numbers.available(
                region, kind, pattern=wanted or None, limit=OFFERED, at_ms=clock.now_ms(), account=session.account
            )
        return shown(
            "member_buy_number.html",
            "Numbers",
            request,
            regions=sorted(stocked),
            kinds=KINDS,
            asked={"region": region, "kind": kind, "contains": wanted},
            offers=found,
        )

    async def find(request: Request) -> StandingOf:
        row = await own(request)
        return StandingOf(record=number_record(row.sid), standing=row.standing, label=row.number)

    async def keep(request: Request, kept: KeptStanding) -> None:
        await keep_number(numbers, clock, await own(request), standing=kept.sealed)

    async def rename(request: Request) -> Response:
        row, wanted = await own(request), await read_json(request, _Name)
        name = checked_name(wanted.friendly_name)
        await acts.begin(request, "rename_number", row.sid)
        await keep_number(numbers, clock, row, friendly_name=name)
        return done()

    async def release(request: Request) -> Response:
        row = await own(request)
        session = await acts.begin(request, "release_number", row.sid)
        if not await release_number(numbers, clock, account=session.account, sid=row.sid):
            raise RefusedError(GONE, status=404)
        return done()

    async def begin_buying(request: Request) -> Response:
        session, wanted = acts.fresh_session(request), await read_json(request, _Wanted)
        sid = new_sid(NUMBER, clock.now_ms())
        proof_key = await relay.proof_key(session)
        return done(sid=sid, record=number_record(sid), label=wanted.number, proof_key=proof_key)

    async def buy(request: Request) -> Response:
        made = await read_json(request, _Bought)
        if not is_sid(made.sid, NUMBER):
            raise RefusedError("That is no number's SID.", status=400)
        session = await acts.begin(request, "buy_number", made.sid)
        kept = await relay.kept(session, number_record(made.sid), b"", made.form)
        try:
            row = await own_number(
                numbers, clock, account=session.account, sid=made.sid, standing=kept.sealed, number=made.number
            )
        except SidTakenError:
            raise RefusedError(_TAKEN) from None
        return done(sid=row.sid)

    async def own(request: Request) -> NumberRow:
        row = await numbers.number(session_of(request).account, request.path_params["sid"])
        if row is None:
            raise RefusedError(GONE, status=404)
        return row

    return [
        Followed("/numbers", listed, now),
        Route("/numbers/offers", offered, methods=["GET"]),
        Route("/numbers/form", answering(begin_buying), methods=["POST"]),
        Route("/numbers", answering(telling(buy)), methods=["POST"]),
        Route("/numbers/{sid}", one, methods=["GET"]),
        *standing_routes("/numbers/{sid}", find, keep, relay, acts),
        Route("/numbers/{sid}/name", answering(rename), methods=["POST"]),
        Route("/numbers/{sid}/release", answering(release), methods=["POST"]),
    ]
