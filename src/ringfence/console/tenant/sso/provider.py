"""An OpenID provider as we ask it: what it says of itself, its keys, and the token for a code.

All of it through the egress guard. What it says of itself is kept for ten minutes; an unknown key has its keys asked
for anew, once a minute at most. Source: OpenID Connect Discovery 1.0; RFC 6749; RFC 7636.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from ringfence.domain.clock import Clock
from ringfence.ports.http import HttpClient, HttpFailedError, HttpRequest

KEPT_MS: Final = 10 * 60_000
ASKED_AGAIN_MS: Final = 60_000
# Strangers begin sign-ins: one that does not answer is not asked by each of them.
FAILED_MS: Final = 10_000
TOTAL_MS: Final = 8_000
BODY_MAX_BYTES: Final = 256 << 10
PROVIDERS_MAX: Final = 1_000
URL_MAX: Final = 500

T = TypeVar("T")


class ProviderFailedError(Exception):
    """It did not answer, or not what a provider answers. The reason is for logs."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed of its discovery document."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    authorization_response_iss_parameter_supported: bool = False


class _Keys(msgspec.Struct, frozen=True):
    keys: list[dict[str, Any]]


class _Token(msgspec.Struct, frozen=True):
    id_token: str

    def __repr__(self) -> str:
        return "_Token(…)"


class _Known(msgspec.Struct, kw_only=True):
    metadata: Metadata
    metadata_ms: int
    keys: Sequence[Mapping[str, Any]] = ()
    keys_ms: int | None = None
    keys_failed: bool = False


def check_address(url: str, *, dev: bool) -> str:
    """An address of a provider, without a slash at its end: https, and in dev http on this machine. ValueError."""
    parts = urlsplit(url)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost") or (parts.hostname or "").endswith(".localhost")
    if not (parts.scheme == "https" or (dev and local and parts.scheme == "http")) or not parts.hostname:
        raise ValueError("an address of a provider begins with https://")
    if len(url) > URL_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("that is no address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ValueError("an address of a provider names nobody, and no fragment")
    return url


class Providers:
    """ProviderFailedError. `dev` lets a provider on this machine be asked without TLS."""

    def __init__(self, http: HttpClient, clock: Clock, *, dev: bool) -> None:
        self._http = http
        self._clock = clock
        self._dev = dev
        self._known: dict[str, _Known] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._failed: dict[str, int] = {}

    async def metadata(self, issuer: str, owner: str) -> Metadata:
        """What it says of itself; its issuer is the one that was asked, to the letter."""
        return (await self._of(issuer, owner)).metadata

    async def keys(self, issuer: str, owner: str, kid: str) -> Sequence[Mapping[str, Any]]:
        """Its keys, asked for anew where that one is not among them."""
        known = await self._of(issuer, owner)
        # Whoever comes meanwhile waits: what is not there yet is not missing.
        async with self._asking[issuer]:
            now_ms = self._clock.now_ms()
            if any(key.get("kid") == kid for key in known.keys):
                return known.keys
            if known.keys_ms is None or now_ms - known.keys_ms > ASKED_AGAIN_MS:
                known.keys_ms, known.keys_failed = now_ms, True
                known.keys = (await self._ask(known.metadata.jwks_uri, owner, _Keys)).keys
                known.keys_failed = False
            if known.keys_failed:
                raise ProviderFailedError("it failed just now")
            return known.keys

    async def id_token(
        self, metadata: Metadata, owner: str, *, code: str, client_id: str, redirect_uri: str, verifier: str
    ) -> str:
        """What it gives for a code; the verifier shows that it was we who asked."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        return (await self._ask(metadata.token_endpoint, owner, _Token, urlencode(form).encode())).id_token

    async def _of(self, issuer: str, owner: str) -> _Known:
        async with self._asking.setdefault(issuer, asyncio.Lock()):
            known, now_ms = self._known.get(issuer), self._clock.now_ms()
            if known is not None and now_ms - known.metadata_ms <= KEPT_MS:
                return known
            if now_ms - self._failed.get(issuer, now_ms - FAILED_MS) < FAILED_MS:
                raise ProviderFailedError("it failed just now")
            try:
                found = await self._discovered(issuer, owner)
            except ProviderFailedError:
                self._failed[issuer] = now_ms
                raise
            if len(self._known) >= PROVIDERS_MAX:
                self._known.clear()
            self._known[issuer] = _Known(metadata=found, metadata_ms=now_ms)
            return self._known[issuer]

    async def _discovered(self, issuer: str, owner: str) -> Metadata:
        found = await self._ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration", owner, Metadata)
        if found.issuer != issuer:
            raise ProviderFailedError("issuer")
        try:
            for url in (found.authorization_endpoint, found.token_endpoint, found.jwks_uri):
                check_address(url, dev=self._dev)
            if found.end_session_endpoint:
                check_address(found.end_session_endpoint, dev=self._dev)
        except ValueError:
            raise ProviderFailedError("endpoint") from None
        return found

    async def _ask(self, url: str, owner: str, shape: type[T], form: bytes | None = None) -> T:
        headers = [("Accept", "application/json")]
        if form is not None:
            headers.append(("Content-Type", "application/x-www-form-urlencoded"))
        request = HttpRequest(
            method="GET" if form is None else "POST",
            url=url,
            headers=tuple(headers),
            body=form or b"",
            total_ms=TOTAL_MS,
            max_body_bytes=BODY_MAX_BYTES,
            owner=owner,
        )
        try:
            answer = await self._http.send(request)
        except HttpFailedError as error:
            raise ProviderFailedError(f"http {error.code}") from None
        if answer.status != 200:
            raise ProviderFailedError(f"status {answer.status}")
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ProviderFailedError("form") from None
