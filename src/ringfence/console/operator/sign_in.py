"""Staff sign in with a passkey that verifies its user. There is no other way in."""

import logging
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import structlog

from ringfence.console.ceremonies import Ceremonies, Pending
from ringfence.console.lockout import is_kept_out
from ringfence.console.open_sign_ins import OpenSignIns
from ringfence.console.operator import staff_rows
from ringfence.console.operator.staff_rows import StaffMember
from ringfence.console.passkey_book import KeptPasskey, keep_passkey, passkey_of, passkeys_of
from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk, check_key
from ringfence.console.sessions import Session, Sessions
from ringfence.console.standstill import Standstill
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import AuthenticationAnswer
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.ports.access_notes import OPERATOR, AccessNotes
from ringfence.ports.passkeys import Ceremony, Passkeys, RelyingParty

_log = structlog.get_logger(__name__)

_REFUSED = "This passkey does not sign in here."
_TOO_LATE = "This took too long: begin again."

T = TypeVar("T")


class StaffSignIn:
    """Begin, then finish with the passkey's answer. RefusedError is told; it says nothing of who there is."""

    def __init__(
        self,
        storage: ConsoleStorage,
        sessions: Sessions,
        passkeys: Passkeys,
        party: RelyingParty,
        notes: AccessNotes,
        clock: Clock,
        standstill: Standstill,
    ) -> None:
        self._storage = storage
        self._sessions = sessions
        self._passkeys = passkeys
        self._notes = notes
        self._clock = clock
        self._standstill = standstill
        self._sign_ins = OpenSignIns(party, clock)
        self._shown_again: Ceremonies[str] = Ceremonies(party, clock)

    def begin(self, key: PublicJwk) -> tuple[str, dict[str, Any]]:
        """A ceremony for a new session that will be bound to `key`: chosen now, so that no answer can bring another."""
        try:
            check_key(key)
        except ValueError:
            raise RefusedError("no session's key", status=400) from None
        name, ceremony = self._sign_ins.begin(key)
        return name, self._passkeys.authentication_options(ceremony, self._clock.now_ms(), allowed=[])

    async def finish(self, ceremony: str, answer: AuthenticationAnswer) -> tuple[Session, str]:
        """A new session, kept, and its cookie."""
        begun = _in_time(self._sign_ins.read(ceremony))
        kept = await self._shown(begun, answer, self._sign_ins.mark_used)
        await self._standstill.check_staff()
        session, cookie = self._sessions.new("staff", kept.person, "", begun.about)
        await self._notes.note(OPERATOR, session.actor, "sign_in", (session.scope,))

        def check(db: sqlite3.Connection) -> None:
            _check_member(db, kept.person)
            _check_admitted(db, kept.person)

        await self._sessions.keep(session, cookie, check)
        return session, cookie

    async def begin_again(self, session: Session) -> tuple[str, dict[str, Any]]:
        """A ceremony in which a session's person shows himself again."""
        held = await self._storage.run(lambda db: passkeys_of(db, "staff", session.person))
        name, ceremony = self._shown_again.begin(session.id, of=session.id)
        options = self._passkeys.authentication_options(
            ceremony, self._clock.now_ms(), allowed=[each.passkey for each in held]
        )
        return name, options

    async def finish_again(self, session: Session, ceremony: str, answer: AuthenticationAnswer) -> None:
        """From now on the session is fresh."""
        begun = _in_time(self._shown_again.take(ceremony))
        kept = await self._shown(begun, answer)
        if begun.about != session.id or kept.person != session.person:
            raise RefusedError(_REFUSED, status=401)
        await self._sessions.verified(session.id)

    async def _shown(
        self, begun: Pending[T], answer: AuthenticationAnswer, mark_used: Callable[[Ceremony], bool] = lambda _: True
    ) -> KeptPasskey:
        """Whose passkey answered. What it counts is kept before anything comes of it."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> KeptPasskey:
            kept = passkey_of(db, answer.credential_id)
            if kept is None or kept.kind != "staff":
                raise RefusedError(_REFUSED, status=401)
            member = _check_member(db, kept.person)
            try:
                use = self._passkeys.check_authentication(answer, begun.ceremony, kept.passkey, now_ms)
            except PasskeyRefusedError as error:
                # Rightly signed, and counting backwards or of another kind than before: somebody has a copy.
                copied = error.why in (Refusal.COUNTER, Refusal.BACKUP)
                _log.log(logging.ERROR if copied else logging.WARNING, "console.passkey_refused", cause=error.why.value)
                raise RefusedError(_REFUSED, status=401) from None
            if not mark_used(begun.ceremony):
                raise RefusedError(_TOO_LATE, status=401)
            _check_admitted(db, member.id)
            if now_ms < member.active_ms:
                raise RefusedError("You can sign in 24 hours after you enrolled.", status=403)
            used = msgspec.structs.replace(kept, passkey=use.passkey, used_ms=now_ms)
            keep_passkey(db, used)
            return used

        return await self._storage.run(work)


def _in_time(begun: Pending[T] | None) -> Pending[T]:
    if begun is None:
        raise RefusedError(_TOO_LATE, status=401)
    return begun


def _check_admitted(db: sqlite3.Connection, person: str) -> None:
    """Return for whom nobody keeps out. RefusedError."""
    if is_kept_out(db, person):
        raise RefusedError("You are kept out for now: another member of staff knows why.", status=403)


def _check_member(db: sqlite3.Connection, person: str) -> StaffMember:
    """Who is still staff. RefusedError."""
    member = staff_rows.member_of(db, person)
    if member is None or member.removed_ms is not None:
        raise RefusedError(_REFUSED, status=401)
    return member
