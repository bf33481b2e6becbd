"""What a member does to who is a member and what each may: with a fresh passkey, in the ledger first, judged twice."""

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session, fresh, is_open
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import Clock
from ringfence.ports.access_notes import AccessNotes

NO_MEMBER: Final = "You are no member any more."


class PeopleActs:
    """RefusedError says why not; ConnectionError where the ledger cannot be written: nothing was changed."""

    def __init__(self, storage: ConsoleStorage, notes: AccessNotes, clock: Clock) -> None:
        self._storage = storage
        self._notes = notes
        self._clock = clock

    async def do(
        self,
        session: Session,
        verb: str,
        scope: Sequence[str],
        *,
        find: Callable[[sqlite3.Connection], object],
        work: Callable[[sqlite3.Connection], object],
    ) -> None:
        """`note.VERB`, then `work`. `find` raises RefusedError before either, and again in `work`'s transaction."""
        if not fresh(session, self._clock.now_ms()):
            raise RefusedError("Show your passkey first.", status=403, fresh=True)

        def checked(db: sqlite3.Connection) -> None:
            if not is_open(db, session.id):
                raise RefusedError(NO_MEMBER, status=403)
            find(db)

        def done(db: sqlite3.Connection) -> None:
            checked(db)
            work(db)

        await self._storage.run(checked)
        await self._notes.note(session.account, session.actor, verb, (session.scope, *scope))
        await self._storage.run(done)
