"""Who is a member of an account, and with which passkeys: each has a slot of the account's content key.

The first comes by a link that whoever holds the account's secret makes; so does every other. A passkey is added by one
that the member has. What opens content is never here: slots come sealed, with a proof that the key service checks.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ringfence.console.ceremonies import Ceremonies
from ringfence.console.passkey_book import KeptPasskey, keep_passkey, passkey_of, passkeys_of
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session, fresh, is_open
from ringfence.console.standstill import Standstill
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import Member, end_without_passkey, keep_member, member_of, members_of
from ringfence.console.tenant.owner_claims import check_room, keep_claim
from ringfence.console.tenant.reading import reader_in
from ringfence.console.tenant.roles import demanded, is_last_owner
from ringfence.console.tenant.slot_name import slot_name
from ringfence.domain.access.role import Role
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import RegistrationAnswer
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.domain.sid import is_sid, new_sid
from ringfence.ports.console_keys import LINK_PREFIX, BrowserSlot, ConsoleKeys, Way
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.passkeys import AuthenticatorWish, Passkeys, PasskeyUser, RelyingParty

MEMBER: Final = "MB"
HANDLE_BYTES: Final = 32
PASSKEYS_MAX: Final = 10
Boxes = list[tuple[int, bytes]]

_DISCOVERABLE = AuthenticatorWish(discoverable="required")
_LINK = "This link was used, or its ten minutes are over: make another."
_NO_MEMBER = "You are no member any more."
_ENROLLED = "This passkey is enrolled already."
_PASSKEYS_MAX = f"A member has {PASSKEYS_MAX} passkeys at most."


class NewPasskeyOf(msgspec.Struct, frozen=True, kw_only=True):
    """What an enrolment is about. `by` is the link or the passkey whose slot the browser opened."""

    account: str
    member: str
    handle: bytes
    by: str
    is_new: bool


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser is given to make a passkey and its slot."""

    ceremony: str
    options: dict[str, Any]
    boxes: Boxes
    proof_key: bytes


class Members:
    """Enrolment, listing and removal. RefusedError says what is wrong to a person."""

    def __init__(
        self,
        storage: ConsoleStorage,
        keys: ConsoleKeys,
        passkeys: Passkeys,
        party: RelyingParty,
        clock: Clock,
        standstill: Standstill,
    ) -> None:
        self._storage = storage
        self._keys = keys
        self._passkeys = passkeys
        self._clock = clock
        self._standstill = standstill
        self._ceremonies: Ceremonies[NewPasskeyOf] = Ceremonies(party, clock)
        # The key service stands between the look whether a passkey is the last and its removal: one at a time.
        self._forgetting = asyncio.Lock()

    async def of(self, account: str) -> Sequence[tuple[Member, Sequence[KeptPasskey]]]:
        """The account's members, with their passkeys."""
        return await self._storage.run(
            lambda db: [(each, passkeys_of(db, "member", each.id)) for each in members_of(db, account)]
        )

    async def begin_enrolling(self, account: str, link: str) -> Asked:
        """For whoever opened a link. That its secret is known is shown with the slot.

        What is no link lets nobody in, though its secret opens the account: it is refused as one that was used.
        """
        if not is_sid(link, LINK_PREFIX):
            raise RefusedError(_LINK, status=410)
        member = new_sid(MEMBER, self._clock.now_ms())
        about = NewPasskeyOf(
            account=account, member=member, handle=secrets.token_bytes(HANDLE_BYTES), by=link, is_new=True
        )
        try:
            boxes = await self._keys.link_boxes(account, link)
        except KeyRefusedError:
            raise RefusedError(_LINK, status=410) from None
        # Asked of who has a link: nobody else is told which accounts stand still.
        await self._standstill.check_member(account)
        return await self._begin(about, boxes, [], of=f"{account} {link}")

    async def begin_adding(self, session: Session) -> Asked:
        """For a member who has just shown the passkey that the new one is to be added by."""
        if not fresh(session, self._clock.now_ms()):
            raise RefusedError("Show your passkey first.", status=403, fresh=True)

        def work(db: sqlite3.Connection) -> tuple[Member | None, Sequence[KeptPasskey]]:
            return member_of(db, session.account, session.person), passkeys_of(db, "member", session.person)

        member, held = await self._storage.run(work)
        if member is None or not held:
            raise RefusedError(_NO_MEMBER, status=403)
        if len(held) >= PASSKEYS_MAX:
            raise RefusedError(_PASSKEYS_MAX)
        shown = max(held, key=lambda each: each.used_ms)
        about = NewPasskeyOf(
            account=session.account,
            member=member.id,
            handle=member.handle,
            by=slot_name(shown.passkey.credential_id),
            is_new=False,
        )
        try:
            boxes = await self._keys.slot_boxes(about.account, about.by, reader_in(session))
        except KeyRefusedError:
            raise RefusedError("This passkey opens nothing, so none can be added by it.") from None
        return await self._begin(about, boxes, [each.passkey for each in held], of=session.id)

    async def finish(
        self, ceremony: str, answer: RegistrationAnswer, slot: BrowserSlot, adds: Session | None
    ) -> Member:
        """Keep the passkey and its slot. A link is used up with it, and only by who holds its secret."""
        pending = self._ceremonies.take(ceremony)
        if pending is None or pending.about.is_new is not (adds is None):
            raise RefusedError("This took too long: begin again.")
        about, now_ms = pending.about, self._clock.now_ms()
        if adds is not None and (adds.account, adds.person) != (about.account, about.member):
            raise RefusedError("This was begun by somebody else.", status=403)
        await self._standstill.check_member(about.account)
        new = self._passkeys.check_registration(answer, pending.ceremony, about.handle, now_ms)
        if slot.credential != slot_name(new.passkey.credential_id):
            raise RefusedError("The slot is not this passkey's.", status=400)
        if await self._storage.run(lambda db: passkey_of(db, new.passkey.credential_id)) is not None:
            raise RefusedError(_ENROLLED)
        try:
            way: Way = "link" if about.is_new else "passkey"
            claims = await self._keys.add_browser_slot(about.account, slot, about.by, way)
        except KeyRefusedError:
            raise RefusedError(_LINK if about.is_new else "The key service refused this slot.", status=403) from None
        member = Member(id=about.member, account=about.account, handle=about.handle, let_in_by=about.by, made_ms=now_ms)

        def work(db: sqlite3.Connection) -> None:
            # Meanwhile somebody may have removed who adds it, or enrolled the same passkey.
            if adds is not None and not (is_open(db, adds.id) and member_of(db, about.account, about.member)):
                raise RefusedError(_NO_MEMBER, status=403)
            if adds is not None and len(passkeys_of(db, "member", about.member)) >= PASSKEYS_MAX:
                raise RefusedError(_PASSKEYS_MAX)
            if passkey_of(db, new.passkey.credential_id) is not None:
                raise RefusedError(_ENROLLED)
            if about.is_new:
                is_first = not members_of(db, about.account)
                keep_member(db, msgspec.structs.replace(member, role=Role.OWNER if is_first else Role.READER))
                if claims and not is_first:
                    keep_claim(db, member.id, about.account, now_ms)
            keep_passkey(db, _kept(new.passkey, member, now_ms))

        actor = f"member:{about.member}"
        try:
            if claims:
                await self._storage.run(lambda db: check_room(db, about.account, now_ms))
            await self._keys.note(about.account, actor, "enrol_passkey", (slot.credential, about.by))
            if claims:
                await self._keys.note(about.account, actor, "claim_ownership", (about.by,))
            await self._storage.run(work)
        except (RefusedError, ConnectionError):
            # A slot of nobody's passkey must not stay, whatever failed.
            await self._keys.revoke_browser_slot(about.account, slot.credential, actor)
            raise
        return member

    async def forget(self, session: Session, member: str, credential: str) -> None:
        """Drop a passkey and its slot; a member without one is no more. An owner drops those of others, too."""
        if not fresh(session, self._clock.now_ms()):
            raise RefusedError("Show your passkey first.", status=403, fresh=True)
        async with self._forgetting:
            await self._forget(session, member, credential)

    async def _forget(self, session: Session, member: str, credential: str) -> None:
        def find(db: sqlite3.Connection) -> KeptPasskey:
            if not is_open(db, session.id):
                raise RefusedError(_NO_MEMBER, status=403)
            if member != session.person:
                demanded(db, session, Role.OWNER)
            found = member_of(db, session.account, member)
            held = passkeys_of(db, "member", member) if found else []
            for each in held:
                if slot_name(each.passkey.credential_id) == credential:
                    if len(held) == 1 and len(members_of(db, session.account)) == 1:
                        raise RefusedError("The account's last passkey stays: nobody could sign in.")
                    if found is not None and len(held) == 1 and is_last_owner(db, found):
                        raise RefusedError("The last owner's last passkey stays: make another member an owner first.")
                    return each
            raise RefusedError("There is no such passkey.", status=404)

        kept = await self._storage.run(find)
        await self._keys.revoke_browser_slot(session.account, credential, session.actor)

        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM passkey WHERE credential_id = ?", (kept.passkey.credential_id,))
            db.execute("DELETE FROM session WHERE kind = 'member' AND person = ? AND id != ?", (member, session.id))
            end_without_passkey(db, member, self._clock.now_ms())

        await self._storage.run(work)

    async def _begin(self, about: NewPasskeyOf, boxes: Boxes, taken: Sequence[Passkey], *, of: str) -> Asked:
        proof_key = await self._keys.proof_key(about.account, about.by if about.is_new else about.member)
        name, ceremony = self._ceremonies.begin(about, of=of)
        user = PasskeyUser(handle=about.handle, name=about.account, display_name=f"Member of {about.account}")
        options = self._passkeys.registration_options(
            ceremony, user, self._clock.now_ms(), wish=_DISCOVERABLE, taken=taken
        )
        return Asked(ceremony=name, options=options, boxes=boxes, proof_key=proof_key)


def _kept(passkey: Passkey, member: Member, now_ms: int) -> KeptPasskey:
    return KeptPasskey(
        kind="member", person=member.id, account=member.account, passkey=passkey, made_ms=now_ms, used_ms=0
    )
