"""Who may come in over SIP: domains with what admits to them, and clients by token.

Source: Twilio, "SIP Domain resource", "SIP Credential List resource" and "SIP IP Access Control List resource".
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

REALM = "ringfence"
"""What every digest is made for: a password's hash holds it, so that it never changes."""


class SipDomain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain that phones and switches may call, as its door sees it.

    Where it is `by_network`, calls come from its `networks` (CIDR) alone; where it has `call_lists`, with a password of
    theirs; with both, both must agree; with neither, nobody comes in. `registration_lists` admit phones, where
    `registration` is on.
    """

    account: str
    sid: str
    secure: bool = False
    registration: bool = False
    by_network: bool = False
    networks: tuple[str, ...] = ()
    call_lists: tuple[str, ...] = ()
    registration_lists: tuple[str, ...] = ()


class SipAccess(Protocol):
    """What SIP's side asks about domains: no tenant is present then. OSError where it cannot be asked now."""

    async def domain(self, host: str) -> SipDomain | None:
        """The domain that this host part of an address means."""

    async def secrets(self, domain: SipDomain, lists: Sequence[str], username: str) -> list[Mapping[str, str]]:
        """For each of the lists that has this username: H(username:REALM:password) by algorithm (SHA-256, MD5)."""


class ClientLogin(msgspec.Struct, frozen=True, kw_only=True):
    """What an Access Token says: whose client it is, and the application that its calls run ("" without one)."""

    account: str
    identity: str
    application: str = ""
    expires_ms: int = 0
    incoming: bool = True

    def __repr__(self) -> str:
        return f"ClientLogin({self.account})"


class Authenticator(Protocol):
    """Reads Access Tokens."""

    async def client(self, token: str) -> ClientLogin | None:
        """Who shows this token; None where it is not good (any more)."""


SipKind = Literal["domain", "credential_list", "credential", "ip_list", "ip_address", "calls", "registrations"]
"""`calls` and `registrations` map a list to a domain: their sid is the list's, their parent the domain."""

MAX_DOMAINS = 100
MAX_LISTS = 100
MAX_IN_LIST = 1_000


class SipRow(msgspec.Struct, frozen=True, kw_only=True):
    """A domain, a list, what is in it, or a mapping, at rest.

    `parent` is the list's or the domain's sid, "" for these themselves. `name` is what it is found by: a domain's first
    label, a credential's username, an address's network in CIDR form, "" otherwise. `shown` is how the tenant wrote it.
    `standing` is sealed: a domain's webhooks, a credential's hashes, b"" otherwise.
    """

    account: str
    kind: SipKind
    parent: str = ""
    sid: str
    name: str = ""
    shown: str = ""
    friendly_name: str = ""
    secure: bool = False
    registration: bool = False
    emergency: bool = False
    standing: bytes = b""
    created_ms: int
    updated_ms: int

    def __repr__(self) -> str:
        return f"SipRow({self.kind}, {self.sid})"


class SipNameTakenError(Exception):
    """A domain of the installation, or a credential of the list, has this name already: nothing was written."""


class SipFullError(Exception):
    """There are as many as there may be: nothing was written."""


class SipAccessStore(Protocol):
    """SIP Domains, Credential Lists, IP Access Control Lists and their mappings, of accounts."""

    async def create_sip(self, row: SipRow, limit: int) -> bool:
        """Write a new row. False where its parent, or the list that is mapped, is not there.

        SidTakenError for a mapping that exists, SipNameTakenError; SipFullError where the parent (or the account) holds
        `limit` rows of this kind.
        """

    async def sip_row(self, account: str, kind: SipKind, sid: str, *, parent: str = "") -> SipRow | None: ...

    async def sip_rows(
        self,
        account: str,
        kind: SipKind,
        *,
        parent: str = "",
        prefix: str = "",
        before: str | None = None,
        limit: int = 50,
    ) -> list[SipRow]:
        """Newest first; `prefix` is what the sids begin with, which tells mappings of either list apart."""

    async def update_sip(self, row: SipRow) -> bool:
        """Replace all but account, kind, parent, sid and created_ms; False when it is gone. SipNameTakenError."""

    async def delete_sip(self, account: str, kind: SipKind, sid: str, *, parent: str = "") -> bool:
        """What is in a list, and a list's and a domain's mappings, go with it."""

    async def sip_domain(self, name: str) -> SipRow | None:
        """The domain of whichever account that has this first label."""

    async def sip_below(self, account: str, kind: SipKind, parents: Sequence[str]) -> list[SipRow]:
        """Everything of a kind in these lists or domains."""

    async def sip_credentials(self, account: str, lists: Sequence[str], username: str) -> list[SipRow]:
        """The credentials of this username in these lists."""
