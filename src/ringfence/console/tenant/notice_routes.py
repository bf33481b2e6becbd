"""Where an account is told by webhook what was opened of it and frozen: shown here, changed in the key origin's frame.

Whoever takes the consoles over would first see to it that nobody hears of that. So they only carry the form, which the
API takes from the key service, and on PostgreSQL may not write the table. See `access_routes`.
"""

from collections.abc import Sequence
from typing import Final, Protocol

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
from ringfence.console.tenant.member_acts import GONE
from ringfence.console.tenant.standing_json import StandingRelay
from ringfence.domain.access_change import NOTICE_ADDRESS
from ringfence.domain.standing import notice_address_record
from ringfence.ports.access_changes import AccessForms
from ringfence.ports.notices import NoticeAddress

TITLE: Final = "Webhooks"


class NoticeAddresses(Protocol):
    """The part of `ports.notices.NoticeStore` that is read."""

    async def notice_addresses(self, accounts: Sequence[str]) -> list[NoticeAddress | None]: ...


class _Credential(msgspec.Struct, frozen=True):
    credential: str


def notice_routes(
    pages: Pages, addresses: NoticeAddresses, waiting: AccessForms, relay: StandingRelay, *, keys_origin: str
) -> list[BaseRoute]:
    """All of them are for a session of a member."""

    async def shown(request: Request) -> Response:
        session = session_of(request)
        (address,) = await addresses.notice_addresses([session.account])
        return pages.page(
            "member_notices.html",
            title=TITLE,
            session=session,
            keys=keys_origin,
            address=address,
            waits=NOTICE_ADDRESS in [each.record for each in await waiting.waiting_access(session.account)],
        )

    async def now(looked: Looked) -> Now:
        (address,) = await addresses.notice_addresses([looked.account])
        return {"": address, **rows_by(lambda each: each.record, await waiting.waiting_access(looked.account))}

    async def sealed(request: Request) -> Response:
        session, asked = session_of(request), await read_json(request, _Credential)
        (address,) = await addresses.notice_addresses([session.account])
        if address is None:
            raise RefusedError(GONE, status=404)
        record = notice_address_record(session.account), address.standing
        (found,) = await relay.shown(session, asked.credential, [record])
        return done(**found)

    return [
        Followed("/notices", shown, now),
        Route("/notices/sealed", answering(sealed), methods=["POST"]),
    ]
