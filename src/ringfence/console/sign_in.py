"""People sign in with a passkey that verifies its user, at both consoles. There is no other way in.

Why: docs/why/console.md.
"""

import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import structlog

from ringfence.console.ceremonies import Ceremonies, Pending
from ringfence.console.open_sign_ins import OpenSignIns
from ringfence.console.passkey_book import KeptPasskey, keep_passkey, passkey_of, passkeys_of
from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk, check_key
from ringfence.console.sessions import Kind, Session, Sessions
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import AuthenticationAnswer
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.ports.access_notes import OPERATOR, AccessNotes
from ringfence.ports.passkeys import Ceremony, Passkeys, RelyingParty

_log = structlog.get_logger(__name__)

_TOO_LATE = "This took too long: begin again."

T = TypeVar("T")
# Whether whoever's passkey answered rightly may come in now (Unix, milliseconds): RefusedError where not.
Check = Callable[[sqlite3.Connection, KeptPasskey, int], None]
# Whether anything stands still for that account, "" for staff: RefusedError where it does.
Standing = Callable[[str], Awaitable[None]]


class NoSuchPersonError(RefusedError):
    """A passkey of nobody here, in words that say nothing of who there is."""

    def __init__(self) -> None:
        super().__init__("This passkey does not sign in here.", status=401)


class SignIn:
    """Begin, then finish with the passkey's answer. RefusedError is told; it says nothing of who there is."""

    def __init__(
        self,
        kind: Kind,
        storage: ConsoleStorage,
        sessions: Sessions,
        passkeys: Passkeys,
        party: RelyingParty,
        notes: AccessNotes,
        clock: Clock,
        check: Check,
        standing: Standing,
    ) -> None:
        self._kind: Kind = kind
        self._storage = storage
        self._sessions = sessions
        self._passkeys = passkeys
        self._notes = notes
        self._clock = clock
        self._check = check
        self._standing = standing
        self._sign_ins = OpenSignIns(party, clock)
        self._shown_again: Ceremonies[str] = Ceremonies(party, clock)

    def begin(self, key: PublicJwk) -> tuple[str, dict[str, Any]]:
        """A ceremony for a new session that will be bound to `key`: chosen now, so that no answer can bring another."""
        try:
            check_key(key)
        except ValueError:
            raise RefusedError("no session's key", status=400) from None
        name, ceremony = self._sign_ins.begin(key)
        return name, self._passkeys.authentication_options(ceremony, self._clock.now_ms())

    async def finish(self, ceremony: str, answer: AuthenticationAnswer) -> tuple[Session, str, KeptPasskey]:
        """A new session, kept, its cookie, and the passkey that opened it."""
        begun = _in_time(self._sign_ins.read(ceremony))
        kept = await self._shown(begun, answer, self._sign_ins.mark_used)
        await self._standing(kept.account)
        session, cookie = self._sessions.new(self._kind, kept.person, kept.account, begun.about)
        await self._notes.note(kept.account or OPERATOR, session.actor, "sign_in", (session.scope,))

        def check(db: sqlite3.Connection) -> None:
            if passkey_of(db, kept.passkey.credential_id) is None:
                raise NoSuchPersonError
            self._check(db, kept, self._clock.now_ms())

        await self._sessions.keep(session, cookie, check)
        return session, cookie, kept

    async def begin_again(self, session: Session) -> tuple[str, dict[str, Any] | None]:
        """A ceremony in which a session's person shows himself again; no options for who has no passkey here."""
        held = await self._storage.run(lambda db: passkeys_of(db, self._kind, session.person))
        if not held:
            return "", None
        name, ceremony = self._shown_again.begin(session.id, of=session.id)
        allowed = [each.passkey for each in held]
        return name, self._passkeys.authentication_options(ceremony, self._clock.now_ms(), allowed=allowed)

    async def finish_again(self, session: Session, ceremony: str, answer: AuthenticationAnswer) -> KeptPasskey:
        """From now on the session is fresh."""
        begun = _in_time(self._shown_again.take(ceremony))
        kept = await self._shown(begun, answer)
        if begun.about != session.id or kept.person != session.person:
            raise NoSuchPersonError
        await self._sessions.verified(session.id)
        return kept

    async def _shown(
        self, begun: Pending[T], answer: AuthenticationAnswer, mark_used: Callable[[Ceremony], bool] = lambda _: True
    ) -> KeptPasskey:
        """Whose passkey answered. What it counts is kept before anything comes of it."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> KeptPasskey:
            kept = passkey_of(db, answer.credential_id)
            if kept is None or kept.kind != self._kind:
                raise NoSuchPersonError
            try:
                use = self._passkeys.check_authentication(answer, begun.ceremony, kept.passkey, now_ms)
            except PasskeyRefusedError as error:
                # Rightly signed, and counting backwards or of another kind than before: somebody has a copy.
                copied = error.why in (Refusal.COUNTER, Refusal.BACKUP)
                _log.log(logging.ERROR if copied else logging.WARNING, "console.passkey_refused", cause=error.why.value)
                raise NoSuchPersonError from None
            if not mark_used(begun.ceremony):
                raise RefusedError(_TOO_LATE, status=401)
            self._check(db, kept, now_ms)
            used = msgspec.structs.replace(kept, passkey=use.passkey, used_ms=now_ms)
            keep_passkey(db, used)
            return used

        return await self._storage.run(work)


def _in_time(begun: Pending[T] | None) -> Pending[T]:
    if begun is None:
        raise RefusedError(_TOO_LATE, status=401)
    return begun
