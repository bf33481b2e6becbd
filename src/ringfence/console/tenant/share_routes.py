"""A member shares one text's or call's timeline with support.

Its key is sealed in the key origin's frame, for whoever of staff gets the code that the frame shows.
"""

from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.grant_book import GrantBook
from ringfence.console.grant_json import bytes_of, refusing, written
from ringfence.console.json_routes import Handler, answering, done, read_json
from ringfence.console.operator.grant_scopes import GrantScopes
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.tenant.grant_routes import approver
from ringfence.domain.access.grant import SHARED, Grant
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.grant import SealedGrant
from ringfence.domain.sid import is_sid, new_sid
from ringfence.ports.grants import GrantKeys
from ringfence.ports.keys import KeyRefusedError
from ringfence.usecases.access.share_record import share_record

GRANT = "GR"


class _Wanted(msgspec.Struct, frozen=True):
    record: str


class _Sealed(msgspec.Struct, frozen=True):
    record: str
    public: str
    minutes: int
    expires_ms: int
    lid: str
    box: str


def share_routes(book: GrantBook, keys: GrantKeys, scopes: GrantScopes, clock: Clock) -> list[BaseRoute]:
    """For approvers. The code, which opens what is shared, is never here."""

    def told(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        return answering(refusing(handler))

    async def begin(request: Request) -> Response:
        account, wanted = session_of(request).account, await read_json(request, _Wanted)
        scope = await scopes.of_records(account, [wanted.record])
        bound = {"sid": new_sid(GRANT, clock.now_ms()), "account": account, "staff": SHARED, "session": SHARED}
        return done(grant={**bound, "names": list(scope.names)})

    async def share(request: Request) -> Response:
        sid, made = request.path_params["sid"], await read_json(request, _Sealed)
        if not is_sid(sid, GRANT):
            raise RefusedError("That is no grant.", status=404)
        who = approver(request)
        wanted = Grant(
            sid=sid,
            tenant=who.account,
            account=who.account,
            staff=SHARED,
            session=SHARED,
            public=bytes_of(made.public),
            committed=b"",
            scope=await scopes.of_records(who.account, [made.record]),
            reason="",
            minutes=made.minutes,
            asked_ms=clock.now_ms(),
            expires_ms=made.expires_ms,
        )
        sealed = SealedGrant(lid=bytes_of(made.lid), boxes={made.record: bytes_of(made.box)})
        try:
            grant = await share_record(book, keys, clock, wanted, who, sealed)
        except (KeyRefusedError, ValueError):
            raise RefusedError("The key service did not take this key: nothing is shared.") from None
        return done(grant=written(grant))

    return [
        Route("/shared", told(begin), methods=["POST"]),
        Route("/shared/{sid}", told(share), methods=["POST"]),
    ]
