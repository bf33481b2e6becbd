"""Lets nobody by without a session's cookie and its browser's signature over this very request.

What is open to all is listed by its app, path by path; whatever is not listed needs a session, whether it is there or
not. What changes something is JSON, and without a session, such as a sign-in, comes from a page of ours. A stream,
whose request no worker can sign for its whole life, begins with the cookie and a ticket that a signed request gave.
"""

import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request, cookie_parser
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ringfence.console.live.tickets import Ticket, Tickets
from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import SignedRequest
from ringfence.console.sessions import Kind, Session, SessionRefusedError, Sessions

BODY_MAX_BYTES: Final = 1 << 20
SESSION: Final = "session"
# The time here, Unix milliseconds, of an answer to a request that is not let by.
NOW_HEADER: Final = "ringfence-now"
STREAM: Final = "/live"
TICKET: Final = "ticket"
WHY: Final = "why"
TICKET_HEADER: Final = "ringfence-ticket"
# Scripts send it with what nobody has asked for at that moment: such a request is no activity of its session.
FOLLOWING_HEADER: Final = "ringfence-following"
ELSEWHERE: Final = frozenset({"cross-site", "same-site"})
_SAFE = frozenset({"GET", "HEAD"})

_log = structlog.get_logger(__name__)


class OpenPaths:
    """What needs no session: whole paths by method, and everything to GET below a prefix."""

    def __init__(self, whole: Collection[tuple[str, str]], below: Collection[str] = ()) -> None:
        self.whole = frozenset(whole)
        self.below = tuple(below)

    def has(self, method: str, path: str) -> bool:
        return (method, path) in self.whole or (method == "GET" and path.startswith(self.below))


class SessionGuard:
    """ASGI middleware. `locked` answers those who have no session where a page was asked for.

    `admits` is asked of each session, and raises RefusedError where its person is kept out for now.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        kind: Kind,
        origin: str,
        sessions: Sessions,
        open_paths: OpenPaths,
        locked: ASGIApp,
        admits: Callable[[Session], Awaitable[None]],
        tickets: Tickets,
    ) -> None:
        self._app = app
        self._kind: Kind = kind
        self._origin = origin
        self._sessions = sessions
        self._open = open_paths
        self._locked = locked
        self._admits = admits
        self._tickets = tickets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        try:
            body = await _body(receive)
            if self._open.has(scope["method"], scope["path"]):
                if scope["method"] not in _SAFE:
                    self._check_own_page(headers)
            elif scope["path"] == STREAM and scope["method"] == "GET" and TICKET_HEADER in headers:
                ticket = await self._ticket(headers)
                scope.setdefault("state", {}).update({SESSION: ticket.session, TICKET: ticket})
            else:
                scope.setdefault("state", {})[SESSION] = await self._session(scope, headers, body)
                # A service worker may sign what other sites' forms send here: JSON is what no form can send.
                if scope["method"] not in _SAFE:
                    _check_is_json(headers)
        except SessionRefusedError as error:
            # What a browser without a session sends is nothing to report; a copy of one's cookie is.
            level = logging.DEBUG if error.harmless else logging.WARNING
            _log.log(level, "console.no_session", kind=self._kind, cause=str(error))
            scope.setdefault("state", {})[WHY] = error.told
            await self._refusal(headers, error.told)(scope, receive, self._telling_the_time(send))
            return
        except RefusedError as error:
            await JSONResponse({"error": error.text}, error.status)(scope, receive, send)
            return
        except ConnectionError:
            await JSONResponse({"error": "Sessions cannot be read now."}, 503)(scope, receive, send)
            return
        sent = False

        async def again() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, again, send)

    def _cookie(self, headers: Headers) -> str:
        # The worker asks from our own origin, whoever led there: what comes from elsewhere went round it.
        if headers.get("sec-fetch-site") in ELSEWHERE:
            raise SessionRefusedError("from another site", harmless=True)
        cookie = cookie_parser(headers.get("cookie", "")).get(cookie_name(self._origin))
        if not cookie:
            raise SessionRefusedError("no cookie", harmless=True)
        return cookie

    async def _ticket(self, headers: Headers) -> Ticket:
        ticket = self._tickets.take(headers[TICKET_HEADER])
        if ticket is None or not await self._sessions.is_of(ticket.session.id, self._cookie(headers)):
            # A ticket is late, or its session ended meanwhile: that happens.
            raise SessionRefusedError("no ticket", harmless=True)
        await self._check_admitted(ticket.session)
        return ticket

    async def _session(self, scope: Scope, headers: Headers, body: bytes) -> Session:
        cookie = self._cookie(headers)
        query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
        request = SignedRequest(
            method=scope["method"],
            target_uri=f"{self._origin}{scope['raw_path'].decode('latin-1')}{query}",
            body=body,
            content_digest=headers.get("content-digest", ""),
            signature_input=headers.get("signature-input", ""),
            signature=headers.get("signature", ""),
        )
        active = FOLLOWING_HEADER not in headers
        session = await self._sessions.authenticate(self._kind, cookie, request, active=active)
        await self._check_admitted(session)
        return session

    async def _check_admitted(self, session: Session) -> None:
        try:
            await self._admits(session)
        except RefusedError as error:
            raise SessionRefusedError(error.text, harmless=True, told=error.text) from None

    def _telling_the_time(self, send: Send) -> Send:
        """So that a browser whose clock was set signs anew, with the right time."""

        async def with_time(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[NOW_HEADER] = str(self._sessions.now_ms())
            await send(message)

        return with_time

    def _check_own_page(self, headers: Headers) -> None:
        if headers.get("origin") != self._origin:
            raise RefusedError("Requests from other origins are refused.", status=403)
        _check_is_json(headers)

    def _refusal(self, headers: Headers, told: str) -> ASGIApp:
        if headers.get("sec-fetch-dest") == "document" or "text/html" in headers.get("accept", ""):
            return self._locked
        return JSONResponse({"error": told or "Sign in first."}, 401)


def session_of(request: Request) -> Session:
    """The session that the guard let by."""
    found: Session = request.scope["state"][SESSION]
    return found


def why_not(scope: Scope) -> str:
    """What a person is told whose session was not let by, "" where there is none."""
    found: str = scope.get("state", {}).get(WHY, "")
    return found


def cookie_name(origin: str) -> str:
    """Where TLS is, browsers hold the cookie to this very host."""
    return "__Host-ringfence" if origin.startswith("https://") else "ringfence_session"


def set_cookie(response: Response, origin: str, cookie: str) -> None:
    """Give a browser its session's cookie, until it closes."""
    response.set_cookie(
        cookie_name(origin), cookie, path="/", secure=origin.startswith("https://"), httponly=True, samesite="strict"
    )


def delete_cookie(response: Response, origin: str) -> None:
    """Take it back."""
    response.delete_cookie(
        cookie_name(origin), path="/", secure=origin.startswith("https://"), httponly=True, samesite="strict"
    )


def _check_is_json(headers: Headers) -> None:
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RefusedError("Send the body as application/json.", status=415)


async def _body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RefusedError("The request is not whole.", status=400)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_MAX_BYTES:
            raise RefusedError(f"A body may hold {BODY_MAX_BYTES} bytes.", status=413)
        if not message.get("more_body", False):
            return b"".join(parts)
