"""Webhooks for members: pages of all, each attempt at one, and telling it again."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.csv_file import csv_file
from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages, shown_time
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Session
from ringfence.console.tenant.member_acts import GONE, MemberActs
from ringfence.console.tenant.reading import reader_in
from ringfence.console.tenant.sealed_hours import Opener, SealedHours
from ringfence.console.tenant.told import SealedEvent
from ringfence.console.tenant.webhooks import KINDS, Shown, State, TenantWebhooks, WebhooksWanted, is_clear
from ringfence.domain.base64url import decode_base64url
from ringfence.ports.console_keys import ConsoleKeys
from ringfence.ports.keys import KeyRefusedError
from ringfence.usecases.webhooks.replay import Replayer

HEADS: Final = (
    *("event", "of", "kind", "happened_utc", "state", "attempts"),
    *("attempted_utc", "http_status", "error", "duration_ms"),
)
EVENT_ID: Final = re.compile(r"[0-9]{1,18}")
# The pages of what a webhook tells of.
PAGES: Final = {"CA": "/calls", "SM": "/texts", "MM": "/texts"}


class _Lent(msgspec.Struct, frozen=True):
    """The key of what an event tells of; nothing for a notice, of which nothing is sealed."""

    credential: str = ""
    box: str = ""


def webhook_routes(
    pages: Pages,
    webhooks: TenantWebhooks,
    hours: SealedHours,
    keys: ConsoleKeys,
    acts: MemberActs,
    replayer: Replayer,
    *,
    keys_origin: str,
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    async def listed(request: Request) -> Response:
        session, wanted = session_of(request), _wanted(request.query_params)
        found, before = await webhooks.page(session.account, wanted)
        asked = {"state": wanted.state or "", "day": wanted.day, "kind": wanted.kind}
        return pages.page(
            "member_webhooks.html",
            title="Webhooks",
            session=session,
            keys=keys_origin,
            shown=found,
            pages_of=PAGES,
            states=list(State),
            kinds=KINDS,
            is_clear=is_clear,
            asked=asked,
            query=_query(asked),
            older=_query({**asked, "before": before}) if before else "",
        )

    async def now(looked: Looked) -> Now:
        found, _ = await webhooks.page(looked.account, _wanted(dict(looked.query)))
        return rows_by(lambda each: str(each.event.id), found)

    async def exported(request: Request) -> Response:
        found = await webhooks.newest(session_of(request).account, _wanted(request.query_params))
        return csv_file("webhooks", HEADS, map(_cells, found))

    async def own(request: Request) -> SealedEvent:
        account, named = session_of(request).account, request.path_params["event"]
        found = EVENT_ID.fullmatch(named)
        event = await webhooks.event(account, request.path_params["of"], int(named)) if found else None
        if event is None:
            raise RefusedError(GONE, status=404)
        return event

    async def hour_of(event: SealedEvent, account: str) -> int:
        hour = await webhooks.hour(account, event.of)
        if hour is None:
            raise RefusedError(GONE, status=404)
        return hour

    async def sealed(request: Request) -> Response:
        asked, event = await read_json(request, Opener), await own(request)
        hour = await hour_of(event, session_of(request).account)
        return done(
            record={"sid": event.of, "epoch": hour},
            event=msgspec.to_builtins(event),
            epochs=await hours.of(session_of(request), asked.credential, [hour]),
        )

    async def again(request: Request) -> Response:
        lent, event = await read_json(request, _Lent), await own(request)
        acts.fresh_session(request)
        if event.state == "pending":
            raise RefusedError("This is still to be told.")
        session = await acts.begin(request, "replay_webhook", event.of, str(event.id))
        if not is_clear(event.kind):
            await lend(session, event, lent)
        if not await replayer.replay_event(session.account, event.id):
            raise RefusedError(GONE, status=404)
        return done()

    async def lend(session: Session, event: SealedEvent, lent: _Lent) -> None:
        hour = await hour_of(event, session.account)
        # Asked for once more: who reads through a credential is decided there.
        await hours.of(session, lent.credential, [])
        try:
            box = decode_base64url(lent.box)
            await keys.lend_sealed(session.account, lent.credential, hour, event.of, box, reader_in(session))
        except (KeyRefusedError, ValueError):
            raise RefusedError("The key service did not take this key, so nothing is told again.") from None

    return [
        Followed("/webhooks", answering(listed), now),
        Route("/webhooks/export", answering(exported), methods=["GET"]),
        Route("/webhooks/{of}/{event}/sealed", answering(sealed), methods=["POST"]),
        Route("/webhooks/{of}/{event}/again", answering(again), methods=["POST"]),
    ]


def _wanted(asked: Mapping[str, str]) -> WebhooksWanted:
    """What the page's form asks for. RefusedError with 400 for a state that there is not."""
    state = asked.get("state", "")
    if state not in ("", *State):
        raise RefusedError("There is no such state.", status=400)
    return WebhooksWanted(
        state=State(state) if state else None,
        day=asked.get("day", ""),
        kind=asked.get("kind", ""),
        before=asked.get("before", ""),
    )


def _query(values: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})


def _cells(each: Shown) -> tuple[object, ...]:
    event, last = each.event, each.last
    happened = event.id, event.message_sid, event.kind, shown_time(event.at_ms), each.state, event.attempts
    if last is None:
        return *happened, None, None, None, None
    return *happened, shown_time(last.at_ms), last.http_status, last.error_code, last.duration_ms
