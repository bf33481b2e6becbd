"""Whom somebody touched, for members who were told that something of theirs was opened.

The ledger says what was within reach; the key origin's frame checks that, opens the records, and makes the list.
"""

from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.blast_notices import BlastNotice, BlastNotices
from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.pages import Pages
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.ledger_routes import proven_json
from ringfence.console.tenant.sealed_hours import SealedHours
from ringfence.console.tenant.touched import KINDS, Kind, SealedRecord, TouchedRecords
from ringfence.console.tenant.traffic import END_OF_TIME_MS
from ringfence.ports.ledger import OwnRecords

PAGE_ENTRIES: Final = 200


class _Behind(msgspec.Struct, frozen=True):
    """`seen` is how many entries of the ledger the browser knows of, `after` the last of these that it was given."""

    seen: int = 0
    after: int = -1


class _Hours(msgspec.Struct, frozen=True):
    kind: Kind
    epochs: list[int]
    credential: str
    before: str | None = None


class _Named(msgspec.Struct, frozen=True):
    names: list[str]
    credential: str


def touched_routes(
    pages: Pages,
    notices: BlastNotices,
    records: OwnRecords,
    touched: TouchedRecords,
    hours: SealedHours,
    *,
    keys_origin: str,
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    async def asked_about(request: Request) -> BlastNotice | None:
        named = request.path_params
        if max(named["first_ms"], named["last_ms"]) >= END_OF_TIME_MS:
            return None
        return await notices.one(session_of(request).account, named["who"], named["first_ms"], named["last_ms"])

    async def page(request: Request) -> Response:
        session, notice = session_of(request), await asked_about(request)
        if notice is None:
            return pages.page("member_missing.html", 404, title="Whom it touched", session=session, keys=keys_origin)
        return pages.page(
            "member_touched.html",
            title="Whom it touched",
            session=session,
            keys=keys_origin,
            notice=notice,
            by=notice.opened_by,
            kinds=KINDS,
        )

    async def entries(request: Request) -> Response:
        asked, notice = await read_json(request, _Behind), await asked_about(request)
        if notice is None:
            raise RefusedError("Nobody told you that.", status=404)
        by, name = notice.opened_by
        found = await records.entries_by(notice.account, by, name, asked.after, PAGE_ENTRIES)
        return done(
            **await proven_json(records, found, asked.seen),
            after=found.entries[-1].n if len(found.entries) == PAGE_ENTRIES else None,
        )

    async def of_hours(request: Request) -> Response:
        asked = await read_json(request, _Hours)
        found, before = await touched.page(session_of(request).account, asked.kind, asked.epochs, asked.before)
        return done(before=before, **await sealed(request, asked.credential, list(found)))

    async def named(request: Request) -> Response:
        asked = await read_json(request, _Named)
        found = await touched.named(session_of(request).account, asked.names)
        return done(**await sealed(request, asked.credential, list(found)))

    async def sealed(request: Request, credential: str, found: list[SealedRecord]) -> dict[str, object]:
        wanted = [each.of_epoch for each in found if each.content]
        return {
            "records": msgspec.to_builtins(found),
            "epochs": await hours.of(session_of(request), credential, wanted),
        }

    return [
        Route("/touched/sealed", answering(of_hours), methods=["POST"]),
        Route("/touched/named", answering(named), methods=["POST"]),
        Route("/touched/{who}/{first_ms:int}/{last_ms:int}", page, methods=["GET"]),
        Route("/touched/{who}/{first_ms:int}/{last_ms:int}/entries", answering(entries), methods=["POST"]),
    ]
