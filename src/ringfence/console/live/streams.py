"""Streams that say that a page looks otherwise now, and never what is on it.

A stream is no activity of its session. It ends with that, with a freeze, with its person's right to look, and after
some minutes by itself. Source: HTML Living Standard, section "Server-sent events".
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ringfence.console.live.looked import Looked, Read, whose
from ringfence.console.live.polls import Hearer, Polls
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Kind, Session, Sessions
from ringfence.ports.store import StoreFailedError

CHECK_S: Final = 1.0
LIFE_S: Final = 300.0
KEEP_ALIVE_S: Final = 15.0
# A browser has six connections to a host, and its pages need some of them for other things.
OF_SESSION_MAX: Final = 4
OF_ACCOUNT_MAX: Final = 60
OF_ALL_MAX: Final = 500
# Lists that are not the same, or not with the same filter: each costs a poll.
LISTS_OF_ACCOUNT_MAX: Final = 16

# Returns where the session's person may look at that now; RefusedError, ConnectionError.
May = Callable[[Session, Looked], Awaitable[None]]


class Place(msgspec.Struct, eq=False):
    """A stream that is open."""

    session: Session
    looked: Looked
    may: May
    hearer: Hearer


class Streams:
    """All of a console, looked after about once a second while there are any."""

    def __init__(self, sessions: Sessions, polls: Polls) -> None:
        self._sessions = sessions
        self._polls = polls
        self._open: set[Place] = set()
        self._looking_after: asyncio.Task[None] | None = None

    def __len__(self) -> int:
        return len(self._open)

    def enter(self, session: Session, looked: Looked, read: Read, may: May) -> Place:
        """A place among those that are open, until `leave`. RefusedError where there are too many."""
        of_session = sum(each.session.id == session.id for each in self._open)
        of_account = [each.looked for each in self._open if whose(each.session) == whose(session)]
        if (
            of_session >= OF_SESSION_MAX
            or len(of_account) >= OF_ACCOUNT_MAX
            or len({*of_account, looked}) > LISTS_OF_ACCOUNT_MAX
            or len(self._open) >= OF_ALL_MAX
        ):
            raise RefusedError("Too much is followed at once: close other pages.", status=429)
        place = Place(session, looked, may, Hearer())
        self._open.add(place)
        self._polls.join(looked, read, place.hearer)
        if self._looking_after is None or self._looking_after.done():
            self._looking_after = asyncio.create_task(self._look_after())
        return place

    def leave(self, place: Place) -> None:
        """It is closed."""
        self._open.discard(place)
        self._polls.leave(place.looked, place.hearer)
        if not self._open and self._looking_after is not None:
            self._looking_after.cancel()
            self._looking_after = None

    async def _look_after(self) -> None:
        try:
            while True:
                await asyncio.sleep(CHECK_S)
                for kind in {each.session.kind for each in self._open}:
                    await self._check(kind)
        finally:
            # Whatever ended this: without it no stream goes on. Where there was none left another one may have begun.
            if self._looking_after is asyncio.current_task():
                for place in self._open:
                    place.hearer.end()

    async def _check(self, kind: Kind) -> None:
        try:
            going_on = await self._sessions.going_on(kind)
        except ConnectionError:
            going_on = frozenset()
        for place in [each for each in self._open if each.session.kind == kind]:
            if place.session.id not in going_on or not await _may_still(place):
                place.hearer.end()


class LiveStream(Response):
    """The answer to a request that brought a ticket."""

    def __init__(self, streams: Streams, session: Session, looked: Looked, read: Read, may: May) -> None:
        super().__init__(media_type="text/event-stream")
        self._streams = streams
        self._what = session, looked, read, may

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            place = self._streams.enter(*self._what)
        except RefusedError as error:
            await JSONResponse({"error": error.text}, error.status)(scope, receive, send)
            return
        feeding = asyncio.ensure_future(self._feed(place.hearer, send))
        leaving = asyncio.ensure_future(_disconnected(receive))
        try:
            await asyncio.wait((feeding, leaving), return_when=asyncio.FIRST_COMPLETED)
            if feeding.done():
                feeding.result()
        except asyncio.CancelledError:
            # The server stops, and calls whatever it stops an error. There is nothing left to say to anybody.
            return
        finally:
            self._streams.leave(place)
            feeding.cancel()
            leaving.cancel()
            await asyncio.gather(feeding, leaving, return_exceptions=True)

    async def _feed(self, hearer: Hearer, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        loop = asyncio.get_running_loop()
        until_s = loop.time() + LIFE_S
        while not hearer.is_over and loop.time() < until_s:
            said = b": still here\n\n"
            if hearer.stirred.is_set():
                said = _event(hearer)
            await send({"type": "http.response.body", "body": said, "more_body": True})
            try:
                async with asyncio.timeout(min(KEEP_ALIVE_S, max(0.0, until_s - loop.time()))):
                    await hearer.stirred.wait()
            except TimeoutError:
                continue
        await send({"type": "http.response.body", "body": b""})


def _event(hearer: Hearer) -> bytes:
    said = msgspec.json.encode({"version": hearer.version, "new": hearer.new})
    hearer.new = 0
    hearer.stirred.clear()
    return b"data: %s\n\n" % said


async def _may_still(place: Place) -> bool:
    """Whether its person may look: where that cannot be known, they may not."""
    try:
        await place.may(place.session, place.looked)
    except (RefusedError, ConnectionError, StoreFailedError):
        return False
    return True


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
