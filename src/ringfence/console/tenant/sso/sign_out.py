"""Signing out where members come by a provider: here first and there after, or there first and here by its word.

Source: OpenID Connect RP-Initiated Logout 1.0; OpenID Connect Back-Channel Logout 1.0.
"""

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode

import structlog

from ringfence.console.sessions import Session, Sessions, session_by
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.sso.heard_tokens import HeardTokens
from ringfence.console.tenant.sso.id_tokens import KeptIdTokens
from ringfence.console.tenant.sso.logout_token import Leaves, leaves_by
from ringfence.console.tenant.sso.provider import ProviderFailedError, Providers
from ringfence.console.tenant.sso.rows import (
    SsoSession,
    accounts_of_provider,
    sso_session_of,
    sso_sessions_of,
)
from ringfence.console.tenant.sso.signed_token import SKEW_S, NoJoseError, TokenRefusedError, addressed, key_of
from ringfence.domain.clock import Clock
from ringfence.ports.access_notes import AccessNotes

SIGN_IN: Final = "/sign-in"

_log = structlog.get_logger(__name__)


class SsoSignOut:
    """`providers` is None where nothing may be asked outside: then nobody came that way."""

    def __init__(
        self,
        storage: ConsoleStorage,
        sessions: Sessions,
        providers: Providers | None,
        notes: AccessNotes,
        clock: Clock,
        id_tokens: KeptIdTokens,
        origin: str,
    ) -> None:
        self._storage = storage
        self._sessions = sessions
        self._providers = providers
        self._notes = notes
        self._clock = clock
        self._id_tokens = id_tokens
        self._heard = HeardTokens(clock)
        self._after = f"{origin}{SIGN_IN}"

    async def leaving(self, session: Session) -> Callable[[], Awaitable[dict[str, Any]]]:
        """Asked before the session ends. What it answers is asked after: `address` is where the browser goes then."""
        came = await self._storage.run(lambda db: sso_session_of(db, session.id))
        token = self._id_tokens.take(session.id)

        async def left() -> dict[str, Any]:
            return {} if came is None else {"address": await self._address(came, token)}

        return left

    async def by_provider(self, token: str) -> None:
        """End the sessions that a logout token is about. TokenRefusedError, ProviderFailedError: nothing was ended.

        Of a person or of one session of theirs; one made after the token stays. Each is in the ledger before it ends:
        after a ConnectionError what was not ended is open, and ends when the token is sent again, which ends nothing
        that was made since.
        """
        providers = self._providers
        if providers is None:
            raise TokenRefusedError("provider")
        try:
            issuer, audience = addressed(token)
        except NoJoseError:
            raise TokenRefusedError("provider") from None
        found = await self._storage.run(lambda db: accounts_of_provider(db, issuer, audience))
        if not found:
            raise TokenRefusedError("provider")
        account, client_id = found[0]
        leaves = leaves_by(
            token,
            await providers.keys(issuer, account, key_of(token)),
            issuer=issuer,
            client_id=client_id,
            now_s=self._clock.now_ms() // 1_000,
        )
        # The provider's clock may be behind ours.
        until_ms = min((leaves.at_s + SKEW_S) * 1_000, self._heard.first_ms(issuer, client_id, leaves))
        for each in await self._storage.run(lambda db: _left_by(db, leaves, issuer, client_id, until_ms)):
            await self._notes.note(each.account, each.actor, "sso_sign_out", (each.scope,))
            await self._sessions.end("member", each.id)
            self._id_tokens.take(each.id)

    async def _address(self, came: SsoSession, token: str) -> str:
        """The provider's page to sign out at, which leads back here; "" where it has none, or does not answer."""
        if self._providers is None:
            return ""
        try:
            metadata = await self._providers.metadata(came.issuer, came.account)
        except ProviderFailedError as error:
            _log.warning("console.sso_provider", cause=str(error))
            return ""
        if not metadata.end_session_endpoint:
            return ""
        asked = {"client_id": came.client_id, "post_logout_redirect_uri": self._after, "id_token_hint": token}
        joined = "&" if "?" in metadata.end_session_endpoint else "?"
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{metadata.end_session_endpoint}{joined}{query}"


def _left_by(db: sqlite3.Connection, leaves: Leaves, issuer: str, client_id: str, made_until_ms: int) -> list[Session]:
    return [
        session
        for came in sso_sessions_of(db, issuer, client_id)
        if _is_about(leaves, came)
        and (session := session_by(db, came.session)) is not None
        and session.made_ms <= made_until_ms
    ]


def _is_about(leaves: Leaves, came: SsoSession) -> bool:
    if leaves.subject and leaves.subject != came.subject:
        return False
    # One whose name the provider never told may be the one that is meant: it ends with its person's.
    return not leaves.sid or leaves.sid == came.sid or (not came.sid and leaves.subject == came.subject)
