"""The line that we open: one INVITE after the other until somebody is there, or all at once and the first who answers.

In turn: a place that is silent, refuses the connection or says 503 gives way to the next (RFC 3263, section 4.3). At
once: every registration of a user rings, one answers, the others are called back (RFC 3261, section 16.7).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from ringfence.carriers.sip.caller import OutgoingCall
from ringfence.carriers.sip.session import Listener, State
from ringfence.carriers.sip.uri import Uri
from ringfence.ports.line import LineListener

# A place that has not even said 100 after this long is given up for the next one.
SILENCE_S = 4.0
GIVES_WAY = frozenset({408, 503})

PlaceT = TypeVar("PlaceT")
Dial = Callable[[PlaceT, Listener], Awaitable[OutgoingCall]]


class OutgoingLine(Generic[PlaceT]):
    """Implements `ports.line.Line`. `dial` sends an INVITE to one of `places`.

    OSError and TimeoutError from it say that nobody is there, ValueError that SIP cannot write it.
    `ended` comes exactly once, and never before the one who opened the line has it in hand.
    """

    def __init__(
        self,
        dial: Dial[PlaceT],
        places: Callable[[], Awaitable[Sequence[PlaceT]]],
        listener: LineListener,
        *,
        call_id: str,
        at_once: bool,
    ) -> None:
        self.call_id = call_id
        self._dial = dial
        self._places = places
        self._listener = listener
        self._at_once = at_once
        self._waiting: list[PlaceT] = []
        self._branches: list[_Branch] = []
        self._winner: _Branch | None = None
        self._statuses: list[int] = []
        self._over = False
        self._rang = False
        self._stopped = False
        self._joining: set[asyncio.Task[bool]] = set()
        self._opening = asyncio.get_running_loop().create_task(self._open())

    def __repr__(self) -> str:
        return f"OutgoingLine({len(self._branches)} branches)"

    @property
    def peer_host(self) -> str:
        """Where who has answered, or who alone is called, sends from."""
        branch = self._winner or (self._branches[-1] if len(self._branches) == 1 else None)
        return "" if branch is None or branch.call is None else branch.call.peer_host

    def hang_up(self) -> None:
        """End it, whatever its state: `ended` follows."""
        if self._stopped or self._over:
            return
        self._stopped = True
        self._waiting.clear()
        live = [self._winner] if self._winner is not None else list(self._branches)
        for branch in live:
            branch.hang_up()
        if not live:
            self._opening.cancel()
            asyncio.get_running_loop().call_soon(self._finish, 487)

    def change(self, description: bytes) -> bool:
        """Offer another description."""
        return self._winner is not None and self._winner.change(description)

    def join(self, place: PlaceT) -> None:
        """Ring one more place, where all ring at once and nobody has answered yet."""
        if self._at_once and self._branches and self._winner is None and not (self._over or self._stopped):
            self._joining.add(task := asyncio.get_running_loop().create_task(self._try(place)))
            task.add_done_callback(self._joining.discard)

    async def _open(self) -> None:
        self._waiting = list(await self._places())
        if not self._at_once:
            await self._next()
            return
        places, self._waiting = self._waiting, []
        for place in places:
            await self._try(place)
        self._settle()

    async def _next(self) -> None:
        while self._waiting and not self._stopped:
            if await self._try(self._waiting.pop(0)):
                return
        self._settle()

    async def _try(self, place: PlaceT) -> bool:
        branch = _Branch(self)
        try:
            call = await self._dial(place, branch)
        except (OSError, TimeoutError):
            self._statuses.append(503)
            return False
        except ValueError:
            # A caller or an address that SIP cannot write.
            self._statuses.append(400)
            return False
        branch.call = call
        self._branches.append(branch)
        if self._waiting:
            asyncio.get_running_loop().call_later(SILENCE_S, self._if_silent, branch)
        return True

    def _if_silent(self, branch: "_Branch") -> None:
        """Nothing came from a place: the next one is tried, and this one's late answer hung up on."""
        if branch in self._branches and not branch.heard and self._waiting and not self._stopped:
            branch.hang_up()
            self._gone(branch, 408)

    def _ringing(self, branch: "_Branch", status: int, description: bytes) -> None:
        if self._winner is not None or self._over:
            return
        if not self._at_once:
            self._listener.ringing(status, description)
        elif not self._rang:
            # Several may ring, and each would have its own early media: the caller hears that it rings.
            self._rang = True
            self._listener.ringing(180, b"")

    def _answered(self, branch: "_Branch", description: bytes) -> None:
        if self._over or branch not in self._branches or (self._winner is not None and self._winner is not branch):
            branch.hang_up()
            return
        if self._winner is None:
            self._winner = branch
            for other in list(self._branches):
                if other is not branch:
                    other.hang_up()
        self._listener.answered(description)

    def _gone(self, branch: "_Branch", status: int) -> None:
        if branch not in self._branches:
            return
        self._branches.remove(branch)
        if self._winner is branch:
            self._finish(status)
            return
        self._statuses.append(status)
        if status >= 600:
            # It speaks for the whole user: nobody else needs to ring (section 16.7, step 5).
            for other in list(self._branches):
                other.hang_up()
        if status in GIVES_WAY and self._waiting and not self._stopped:
            self._opening = asyncio.get_running_loop().create_task(self._next())
            return
        self._settle()

    def _settle(self) -> None:
        if not self._branches and self._winner is None:
            self._finish(487 if self._stopped else _best(self._statuses))

    def _finish(self, status: int) -> None:
        if not self._over:
            self._over = True
            self._winner = None
            self._listener.ended(status)


class _Branch:
    """One INVITE of a line: implements `session.Listener`."""

    def __init__(self, line: "OutgoingLine[PlaceT]") -> None:
        self.call: OutgoingCall | None = None
        self._line = line

    @property
    def heard(self) -> bool:
        """Whether anything at all came back."""
        return self.call is not None and self.call.heard

    def hang_up(self) -> None:
        if self.call is not None:
            self.call.hang_up()

    def change(self, description: bytes) -> bool:
        return self.call is not None and self.call.state is State.TALKING and self.call.change(description)

    def ringing(self, status: int, description: bytes) -> None:
        self._line._ringing(self, status, description)

    def answered(self, description: bytes) -> None:
        self._line._answered(self, description)

    def offered(self, description: bytes) -> bytes:
        return self._line._listener.offered(description)

    def pressed(self, content_type: str, body: bytes) -> None:
        self._line._listener.pressed(content_type, body)

    def referred(self, target: Uri) -> bool:
        return self._line._listener.referred(str(target))

    def ended(self, status: int) -> None:
        # The call holds this as its listener: without a hold on it the two are freed as the call ends.
        self.call = None
        self._line._gone(self, status)


def _best(statuses: Sequence[int]) -> int:
    """What the caller is told of several ends: a word for the whole user, then busy, else the lowest."""
    if not statuses:
        return 480
    return max((one for one in statuses if one >= 600), default=486 if 486 in statuses else min(statuses))
