"""What a member does that changes something: with a passkey shown within five minutes, and in the ledger first."""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from ringfence.console.json_routes import Handler
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Session, fresh
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.ports.access_notes import AccessNotes

NAME_MAX_CHARACTERS: Final = 64
GONE: Final = "That is not there any more: load the page anew."


class MemberActs:
    """Asks for the passkey, and writes down what is about to be done."""

    def __init__(self, notes: AccessNotes, clock: Clock) -> None:
        self._notes = notes
        self._clock = clock

    def fresh_session(self, request: Request) -> Session:
        """Whose request it is; RefusedError where their passkey must be shown first."""
        session = session_of(request)
        if not fresh(session, self._clock.now_ms()):
            raise RefusedError("Show your passkey first.", status=403, fresh=True)
        return session

    async def begin(self, request: Request, verb: str, *scope: str) -> Session:
        """As `fresh_session`, with `note.VERB` in the account's ledger."""
        session = self.fresh_session(request)
        await self._notes.note(session.account, session.actor, verb, (session.scope, *scope))
        return session


def checked_name(text: str) -> str:
    """A name that people give a thing; RefusedError."""
    if not 0 < len(text) <= NAME_MAX_CHARACTERS:
        raise RefusedError(f"A name has 1 to {NAME_MAX_CHARACTERS} characters.", status=400)
    return text


def telling(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The handler, whose refusals by use cases are told in their words."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except ApiError as error:
            raise RefusedError(error.message) from None

    return answer
