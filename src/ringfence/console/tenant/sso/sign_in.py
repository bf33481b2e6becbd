"""A sign-in through an account's provider: begun by a browser, finished by that browser with what the provider gave it.

It makes a session where the provider says that the person used a key that resists phishing, and an owner has let that
person in. Such a session reads nothing by itself, and counts as one whose passkey was never shown. Nothing is kept of
what is begun: it is in its name, under a MAC of this process, from which nonce and verifier are made too.
"""

import hashlib
import hmac
import secrets
import sqlite3
from typing import Final
from urllib.parse import urlencode

import msgspec
import structlog

from ringfence.console.refusals import RefusedError
from ringfence.console.request_signature import PublicJwk, check_key
from ringfence.console.sessions import Session, Sessions
from ringfence.console.standstill import Standstill
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import member_of
from ringfence.console.tenant.sso.id_token import Expected, Subject, subject_of
from ringfence.console.tenant.sso.id_tokens import KeptIdTokens
from ringfence.console.tenant.sso.provider import ProviderFailedError, Providers
from ringfence.console.tenant.sso.rows import (
    SsoPerson,
    SsoProvider,
    SsoSession,
    keep_person,
    keep_sso_session,
    people_of,
    person_of,
    provider_of,
)
from ringfence.console.tenant.sso.signed_token import NoJoseError, TokenRefusedError, from_jose, key_of
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.clock import Clock
from ringfence.domain.sid import is_sid, new_sid
from ringfence.ports.access_notes import AccessNotes

CALLBACK: Final = "/sso/callback"
LIFE_MS: Final = 10 * 60_000
STATE_MAX: Final = 2_000
CODE_MAX: Final = 4_000
USED_MAX: Final = 100_000
WAITING_MAX: Final = 50
PERSON: Final = "SP"

_NONE: Final = "There is no sign-in through an organisation for that account."
_TOO_LATE: Final = "This took too long, or was begun in another browser: begin again."
_REFUSED: Final = "Your organisation's sign-in was not taken: begin again, or use your passkey."
_WEAK: Final = (
    "Your organisation does not say that you used a security key or a passkey: sign in with your passkey here."
)
_WAIT: Final = "You are known now: an owner of the account lets you in, under Members."
_FULL: Final = "Too many wait to be let in: ask an owner of the account."

_log = structlog.get_logger(__name__)


class _Begun(msgspec.Struct, frozen=True, array_like=True):
    account: str
    issuer: str
    client_id: str
    until_ms: int
    browser_sha256: bytes
    key: PublicJwk
    salt: bytes


class SsoSignIn:
    """RefusedError says why not. `providers` is None where nothing may be asked outside: then nobody comes this way."""

    def __init__(
        self,
        storage: ConsoleStorage,
        sessions: Sessions,
        providers: Providers | None,
        notes: AccessNotes,
        clock: Clock,
        standstill: Standstill,
        id_tokens: KeptIdTokens,
        origin: str,
    ) -> None:
        self._storage = storage
        self._sessions = sessions
        self._providers = providers
        self._notes = notes
        self._clock = clock
        self._standstill = standstill
        self._id_tokens = id_tokens
        self._redirect_uri = f"{origin}{CALLBACK}"
        self._mac_key = secrets.token_bytes(32)
        self._used: dict[bytes, int] = {}

    async def begin(self, account: str, key: PublicJwk) -> tuple[str, str]:
        """Where the browser goes, and a secret that it keeps until it comes back, in a cookie."""
        providers = self._ready()
        try:
            check_key(key)
        except ValueError:
            raise RefusedError("no session's key", status=400) from None
        provider = await self._provider(account)
        browser = secrets.token_urlsafe(32)
        begun = _Begun(
            *(account, provider.issuer, provider.client_id, self._clock.now_ms() + LIFE_MS),
            *(_hash(browser), key, secrets.token_bytes(16)),
        )
        said = msgspec.json.encode(begun)
        state = f"{encode_base64url(said)}.{self._derived('state', said)}"
        try:
            metadata = await providers.metadata(provider.issuer, account)
        except ProviderFailedError as error:
            _log.warning("console.sso_provider", cause=str(error))
            raise RefusedError("Your organisation's sign-in does not answer.", status=503) from None
        verifier = self._derived("verifier", said)
        asked = {
            "response_type": "code",
            "scope": "openid email",
            "client_id": provider.client_id,
            "redirect_uri": self._redirect_uri,
            "state": state,
            "nonce": self._derived("nonce", said),
            "code_challenge": encode_base64url(hashlib.sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
            "acr_values": " ".join(each for each in provider.accepted if each.startswith("phr")),
        }
        joined = "&" if "?" in metadata.authorization_endpoint else "?"
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{metadata.authorization_endpoint}{joined}{query}", browser

    async def finish(self, state: str, code: str, issuer: str, browser: str) -> str:
        """A new session's cookie. `issuer` is what the provider put beside the code, "" for nothing (RFC 9207)."""
        providers = self._ready()
        begun, said = self._read(state, browser)
        account = begun.account
        provider = await self._provider(account)
        if (provider.issuer, provider.client_id) != (begun.issuer, begun.client_id) or not 1 <= len(code) <= CODE_MAX:
            raise RefusedError(_TOO_LATE, status=401)
        try:
            metadata = await providers.metadata(provider.issuer, account)
            if issuer != provider.issuer and (issuer or metadata.authorization_response_iss_parameter_supported):
                raise TokenRefusedError("iss beside the code")
            token = await providers.id_token(
                *(metadata, account),
                code=code,
                client_id=provider.client_id,
                redirect_uri=self._redirect_uri,
                verifier=self._derived("verifier", said),
            )
            subject = subject_of(
                token,
                await providers.keys(provider.issuer, account, key_of(token)),
                Expected(
                    issuer=provider.issuer,
                    client_id=provider.client_id,
                    nonce=self._derived("nonce", said),
                    accepted=provider.accepted,
                    now_s=self._clock.now_ms() // 1_000,
                ),
            )
        except (ProviderFailedError, TokenRefusedError) as error:
            _log.warning("console.sso_refused", cause=str(error))
            raise RefusedError(_WEAK if str(error) == "weak" else _REFUSED, status=401) from None
        if not self._mark_used(begun.salt, begun.until_ms):
            raise RefusedError(_TOO_LATE, status=401)
        await self._standstill.check_member(account)
        person = await self._known(provider, subject)
        session, cookie = await self._open(person, provider, subject, begun.key)
        self._id_tokens.keep(session.id, token)
        return cookie

    async def _open(
        self, person: SsoPerson, provider: SsoProvider, subject: Subject, key: PublicJwk
    ) -> tuple[Session, str]:
        made, cookie = self._sessions.new("member", person.member, person.account, key)
        # No passkey was shown to us: whatever asks for one asks for it.
        session = msgspec.structs.replace(made, verified_ms=0)
        await self._notes.note(person.account, session.actor, "sign_in", (session.scope, f"sso:{person.id}"))

        def check(db: sqlite3.Connection) -> None:
            now = person_of(db, person.account, person.issuer, person.subject)
            if now != person or member_of(db, person.account, person.member) is None:
                raise RefusedError(_REFUSED, status=401)

        came = SsoSession(
            session=session.id,
            account=person.account,
            issuer=provider.issuer,
            client_id=provider.client_id,
            subject=subject.subject,
            sid=subject.sid,
        )
        await self._sessions.keep(session, cookie, check, lambda db: keep_sso_session(db, came))
        return session, cookie

    async def _known(self, provider: SsoProvider, subject: Subject) -> SsoPerson:
        """Whom an owner has let in. RefusedError for others, who wait from then on."""

        def work(db: sqlite3.Connection) -> str | SsoPerson:
            found = person_of(db, provider.account, provider.issuer, subject.subject)
            if found is not None:
                return found if found.member else _WAIT
            if sum(not each.member for each in people_of(db, provider.account)) >= WAITING_MAX:
                return _FULL
            now_ms = self._clock.now_ms()
            waits = SsoPerson(
                account=provider.account,
                issuer=provider.issuer,
                subject=subject.subject,
                id=new_sid(PERSON, now_ms),
                shown=subject.shown,
                member="",
                asked_ms=now_ms,
            )
            keep_person(db, waits)
            return _WAIT

        found = await self._storage.run(work)
        if isinstance(found, str):
            raise RefusedError(found, status=403)
        return found

    async def _provider(self, account: str) -> SsoProvider:
        found = await self._storage.run(lambda db: provider_of(db, account)) if is_sid(account, "AC") else None
        if found is None:
            raise RefusedError(_NONE, status=404)
        return found

    def _ready(self) -> Providers:
        try:
            from_jose()
        except NoJoseError:
            raise RefusedError("Sign-in through an organisation needs ringfence[sso].", status=501) from None
        if self._providers is None:
            raise RefusedError(_NONE, status=404)
        return self._providers

    def _read(self, state: str, browser: str) -> tuple[_Begun, bytes]:
        try:
            said, _, mac = state.partition(".")
            begun = decode_base64url(said)
            if len(state) > STATE_MAX or not hmac.compare_digest(mac.encode(), self._derived("state", begun).encode()):
                raise ValueError
            read = msgspec.json.decode(begun, type=_Begun)
        except ValueError:
            raise RefusedError(_TOO_LATE, status=401) from None
        in_time = self._clock.now_ms() < read.until_ms
        if not in_time or not hmac.compare_digest(read.browser_sha256, _hash(browser)) or read.salt in self._used:
            raise RefusedError(_TOO_LATE, status=401)
        return read, begun

    def _mark_used(self, salt: bytes, until_ms: int) -> bool:
        now_ms = self._clock.now_ms()
        if len(self._used) >= USED_MAX:
            self._used = {each: until for each, until in self._used.items() if until > now_ms}
        if salt in self._used or len(self._used) >= USED_MAX:
            return False
        self._used[salt] = until_ms
        return True

    def _derived(self, what: str, said: bytes) -> str:
        return encode_base64url(hmac.digest(self._mac_key, what.encode() + b"\x00" + said, hashlib.sha256))


def _hash(browser: str) -> bytes:
    return hashlib.sha256(browser.encode()).digest()
