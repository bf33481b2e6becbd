"""A tenants' console as a drill of sign-ins sees it: members come through their organisation's provider.

Ours is the console itself, for an account with one member whom an owner let in. The control build has one of 2022.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from ringfence.console.sign_in_routes import OPEN as SIGN_IN
from ringfence.console.tenant.member_rows import Member, keep_member
from ringfence.console.tenant.sso.logout_app import SIGNED_OUT
from ringfence.console.tenant.sso.routes import OPEN
from ringfence.console.tenant.sso.rows import SsoPerson, SsoProvider, keep_person, keep_provider
from ringfence.domain.sid import new_sid
from ringfence.drills.door_trying import Door
from ringfence.drills.openid_provider import OpenIdProvider
from ringfence.drills.staff_desk import OurDesk
from ringfence.ports.http import HttpRequest, HttpResponse
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.roles.run_dir import make_private

ACCOUNT: Final = "AC" + "a" * 32
ISSUER, OTHERS = "http://idp.localhost:9000", "http://evil.localhost:9001"
CLIENT: Final = "ringfence-console"
PERSON: Final = "ada"
ACCEPTED: Final = ("phr", "hwk")
BEGIN, FINISH = "/sso/begin", "/sso/finish"


class MemberDoor(Door, Protocol):
    """A console that takes `PERSON` of `provider` as a member; `others` is a provider of the attacker's own.

    To begin, and to finish, is the same request at both builds: `BEGIN` and `FINISH`.
    """

    provider: OpenIdProvider
    others: OpenIdProvider

    @property
    def open_paths(self) -> Sequence[str]:
        """What is asked without a session there."""


class Internet:
    """Where both providers are."""

    def __init__(self, *providers: OpenIdProvider) -> None:
        self._by_host = {urlsplit(each.issuer).netloc: each for each in providers}

    async def send(self, request: HttpRequest) -> HttpResponse:
        return await self._by_host[urlsplit(request.url).netloc].send(request)


class OurMemberDoor(OurDesk):
    """`MemberDoor` over the console of this package."""

    inside = "/keys"
    open_paths = (*sorted({path for _, path in (*OPEN, *SIGN_IN)}), SIGNED_OUT, "/enrol", "/enrol/options")

    def __init__(self, folder: Path) -> None:
        self.provider, self.others = (OpenIdProvider(each, lambda: self.clock.now_ms()) for each in (ISSUER, OTHERS))
        super().__init__(folder, 8421, Internet(self.provider, self.others))
        self.origin = self._dependencies.origins.tenant

    async def open(self) -> None:
        await super().open()
        now_ms = self.clock.now_ms()
        account = AccountRow(sid=ACCOUNT, tenant=ACCOUNT, friendly_name="Acme", created_ms=now_ms, updated_ms=now_ms)
        await self._view.create_account(account, _credential(ACCOUNT, "auth_token", "", now_ms))
        # A member sees on `inside` what the account's keys are called.
        await self._view.put_credential(_credential("SK" + "1" * 32, "api_key", self.canary, now_ms))
        member = Member(id=new_sid("MB"), account=ACCOUNT, handle=b"1" * 32, let_in_by="sso", made_ms=now_ms)
        person = SsoPerson(
            account=ACCOUNT,
            issuer=ISSUER,
            subject=PERSON,
            id=new_sid("SP"),
            shown=PERSON,
            member=member.id,
            asked_ms=now_ms,
        )
        provider = SsoProvider(account=ACCOUNT, issuer=ISSUER, client_id=CLIENT, accepted=ACCEPTED, set_ms=now_ms)
        await self._storage.run(lambda db: keep_provider(db, provider))
        await self._storage.run(lambda db: keep_member(db, member))
        await self._storage.run(lambda db: keep_person(db, person))


@contextlib.asynccontextmanager
async def our_member_door(folder: Path) -> AsyncIterator[MemberDoor]:
    """`OurMemberDoor` in a folder."""
    make_private(folder)
    door = OurMemberDoor(folder)
    await door.open()
    try:
        yield door
    finally:
        await door.close()


def _credential(sid: str, kind: str, name: str, now_ms: int) -> CredentialRow:
    return CredentialRow(
        account=ACCOUNT,
        sid=sid,
        kind=kind,
        verifier=b"",
        hmac_states=b"",
        friendly_name=name,
        created_ms=now_ms,
        updated_ms=now_ms,
    )
