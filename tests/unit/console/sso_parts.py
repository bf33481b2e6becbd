"""Coming and leaving through a provider without a browser: the parts of the console behind its routes."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.console.conftest import ORIGINS
from tests.unit.console.test_members import AC, account

from ringfence.console.passkey_book import KeptPasskey, keep_passkey
from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk
from ringfence.console.sessions import Session, Sessions
from ringfence.console.standstill import Standstill
from ringfence.console.tenant.member_rows import Member, keep_member
from ringfence.console.tenant.sso.id_tokens import KeptIdTokens
from ringfence.console.tenant.sso.people import SsoPeople
from ringfence.console.tenant.sso.provider import Providers
from ringfence.console.tenant.sso.rows import SsoProvider, keep_provider, people_of, sso_session_of
from ringfence.console.tenant.sso.sign_in import SsoSignIn
from ringfence.console.tenant.sso.sign_out import SsoSignOut
from ringfence.domain.access.role import Role
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.drills.openid_provider import OpenIdProvider
from ringfence.drills.staff_browser import SessionKey
from ringfence.kms.service import KeyService
from ringfence.ports.http import HttpRequest, HttpResponse

ISSUER, CLIENT = "http://idp.localhost:9000", "ringfence-console"
KEY = PublicJwk(**SessionKey().jwk)


async def nothing() -> None:
    return


class Meanwhile:
    """The ledger; `then` happens once it has written something."""

    def __init__(self, keys: KeyService) -> None:
        self._keys = keys
        self.then: Callable[[], Awaitable[Any]] = nothing

    async def note(self, account: str, actor: str, verb: str, scope: Sequence[str]) -> None:
        await self._keys.note(account, actor, verb, scope)
        await self.then()


class Parts:
    """Of a stand's console: an account whose members may come from a provider, and its owner's session."""

    def __init__(self, it: Any) -> None:
        self.it = it
        self.provider: OpenIdProvider = it.provider
        # For whom the provider was asked.
        self.asked_for: set[str] = set()
        it.provider.send = self._heard(it.provider.send)
        self.sessions = Sessions(it.storage, it.clock)
        self.id_tokens = KeptIdTokens(self.sessions)
        self.ledger = Meanwhile(it.keys)
        self.providers = Providers(it.provider, it.clock, dev=True)
        self.sign_in, self.sign_out = self.ways(self.providers)
        self.people = SsoPeople(it.storage, self.ledger, it.clock, dev=True)
        self.owner = self.session("MBowner")

    def _heard(self, send: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> Any:
        async def heard(request: HttpRequest) -> HttpResponse:
            self.asked_for.add(request.owner)
            return await send(request)

        return heard

    def ways(self, providers: Providers | None) -> tuple[SsoSignIn, SsoSignOut]:
        """In and out, by these."""
        it, sessions = self.it, self.sessions
        return (
            SsoSignIn(
                *(it.storage, sessions, providers, self.ledger, it.clock),
                *(Standstill(it.store), self.id_tokens, ORIGINS.tenant),
            ),
            SsoSignOut(it.storage, sessions, providers, self.ledger, it.clock, self.id_tokens, ORIGINS.tenant),
        )

    def session(self, person: str, account: str = AC, **changed: Any) -> Session:
        """Of a member, who has just shown a passkey; nobody keeps it."""
        session, _ = self.sessions.new("member", person, account, KEY)
        return Session(**{name: getattr(session, name) for name in Session.__struct_fields__} | changed)

    async def prepare(self, *accepted: str) -> "Parts":
        await account(self.it)
        await self.member("MBowner", role=Role.OWNER)
        await self.sessions.keep(self.owner, "owner's cookie")
        await self.name_provider(accepted or ("phr", "hwk"))
        return self

    async def member(self, id_: str, account: str = AC, **changed: Any) -> None:
        made = Member(id=id_, account=account, handle=id_.encode(), let_in_by="KL1", made_ms=1, **changed)
        await self.it.storage.run(lambda db: keep_member(db, made))

    async def passkey(self, person: str) -> None:
        """A member's, which shows nobody here."""
        made = Passkey(
            credential_id=person.encode(),
            public_key=b"",
            user_handle=b"",
            sign_count=0,
            backup_eligible=False,
            backed_up=False,
            aaguid="",
        )
        kept = KeptPasskey(passkey=made, kind="member", person=person, account=AC, made_ms=1, used_ms=1)
        await self.it.storage.run(lambda db: keep_passkey(db, kept))

    async def name_provider(
        self, accepted: Sequence[str] = ("hwk",), account: str = AC, issuer: str = ISSUER, client_id: str = CLIENT
    ) -> None:
        named = SsoProvider(account=account, issuer=issuer, client_id=client_id, accepted=tuple(accepted), set_ms=1)
        await self.it.storage.run(lambda db: keep_provider(db, named))

    async def begun(self, account: str = AC) -> tuple[dict[str, str], str]:
        """What the provider sends a browser back with, and that browser's cookie."""
        address, browser = await self.sign_in.begin(account, KEY)
        return self.provider.authorize(address), browser

    async def finish(self, came: dict[str, str], browser: str) -> str:
        return await self.sign_in.finish(came["state"], came["code"], came["iss"], browser)

    async def come(self, account: str = AC) -> str:
        """A session's cookie."""
        return await self.finish(*await self.begun(account))

    async def let_in(self, account: str = AC, owner: Session | None = None) -> str:
        """Who sits before the browser asks to be let in, and is; their ID among the organisation's people."""
        assert await refusal(self.come(account)) == (
            "You are known now: an owner of the account lets you in, under Members.",
            403,
        )
        (waits,) = [each for each in await self.people_of(account) if each.subject == self.provider.subject]
        await self.people.let_in(owner or self.owner, waits.id)
        return str(waits.id)

    async def people_of(self, account: str = AC) -> Sequence[Any]:
        return await self.it.storage.run(lambda db: people_of(db, account))

    async def came_in(self, account: str = AC) -> Session:
        """The session of who comes now."""
        before = await self.open()
        await self.come(account)
        (new,) = [each for each in await self.sessions.open_now("member") if each.id not in before]
        return new

    async def open(self) -> set[str]:
        """Sessions that are, by ID."""
        return {each.id for each in await self.sessions.open_now("member")}

    async def sso_session(self, session: str) -> Any:
        return await self.it.storage.run(lambda db: sso_session_of(db, session))


async def refusal(work: Any) -> tuple[str, int]:
    """What a person is told, and its status."""
    with pytest.raises(RefusedError) as refused:
        await work
    return refused.value.text, refused.value.status


def query_of(address: str) -> dict[str, str]:
    """What stands behind an address, each name once."""
    return {name: value for name, (value,) in parse_qs(urlsplit(address).query, strict_parsing=True).items()}
