"""What a declared duty keeps of an account, for its members: the duties, and what the ledger says of them.

No key and nothing that was kept passes here: that opens for two officers, at the operator's command alone.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.live.looked import Looked, Now, rows_by
from ringfence.console.live.pages import Followed
from ringfence.console.pages import Pages
from ringfence.console.session_guard import session_of
from ringfence.console.standing_duty import known_duties, standing_of
from ringfence.console.tenant.ledger_routes import proven_json
from ringfence.domain.ledger.act_meanings import meaning_of
from ringfence.domain.retention.facts import MEANINGS
from ringfence.domain.sealing.epoch import last_epoch
from ringfence.domain.sealing.retained import until_ms
from ringfence.ports.access_notes import OPERATOR
from ringfence.ports.ledger import OwnRecords, ProvenEntries
from ringfence.ports.retention import Duties, Duty

TITLE: Final = "Retention"
PAGE_ENTRIES: Final = 200
ACTS: Final = ("duty.declare", "duty.end", "duty.erase", "open_duty", "refused.open_duty")


class _Behind(msgspec.Struct, frozen=True):
    """`seen` is how many entries of the ledger the browser knows of, `after` the last that it looked at here."""

    seen: int = 0
    after: int = -1


class FormerDuty(msgspec.Struct, frozen=True, kw_only=True):
    """One that ended at `ended_ms`; the last of what it kept is gone at `until_ms`."""

    duty: Duty
    ended_ms: int
    until_ms: int


def retention_routes(pages: Pages, duties: Duties, records: OwnRecords, *, keys_origin: str) -> list[BaseRoute]:
    """For a session of a member."""

    async def page(request: Request) -> Response:
        found = await known_duties(duties)
        return pages.page(
            "member_retention.html",
            503 if found is None else 200,
            title=TITLE,
            session=session_of(request),
            keys=keys_origin,
            known=found is not None,
            duty=standing_of(found or ()),
            former=former_duties(found or ()),
            meanings=MEANINGS,
            acts={verb: meaning_of(verb).words for verb in ACTS},
        )

    async def now(_: Looked) -> Now:
        found = await known_duties(duties)
        return {"": found is None, **rows_by(lambda each: str(each.number), found or ())}

    async def entries(request: Request) -> Response:
        asked = await read_json(request, _Behind)
        found, after = await _of_duties(records, session_of(request).account, asked.after)
        return done(**await proven_json(records, found, asked.seen), after=after)

    return [
        Followed("/retention", page, now),
        Route("/retention/entries", answering(entries), methods=["POST"]),
    ]


def former_duties(duties: Sequence[Duty]) -> list[FormerDuty]:
    """Those that ended, in the order given."""
    return [
        FormerDuty(duty=each, ended_ms=each.ended_ms, until_ms=until_ms(last_epoch(each.ended_ms), each.days))
        for each in duties
        if each.ended_ms is not None
    ]


async def _of_duties(records: OwnRecords, account: str, after: int) -> tuple[ProvenEntries, int | None]:
    """The next entries that are of duties, the oldest first, and what to go on behind: None where nothing follows."""
    while True:
        found = await records.entries_by(account, "actor", OPERATOR, after, PAGE_ENTRIES)
        wanted = tuple(each for each in found.entries if each.entry.verb in ACTS)
        if len(found.entries) < PAGE_ENTRIES:
            return msgspec.structs.replace(found, entries=wanted), None
        after = found.entries[-1].n
        if wanted:
            return msgspec.structs.replace(found, entries=wanted), after
