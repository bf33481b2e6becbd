"""Pages that can be followed: each has an address that gives tickets, and all share one where streams begin."""

from contextvars import ContextVar
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.console.json_routes import Handler, answering, done
from ringfence.console.live.looked import Looked, Read
from ringfence.console.live.polls import Polls
from ringfence.console.live.streams import LiveStream, May, Streams
from ringfence.console.live.tickets import Tickets
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import FOLLOWING_HEADER, STREAM, TICKET, session_of
from ringfence.console.sessions import Sessions
from ringfence.domain.clock import Clock

# What leads to a page that is not the first.
BEHIND: Final = frozenset({"before", "after"})
FILTER_MAX_BYTES: Final = 512

# What the page that is being made begins from, "" for one that is not followed.
VERSION: ContextVar[str] = ContextVar("VERSION", default="")


class Followed(Route):
    """A page to GET, of whose first page `read` reads what it shows."""

    def __init__(self, path: str, handler: Handler, read: Read) -> None:
        super().__init__(path, handler, methods=["GET"])
        self.read = read


class LivePages:
    """Those of one console."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self.tickets = Tickets(clock)
        self._polls = Polls()
        self._streams = Streams(sessions, self._polls)
        self._followed: dict[str, tuple[Read, May]] = {}

    def followed(self, path: str, handler: Handler, read: Read, may: May) -> Handler:
        """The handler of a page, which is asked once its person may look; that page can be followed."""
        self._followed[path] = read, may

        async def shown(request: Request) -> Response:
            version = ""
            if BEHIND.isdisjoint(request.query_params) and _is_short(request):
                version = await self._polls.version(_looked(path, request), read)
            before = VERSION.set(version)
            try:
                return await handler(request)
            finally:
                VERSION.reset(before)

        return shown

    def routes(self) -> list[Route]:
        """Where tickets are had, for each of the pages, and where streams begin."""
        gives = [
            Route(f"{STREAM}{path}", answering(self._giving(path, read, may)), methods=["GET"])
            for path, (read, may) in self._followed.items()
        ]
        return [*gives, Route(STREAM, answering(self._stream), methods=["GET"])]

    def _giving(self, path: str, read: Read, may: May) -> Handler:
        async def give(request: Request) -> Response:
            session, looked = session_of(request), _looked(path, request)
            await may(session, looked)
            # What a link or a form of somebody's leads here has no such header.
            if FOLLOWING_HEADER not in request.headers or not _is_short(request):
                raise RefusedError("A page asks for this, and says so.", status=400)
            version = await self._polls.version(looked, read)
            return done(ticket=self.tickets.give(session, looked), version=version)

        return give

    async def _stream(self, request: Request) -> Response:
        ticket = request.scope["state"].get(TICKET)
        if ticket is None:
            raise RefusedError("A stream begins with a ticket.", status=400)
        read, may = self._followed[ticket.looked.page]
        await may(ticket.session, ticket.looked)
        return LiveStream(self._streams, ticket.session, ticket.looked, read, may)


def _is_short(request: Request) -> bool:
    return len(request.scope["query_string"]) <= FILTER_MAX_BYTES


def _looked(path: str, request: Request) -> Looked:
    return Looked(
        page=path,
        account=session_of(request).account,
        path=tuple(sorted((name, str(value)) for name, value in request.path_params.items())),
        query=tuple(sorted(request.query_params.items())),
    )
