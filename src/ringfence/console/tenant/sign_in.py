"""Members sign in with a passkey of the key origin: one touch there proves who they are and opens what they may read.

The passkey's answer comes from the key origin's frame in our page, without what its PRF gave.
"""

import sqlite3
from typing import Any

import msgspec

from ringfence.console.ceremonies import Ceremonies
from ringfence.console.passkey_book import KeptPasskey, keep_passkey, passkey_of, passkeys_of
from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk, check_key
from ringfence.console.sessions import Session, Sessions
from ringfence.console.standstill import Standstill
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import member_of
from ringfence.console.tenant.members import Boxes, slot_name
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import AuthenticationAnswer
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.domain.passkeys.refusal import PasskeyRefusedError
from ringfence.ports.console_keys import ConsoleKeys
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.passkeys import Passkeys, RelyingParty

_REFUSED = "This passkey does not sign in here."


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a ceremony is for: a new session of this key, or an open session that shows its member again."""

    key: PublicJwk | None = None
    session: str = ""


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
        self._ceremonies: Ceremonies[Wanted] = Ceremonies(party, clock)

    def begin(self, key: PublicJwk) -> tuple[str, dict[str, Any]]:
        """A ceremony for a new session that will be bound to `key`."""
        try:
            check_key(key)
        except ValueError:
            raise RefusedError("no session's key", status=400) from None
        return self._begin(Wanted(key=key), [])

    async def finish(self, ceremony: str, answer: AuthenticationAnswer) -> tuple[str, Opening]:
        """A new session's cookie, and what its passkey opens."""
        wanted, kept = await self._shown(ceremony, answer)
        if wanted.key is None:
            raise RefusedError(_REFUSED, status=401)
        await self._standstill.check_member(kept.account)
        session, cookie = self._sessions.new("member", kept.person, kept.account, wanted.key)
        await self._keys.note(kept.account, session.actor, "sign_in", (session.scope,))
        opening = await self._opening(kept)
        await self._sessions.keep(session, cookie)
        return cookie, opening

    async def begin_again(self, session: Session) -> tuple[str, dict[str, Any]]:
        """A ceremony in which a session's member shows a passkey again."""
        held = await self._storage.run(lambda db: passkeys_of(db, "member", session.person))
        return self._begin(Wanted(session=session.id), [each.passkey for each in held])

    async def finish_again(self, session: Session, ceremony: str, answer: AuthenticationAnswer) -> Opening:
        """From now on the session is fresh; what the passkey opens."""
        wanted, kept = await self._shown(ceremony, answer)
        if wanted.session != session.id or kept.person != session.person:
            raise RefusedError(_REFUSED, status=401)
        await self._sessions.verified(session.id)
        return await self._opening(kept)

    async def boxes_of(self, session: Session, credential: str) -> Boxes:
        """Content keys sealed to the slot of a secret that the member typed in the key origin."""
        try:
            return await self._keys.slot_boxes(session.account, credential)
        except KeyRefusedError:
            raise RefusedError("That opens nothing of this account.") from None

    async def _opening(self, kept: KeptPasskey) -> Opening:
        credential = slot_name(kept.passkey.credential_id)
        try:
            boxes = await self._keys.slot_boxes(kept.account, credential)
        except KeyRefusedError:
            boxes = []
        return Opening(account=kept.account, credential=credential, boxes=boxes)

    def _begin(self, wanted: Wanted, allowed: list[Passkey]) -> tuple[str, dict[str, Any]]:
        name, ceremony = self._ceremonies.begin(wanted)
        return name, self._passkeys.authentication_options(ceremony, self._clock.now_ms(), allowed=allowed)

    async def _shown(self, name: str, answer: AuthenticationAnswer) -> tuple[Wanted, KeptPasskey]:
        """Whose passkey answered. What it counts is kept before anything comes of it."""
        pending = self._ceremonies.take(name)
        if pending is None:
            raise RefusedError("This took too long: begin again.", status=401)
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> KeptPasskey:
            kept = passkey_of(db, answer.credential_id)
            if kept is None or kept.kind != "member" or member_of(db, kept.account, kept.person) is None:
                raise RefusedError(_REFUSED, status=401)
            try:
                use = self._passkeys.check_authentication(answer, pending.ceremony, kept.passkey, now_ms)
            except PasskeyRefusedError:
                raise RefusedError(_REFUSED, status=401) from None
            used = msgspec.structs.replace(kept, passkey=use.passkey, used_ms=now_ms)
            keep_passkey(db, used)
            return used

        return pending.about, await self._storage.run(work)
