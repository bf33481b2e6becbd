"""An account's own part of the ledger, for its members' browsers to check: entries, proofs, the signed checkpoint."""

import base64
from collections.abc import Iterable
from typing import Any

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
from ringfence.console.standing_duty import standing_duty
from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.note import split_note
from ringfence.domain.retention.facts import MEANINGS
from ringfence.ports.ledger import OwnRecords, ProvenEntries
from ringfence.ports.retention import Duties

PAGE_ENTRIES = 50


class _Page(msgspec.Struct, frozen=True):
    """`seen` is how many entries the browser knows of; what is told must begin with those."""

    seen: int = 0
    before: int | None = None


def ledger_routes(pages: Pages, records: OwnRecords, duties: Duties, *, keys_origin: str) -> list[BaseRoute]:
    """For a session of a member."""

    async def page(request: Request) -> Response:
        return pages.page(
            "member_ledger.html",
            title="Ledger",
            session=session_of(request),
            keys=keys_origin,
            retained=await standing_duty(duties),
            meanings=MEANINGS,
        )

    async def now(looked: Looked) -> Now:
        return rows_by(lambda each: str(each.n), (await records.latest_for(looked.account, None, 1)).entries)

    async def entries(request: Request) -> Response:
        asked = await read_json(request, _Page)
        found = await records.latest_for(session_of(request).account, asked.before, PAGE_ENTRIES)
        return done(
            **await proven_json(records, found, asked.seen),
            before=found.entries[0].n if len(found.entries) == PAGE_ENTRIES else None,
        )

    return [
        Followed("/ledger", page, now),
        Route("/ledger/entries", answering(entries), methods=["POST"]),
    ]


async def proven_json(records: OwnRecords, found: ProvenEntries, seen: int) -> dict[str, Any]:
    """Entries for a browser that knows of the first `seen` of the ledger. RefusedError where there is no checkpoint."""
    if not found.checkpoint:
        raise RefusedError("The ledger has no checkpoint yet: a second more.")
    size = parse_checkpoint(split_note(found.checkpoint)[0]).size
    # A ledger that is shorter than what was seen proves nothing, and the frame says what that means.
    consistent = await records.consistency(seen, size) if 0 < seen <= size else []
    return {
        "checkpoint": found.checkpoint,
        "key": await records.verifier(),
        "consistency": _base64(consistent),
        "entries": [
            {"body": _base64([each.body])[0], "salt": _base64([each.salt])[0], "proof": _base64(each.proof)}
            for each in found.entries
        ],
    }


def _base64(values: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(value).decode() for value in values]
