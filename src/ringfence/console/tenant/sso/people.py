"""An account's provider and who of it is let in: said by owners with a passkey shown of late, in the ledger first."""

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import Member, end_without_passkey, keep_member
from ringfence.console.tenant.people_acts import PeopleActs
from ringfence.console.tenant.roles import demanded
from ringfence.console.tenant.sso.id_token import STRONG
from ringfence.console.tenant.sso.provider import check_address
from ringfence.console.tenant.sso.rows import (
    SsoPerson,
    SsoProvider,
    forget_person,
    forget_provider,
    keep_person,
    keep_provider,
    people_of,
    provider_of,
)
from ringfence.domain.access.role import Role
from ringfence.domain.clock import Clock
from ringfence.domain.sid import new_sid
from ringfence.ports.access_notes import AccessNotes

MEMBER: Final = "MB"
HANDLE_BYTES: Final = 32
CLIENT_MAX: Final = 200
SSO: Final = "sso"


class SsoPeople:
    """RefusedError says why not; ConnectionError where the ledger cannot be written: nothing was changed."""

    def __init__(self, storage: ConsoleStorage, notes: AccessNotes, clock: Clock, *, dev: bool) -> None:
        self._storage = storage
        self._acts = PeopleActs(storage, notes, clock)
        self._clock = clock
        self._dev = dev

    async def of(self, account: str) -> tuple[SsoProvider | None, Sequence[SsoPerson]]:
        """The account's provider, and everybody who came from one."""
        return await self._storage.run(lambda db: (provider_of(db, account), people_of(db, account)))

    async def set(self, session: Session, issuer: str, client_id: str, accepted: Sequence[str]) -> None:
        """From now on members may come from that provider, where it says one of `accepted` of how they signed in."""
        try:
            check_address(issuer, dev=self._dev)
        except ValueError as error:
            raise RefusedError(f"The issuer: {error}.", status=400) from None
        if not 1 <= len(client_id) <= CLIENT_MAX or not client_id.isprintable():
            raise RefusedError(f"A client id has 1 to {CLIENT_MAX} characters.", status=400)
        if not accepted or not set(accepted) <= set(STRONG):
            raise RefusedError(f"Choose from {', '.join(STRONG)}: other ways can be phished.", status=400)
        provider = SsoProvider(
            account=session.account,
            issuer=issuer,
            client_id=client_id,
            accepted=tuple(each for each in STRONG if each in accepted),
            set_ms=self._clock.now_ms(),
        )

        def work(db: sqlite3.Connection) -> None:
            keep_provider(db, provider)
            _end_their_sessions(db, session.account)

        await self._act(session, "set_sso", (f"issuer:{issuer}", *provider.accepted), lambda _: None, work)

    async def unset(self, session: Session) -> None:
        """Nobody comes that way any more; who came so is signed out."""

        def work(db: sqlite3.Connection) -> None:
            forget_provider(db, session.account)
            _end_their_sessions(db, session.account)

        await self._act(session, "unset_sso", (), lambda _: None, work)

    async def let_in(self, session: Session, person: str) -> None:
        """Somebody who waits becomes a member: a reader, who reads nothing without a secret of the account."""
        now_ms = self._clock.now_ms()
        member = Member(
            id=new_sid(MEMBER, now_ms),
            account=session.account,
            handle=secrets.token_bytes(HANDLE_BYTES),
            let_in_by=SSO,
            made_ms=now_ms,
        )

        def find(db: sqlite3.Connection) -> SsoPerson:
            found = _find(db, session.account, person)
            if found.member:
                raise RefusedError("They are let in already.")
            return found

        def work(db: sqlite3.Connection) -> None:
            keep_person(db, msgspec.structs.replace(find(db), member=member.id))
            keep_member(db, member)

        await self._act(session, "let_in", (f"sso:{person}", f"member:{member.id}"), find, work)

    async def forget(self, session: Session, person: str) -> None:
        """They come that way no more; who has no passkey here is no member any more."""

        def work(db: sqlite3.Connection) -> None:
            found = _find(db, session.account, person)
            forget_person(db, session.account, person)
            db.execute("DELETE FROM session WHERE kind = 'member' AND person = ? AND verified_ms = 0", (found.member,))
            end_without_passkey(db, found.member, self._clock.now_ms())

        await self._act(session, "forget_sso", (f"sso:{person}",), lambda db: _find(db, session.account, person), work)

    async def _act(
        self,
        session: Session,
        verb: str,
        scope: Sequence[str],
        find: Callable[[sqlite3.Connection], object],
        work: Callable[[sqlite3.Connection], None],
    ) -> None:
        def demand(db: sqlite3.Connection) -> None:
            demanded(db, session, Role.OWNER)
            find(db)

        await self._acts.do(session, verb, scope, find=demand, work=work)


def _find(db: sqlite3.Connection, account: str, person: str) -> SsoPerson:
    for each in people_of(db, account):
        if each.id == person:
            return each
    raise RefusedError("There is nobody by that name.", status=404)


def _end_their_sessions(db: sqlite3.Connection, account: str) -> None:
    """Of those who came through a provider, and have shown no passkey since."""
    db.execute("DELETE FROM session WHERE kind = 'member' AND account = ? AND verified_ms = 0", (account,))
