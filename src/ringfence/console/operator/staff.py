"""Who is staff, and how somebody becomes it: never by one link or one person's word alone.

The first member enrols with a link from the operator's own terminal. Everybody after that is invited by one member,
approved by another where there is another, and waits a day, in which each member sees it and may refuse. Who has
removed the others is not alone by that: for a week the operator's terminal invites.
Why: docs/why/console.md.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from ringfence.console.ceremonies import Ceremonies
from ringfence.console.ends_of_grants import EndsOfGrants, GrantsToEnd, grants_to_end, keep_to_end
from ringfence.console.operator import staff_rows
from ringfence.console.operator.request_rows import requests
from ringfence.console.operator.staff_rows import Invitation, StaffMember
from ringfence.console.passkey_book import KeptPasskey, keep_passkey, passkeys_of
from ringfence.console.refusals import RefusedError
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.access.staff_role import ALL_STAFF_ROLES, StaffRole
from ringfence.domain.clock import Clock
from ringfence.domain.passkeys.answers import RegistrationAnswer
from ringfence.domain.passkeys.refusal import PasskeyRefusedError
from ringfence.domain.sid import new_sid
from ringfence.ports.access_notes import OPERATOR, AccessNotes
from ringfence.ports.grants import GrantKeys
from ringfence.ports.passkeys import AuthenticatorWish, Passkeys, PasskeyUser, RelyingParty

STAFF: Final = "ST"
INVITATION: Final = "IV"
TERMINAL: Final = "terminal"
LINK_LIFE_MS: Final = 10 * 60_000
# How long an invitation waits for another member's approval.
APPROVAL_MS: Final = 24 * 3_600_000
DELAY_MS: Final = 24 * 3_600_000
NOTICE_MS: Final = 7 * 24 * 3_600_000
# So long a member whom another removed still counts as somebody who would have to approve.
MISSED_MS: Final = 7 * 24 * 3_600_000
SECRET_BYTES: Final = 32
HANDLE_BYTES: Final = 32
PASSKEYS_MAX: Final = 10

_MEANWHILE: Final = "somebody came or went meanwhile: try again"
_NO_INVITATION: Final = "there is no such invitation any more"
_DISCOVERABLE = AuthenticatorWish(discoverable="required")


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """What an enrolment is about: an invitation's secret, or a member who adds a key."""

    handle: bytes
    invitation: bytes = b""
    member: str = ""

    def __repr__(self) -> str:
        return "NewKey(…)"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What every member is told of. `refusable` names what may be undone: an invitation, or a person."""

    text: str
    at_ms: int
    refusable: str = ""


class Staff:
    """Staff, invitations and their passkeys. RefusedError says what is wrong to a person.

    `passkeys` judges new authenticators; `delay_ms` and the second member's approval hold everywhere, in dev too.
    """

    def __init__(
        self,
        storage: ConsoleStorage,
        passkeys: Passkeys,
        party: RelyingParty,
        notes: AccessNotes,
        clock: Clock,
        grants: GrantKeys,
    ) -> None:
        self._storage = storage
        self._passkeys = passkeys
        self._notes = notes
        self._clock = clock
        self._ends = EndsOfGrants(storage, grants)
        self._ceremonies: Ceremonies[NewKey] = Ceremonies(party, clock)

    async def members(self, *, removed: bool = False) -> Sequence[StaffMember]:
        """Everybody who is staff; with `removed` those who were too."""
        return await self._storage.run(lambda db: staff_rows.members(db, removed=removed))

    async def invitations(self) -> Sequence[Invitation]:
        """Those that may still be approved or used."""
        now_ms = self._clock.now_ms()
        return await self._storage.run(lambda db: staff_rows.invitations(db, now_ms))

    async def passkeys_of(self, member: str) -> Sequence[KeptPasskey]:
        """A member's keys."""
        return await self._storage.run(lambda db: passkeys_of(db, "staff", member))

    async def notices(self) -> Sequence[Notice]:
        """What happened of late that a member might have to stop, the latest first."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> list[Notice]:
            names = {each.id: each.name for each in staff_rows.members(db, removed=True)} | {TERMINAL: "the terminal"}
            found = [
                Notice(
                    text=f"{names.get(each.invited_by, each.invited_by)} invites {each.name}"
                    f" for {', '.join(each.roles)}"
                    + (", which another member must approve" if each.secret_sha256 is None else ""),
                    at_ms=each.made_ms,
                    refusable=each.id,
                )
                for each in staff_rows.invitations(db, now_ms)
            ]
            for member in staff_rows.members(db):
                if now_ms < member.active_ms:
                    text = f"{member.name} has enrolled, and can sign in 24 hours after that"
                    found.append(Notice(text=text, at_ms=member.made_ms, refusable=member.id))
                for kept in passkeys_of(db, "staff", member.id):
                    if member.made_ms < kept.made_ms and now_ms - kept.made_ms < NOTICE_MS:
                        found.append(Notice(text=f"{member.name} has added a passkey", at_ms=kept.made_ms))
            for asked in requests(db, now_ms):
                text = (
                    f"{names.get(asked.asked_by, asked.asked_by)} asks for {asked.act} of {asked.target},"
                    " which another member must confirm, under Requests"
                )
                found.append(Notice(text=text, at_ms=asked.asked_ms))
            for ending in grants_to_end(db):
                whose = names.get(ending.staff, ending.staff) or ending.session or ending.account
                text = f"Grants of {whose} end as soon as the key service answers: it was away as {_gone(ending)}"
                found.append(Notice(text=text, at_ms=ending.at_ms))
            return sorted(found, key=lambda notice: notice.at_ms, reverse=True)

        return await self._storage.run(work)

    async def invite_first(self, name: str, roles: Sequence[StaffRole] = ALL_STAFF_ROLES) -> str:
        """The secret of a link for the first member, from the operator's own terminal; or for a second one, who waits a
        day, where the only member removed the others of late. RefusedError where members invite."""
        now_ms = self._clock.now_ms()

        def find(db: sqlite3.Connection) -> bool:
            is_first = not staff_rows.members(db)
            if not is_first and _may_invite_alone(db, now_ms) is not False:
                raise RefusedError("there is staff already: a member invites the next, in the operator's console")
            return is_first

        is_first = await self._storage.run(find)
        delay_ms = 0 if is_first else DELAY_MS
        secret, invitation = self._invitation(name, roles, TERMINAL, approved=True, delay_ms=delay_ms)

        def work(db: sqlite3.Connection) -> None:
            if find(db) is not is_first:
                raise RefusedError(_MEANWHILE)
            for each in staff_rows.invitations(db, now_ms):
                staff_rows.forget_invitation(db, each.id)
            staff_rows.keep_invitation(db, invitation)

        await self._note(f"staff:{TERMINAL}", "invite_staff", invitation.id, *invitation.roles)
        await self._storage.run(work)
        return secret

    async def invite(self, by: str, name: str, roles: Sequence[StaffRole]) -> str | None:
        """The secret of a link, where `by` is the only member; None where another must approve it first.

        RefusedError where `by` is the only one because another was removed by a member of late.
        """
        now_ms = self._clock.now_ms()

        def find(db: sqlite3.Connection) -> bool:
            may = _may_invite_alone(db, now_ms)
            if may is False:
                raise RefusedError("a member was removed within seven days: until then the operator's terminal invites")
            return may is True

        alone = await self._storage.run(find)
        secret, invitation = self._invitation(name, roles, by, approved=alone, delay_ms=DELAY_MS)

        def work(db: sqlite3.Connection) -> None:
            if find(db) is not alone:
                raise RefusedError(_MEANWHILE)
            staff_rows.keep_invitation(db, invitation)

        await self._note(f"staff:{by}", "invite_staff", invitation.id, *invitation.roles)
        await self._storage.run(work)
        return secret if alone else None

    async def approve(self, by: str, invitation: str) -> str:
        """The secret of the link, from now on for ten minutes. RefusedError for who invited."""
        now_ms = self._clock.now_ms()
        secret = secrets.token_urlsafe(SECRET_BYTES)

        def find(db: sqlite3.Connection) -> Invitation:
            found = _find(staff_rows.invitations(db, now_ms), invitation)
            if found.secret_sha256 is not None:
                raise RefusedError("it is approved already")
            if found.invited_by == by:
                raise RefusedError("another member must approve it")
            return found

        def work(db: sqlite3.Connection) -> None:
            approved = msgspec.structs.replace(
                find(db), secret_sha256=_hash(secret), approved_by=by, until_ms=now_ms + LINK_LIFE_MS
            )
            staff_rows.keep_invitation(db, approved)

        await self._storage.run(find)
        await self._note(f"staff:{by}", "approve_staff", invitation)
        await self._storage.run(work)
        return secret

    async def refuse(self, by: str, invitation: str) -> None:
        """Any member may."""
        await self._storage.run(lambda db: _find(staff_rows.invitations(db, self._clock.now_ms()), invitation))
        await self._note(f"staff:{by}", "refuse_staff", invitation)
        if not await self._storage.run(lambda db: staff_rows.forget_invitation(db, invitation)):
            raise RefusedError(_NO_INVITATION)

    async def give_roles(self, member: str, roles: Sequence[StaffRole]) -> None:
        """What a member is for from now on, said at the operator's own terminal: in the console a role comes with an
        invitation alone, which two people stand behind. RefusedError for nobody, and for no role."""
        given = _in_order(roles)

        def find(db: sqlite3.Connection) -> StaffMember:
            found = staff_rows.member_of(db, member)
            if found is None or found.removed_ms is not None:
                raise RefusedError("there is no such member")
            return found

        def work(db: sqlite3.Connection) -> None:
            staff_rows.keep_member(db, msgspec.structs.replace(find(db), roles=given))

        await self._storage.run(find)
        await self._note(f"staff:{TERMINAL}", "give_staff_roles", f"staff:{member}", *given)
        await self._storage.run(work)

    async def remove(self, by: str, member: str) -> bool:
        """End a member's sessions, grants, passkeys and right to sign in. RefusedError for the last one who can.

        False where their grants end later, since the key service is away: all else is done.
        """
        now_ms = self._clock.now_ms()

        def find(db: sqlite3.Connection) -> StaffMember:
            found = staff_rows.member_of(db, member)
            if found is None or found.removed_ms is not None:
                raise RefusedError("there is no such member")
            others = [each for each in staff_rows.members(db) if each.id != member and each.active_ms <= now_ms]
            if by != TERMINAL and not others:
                raise RefusedError("the last member stays: the operator's terminal can remove them")
            return found

        def work(db: sqlite3.Connection) -> None:
            staff_rows.keep_member(db, msgspec.structs.replace(find(db), removed_ms=now_ms, removed_by=by))
            db.execute("DELETE FROM passkey WHERE kind = 'staff' AND person = ?", (member,))
            db.execute("DELETE FROM session WHERE kind = 'staff' AND person = ?", (member,))
            keep_to_end(db, GrantsToEnd(staff=member, actor=f"staff:{by}", at_ms=now_ms))

        await self._storage.run(find)
        await self._note(f"staff:{by}", "remove_staff", f"staff:{member}")
        await self._storage.run(work)
        return await self._ends.settle()

    async def begin_joining(self, secret: str) -> tuple[str, dict[str, Any]]:
        """The name of a ceremony, and what the browser of who holds a link's secret is asked."""
        invitation = await self._invited(_hash(secret))
        about = NewKey(handle=secrets.token_bytes(HANDLE_BYTES), invitation=_hash(secret))
        return self._begin(about, invitation.name, [])

    async def join(self, ceremony: str, answer: RegistrationAnswer) -> StaffMember:
        """Enrol whom the link was for; it works once."""
        about, kept = self._registered(ceremony, answer)
        if not about.invitation:
            raise RefusedError("this is for somebody who joins")
        now_ms = self._clock.now_ms()
        invitation = await self._invited(about.invitation)
        member = StaffMember(
            id=new_sid(STAFF, now_ms),
            handle=about.handle,
            name=invitation.name,
            made_ms=now_ms,
            active_ms=now_ms + invitation.delay_ms,
            invited_by=invitation.invited_by,
            approved_by=invitation.approved_by,
            roles=invitation.roles,
        )

        def work(db: sqlite3.Connection) -> None:
            if not staff_rows.forget_invitation(db, invitation.id):
                raise RefusedError("this link was used already")
            if not invitation.delay_ms and staff_rows.members(db):
                raise RefusedError("there is staff already")
            staff_rows.keep_member(db, member)
            keep_passkey(db, msgspec.structs.replace(kept, person=member.id))

        await self._note(f"staff:{member.id}", "join_staff", invitation.id)
        await self._storage.run(work)
        return member

    async def begin_adding(self, member: str) -> tuple[str, dict[str, Any]]:
        """As `begin_joining`, for a member's further passkey; whoever asks has made sure of a fresh verification."""
        found = await self._storage.run(lambda db: staff_rows.member_of(db, member))
        if found is None or found.removed_ms is not None:
            raise RefusedError("there is no such member")
        held = await self.passkeys_of(member)
        if len(held) >= PASSKEYS_MAX:
            raise RefusedError(f"a member has at most {PASSKEYS_MAX} passkeys")
        return self._begin(NewKey(handle=found.handle, member=member), found.name, held)

    async def add(self, member: str, ceremony: str, answer: RegistrationAnswer) -> None:
        """Keep a member's further passkey."""
        about, kept = self._registered(ceremony, answer)
        if about.member != member:
            raise RefusedError("this is for another member")

        def work(db: sqlite3.Connection) -> None:
            found = staff_rows.member_of(db, member)
            if found is None or found.removed_ms is not None:
                raise RefusedError("there is no such member")
            keep_passkey(db, msgspec.structs.replace(kept, person=member))

        await self._note(f"staff:{member}", "add_passkey", f"staff:{member}")
        await self._storage.run(work)

    async def drop(self, member: str, credential_id: bytes, but: str) -> None:
        """Forget one of a member's passkeys, not the last, and end their sessions `but` this one: it may be another's
        by now, and so may they. Their grants end later where the key service is away."""
        now_ms = self._clock.now_ms()

        def find(db: sqlite3.Connection) -> None:
            held = [each.passkey.credential_id for each in passkeys_of(db, "staff", member)]
            if credential_id not in held:
                raise RefusedError("there is no such passkey")
            if len(held) == 1:
                raise RefusedError("the last passkey stays: add another first")

        def work(db: sqlite3.Connection) -> None:
            find(db)
            db.execute("DELETE FROM passkey WHERE credential_id = ?", (credential_id,))
            ended = "FROM session WHERE kind = 'staff' AND person = ? AND id <> ?"
            for (other,) in db.execute(f"SELECT id {ended}", (member, but)).fetchall():
                keep_to_end(db, GrantsToEnd(session=other, actor=f"staff:{member}", at_ms=now_ms))
            db.execute(f"DELETE {ended}", (member, but))

        await self._storage.run(find)
        await self._note(f"staff:{member}", "drop_passkey", f"staff:{member}")
        await self._storage.run(work)
        await self._ends.settle()

    def _begin(self, about: NewKey, name: str, held: Sequence[KeptPasskey]) -> tuple[str, dict[str, Any]]:
        ceremony, asked = self._ceremonies.begin(about, of=about.member or about.invitation.hex())
        options = self._passkeys.registration_options(
            asked,
            PasskeyUser(handle=about.handle, name=name, display_name=name),
            self._clock.now_ms(),
            wish=_DISCOVERABLE,
            taken=[each.passkey for each in held],
        )
        return ceremony, options

    def _registered(self, ceremony: str, answer: RegistrationAnswer) -> tuple[NewKey, KeptPasskey]:
        pending = self._ceremonies.take(ceremony)
        if pending is None:
            raise RefusedError("this took too long: begin again")
        now_ms = self._clock.now_ms()
        try:
            new = self._passkeys.check_registration(answer, pending.ceremony, pending.about.handle, now_ms)
        except PasskeyRefusedError as error:
            raise RefusedError(f"this authenticator is not taken ({error.why.value})") from None
        kept = KeptPasskey(kind="staff", person="", account="", passkey=new.passkey, made_ms=now_ms, used_ms=0)
        return pending.about, kept

    async def _invited(self, secret_sha256: bytes) -> Invitation:
        found = [each for each in await self.invitations() if each.secret_sha256 == secret_sha256]
        if not found:
            raise RefusedError("this link does not work any more: it serves once, and for ten minutes")
        return found[0]

    def _invitation(
        self, name: str, roles: Sequence[StaffRole], by: str, *, approved: bool, delay_ms: int
    ) -> tuple[str, Invitation]:
        now_ms = self._clock.now_ms()
        try:
            name = staff_rows.check_name(name)
        except ValueError as error:
            raise RefusedError(str(error)) from None
        secret = secrets.token_urlsafe(SECRET_BYTES)
        return secret, Invitation(
            id=new_sid(INVITATION, now_ms),
            name=name,
            secret_sha256=_hash(secret) if approved else None,
            invited_by=by,
            approved_by="",
            made_ms=now_ms,
            until_ms=now_ms + (LINK_LIFE_MS if approved else APPROVAL_MS),
            delay_ms=delay_ms,
            roles=_in_order(roles),
        )

    async def _note(self, actor: str, verb: str, *scope: str) -> None:
        await self._notes.note(OPERATOR, actor, verb, scope)


def _gone(ending: GrantsToEnd) -> str:
    if ending.staff:
        return "they were removed"
    return "that session ended" if ending.session else "that account was stopped"


def _find(found: Sequence[Invitation], id_: str) -> Invitation:
    for each in found:
        if each.id == id_:
            return each
    raise RefusedError(_NO_INVITATION)


def _in_order(roles: Sequence[StaffRole]) -> tuple[StaffRole, ...]:
    """Each once; RefusedError for none."""
    if not roles:
        raise RefusedError("say what they are for: support, operations, security")
    return tuple(role for role in StaffRole if role in roles)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _may_invite_alone(db: sqlite3.Connection, now_ms: int) -> bool | None:
    """Whether the only member who can sign in may invite without another's approval; None where there is another.

    False where a member who could sign in was removed by another one within `MISSED_MS`.
    """
    known = staff_rows.members(db, removed=True)
    if sum(each.removed_ms is None and each.active_ms <= now_ms for each in known) != 1:
        return None
    return not any(
        each.removed_ms is not None
        and each.active_ms <= each.removed_ms
        and now_ms - each.removed_ms < MISSED_MS
        and each.removed_by not in ("", TERMINAL, each.id)
        for each in known
    )
