"""Members sign in with a passkey of the key origin: one touch there proves who they are and opens what they may read.

The passkey's answer comes from the key origin's frame in our page, without what its PRF gave.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from ringfence.console.ceremonies import Ceremonies, Pending
from ringfence.console.open_sign_ins import OpenSignIns
from ringfence.console.passkey_book import KeptPasskey, keep_passkey, passkey_of, passkeys_of
from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk, check_key
from ringfence.console.sessions import Session, Sessions
from ringfence.console.standstill import Standstill
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import member_of
from ringfence.console.tenant.members import Boxes
from ringfence.console.tenant.reading import reader_in, reader_through
from ringfence.console.tenant.slot_name import slot_name
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import AuthenticationAnswer
from ringfence.domain.passkeys.refusal import PasskeyRefusedError
from ringfence.ports.console_keys import ConsoleKeys
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.passkeys import Ceremony, Passkeys, RelyingParty

_REFUSED = "This passkey does not sign in here."
_TOO_LATE = "This took too long: begin again."

T = TypeVar("T")


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What a passkey that was shown opens: content keys sealed to its slot, none where it has no PRF."""

    account: str
    credential: str
    boxes: Boxes


class MemberSignIn:
    """Begin, then finish with the passkey's answer. RefusedError says nothing of who there is."""

    def __init__(
        self,
        storage: ConsoleStorage,
        sessions: Sessions,
        keys: ConsoleKeys,
        passkeys: Passkeys,
        party: RelyingParty,
        clock: Clock,
        standstill: Standstill,
    ) -> None:
        self._storage = storage
        self._sessions = sessions
        self._keys = keys
        self._passkeys = passkeys
        self._clock = clock
        self._standstill = standstill
        self._sign_ins = OpenSignIns(party, clock)
        self._shown_again: Ceremonies[str] = Ceremonies(party, clock)

    def begin(self, key: PublicJwk) -> tuple[str, dict[str, Any]]:
        """A ceremony for a new session that will be bound to `key`."""
        try:
            check_key(key)
        except ValueError:
            raise RefusedError("no session's key", status=400) from None
        name, ceremony = self._sign_ins.begin(key)
        return name, self._passkeys.authentication_options(ceremony, self._clock.now_ms(), allowed=[])

    async def finish(self, ceremony: str, answer: AuthenticationAnswer) -> tuple[str, Opening]:
        """A new session's cookie, and what its passkey opens."""
        begun = _in_time(self._sign_ins.read(ceremony))
        kept = await self._shown(begun, answer, self._sign_ins.mark_used)
        await self._standstill.check_member(kept.account)
        session, cookie = self._sessions.new("member", kept.person, kept.account, begun.about)
        await self._keys.note(kept.account, session.actor, "sign_in", (session.scope,))
        opening = await self._opening(session, kept)

        def check(db: sqlite3.Connection) -> None:
            gone = passkey_of(db, kept.passkey.credential_id) is None
            if gone or member_of(db, kept.account, kept.person) is None:
                raise RefusedError(_REFUSED, status=401)

        await self._sessions.keep(session, cookie, check)
        return cookie, opening

    async def begin_again(self, session: Session) -> tuple[str, dict[str, Any]]:
        """A ceremony in which a session's member shows a passkey again."""
        held = await self._storage.run(lambda db: passkeys_of(db, "member", session.person))
        name, ceremony = self._shown_again.begin(session.id, of=session.id)
        allowed = [each.passkey for each in held]
        return name, self._passkeys.authentication_options(ceremony, self._clock.now_ms(), allowed=allowed)

    async def finish_again(self, session: Session, ceremony: str, answer: AuthenticationAnswer) -> Opening:
        """From now on the session is fresh; what the passkey opens."""
        begun = _in_time(self._shown_again.take(ceremony))
        kept = await self._shown(begun, answer)
        if begun.about != session.id or kept.person != session.person:
            raise RefusedError(_REFUSED, status=401)
        await self._sessions.verified(session.id)
        return await self._opening(session, kept)

    async def boxes_of(self, session: Session, credential: str) -> Boxes:
        """Content keys sealed to the slot of a secret that the member typed in the key origin."""
        reader = await reader_through(self._storage, self._keys, session, credential)
        try:
            return await self._keys.slot_boxes(session.account, credential, reader)
        except KeyRefusedError:
            raise RefusedError("That opens nothing of this account.") from None

    async def _opening(self, session: Session, kept: KeptPasskey) -> Opening:
        credential = slot_name(kept.passkey.credential_id)
        try:
            boxes = await self._keys.slot_boxes(kept.account, credential, reader_in(session))
        except KeyRefusedError:
            boxes = []
        return Opening(account=kept.account, credential=credential, boxes=boxes)

    async def _shown(
        self, begun: Pending[T], answer: AuthenticationAnswer, mark_used: Callable[[Ceremony], bool] = lambda _: True
    ) -> KeptPasskey:
        """Whose passkey answered. What it counts is kept before anything comes of it."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> KeptPasskey:
            kept = passkey_of(db, answer.credential_id)
            if kept is None or kept.kind != "member" or member_of(db, kept.account, kept.person) is None:
                raise RefusedError(_REFUSED, status=401)
            try:
                use = self._passkeys.check_authentication(answer, begun.ceremony, kept.passkey, now_ms)
            except PasskeyRefusedError:
                raise RefusedError(_REFUSED, status=401) from None
            if not mark_used(begun.ceremony):
                raise RefusedError(_TOO_LATE, status=401)
            used = msgspec.structs.replace(kept, passkey=use.passkey, used_ms=now_ms)
            keep_passkey(db, used)
            return used

        return await self._storage.run(work)


def _in_time(begun: Pending[T] | None) -> Pending[T]:
    if begun is None:
        raise RefusedError(_TOO_LATE, status=401)
    return begun
