"""What Verify keeps by name and changes seldom: services, their rate limits and buckets, webhooks, safe numbers.

Source: Twilio, Verify v2: "Services", "Service Rate Limits", "Buckets", "Webhooks", "Messaging Configurations".
"""

from typing import Literal, Protocol

import msgspec

VerifyKind = Literal[
    "service", "rate_limit", "bucket", "messaging_configuration", "webhook", "safe_number", "push_credential"
]

MAX_SERVICES = 1_000


class VerifyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A thing of Verify's configuration, at rest.

    `parent` is the sid of the service it belongs to (of the rate limit, for a bucket), "" for a service and a safe
    number. `name` tells it from its siblings of the same kind where it is not "": a rate limit's unique name, a
    configuration's country. `settings` is JSON that every process may read; `standing` is sealed, b"" where there is
    nothing to seal.
    """

    account: str
    kind: VerifyKind
    parent: str = ""
    sid: str
    name: str = ""
    settings: str = "{}"
    standing: bytes = b""
    created_ms: int
    updated_ms: int

    def __repr__(self) -> str:
        return f"VerifyRow({self.kind}, {self.sid})"


class VerifyNameTakenError(Exception):
    """A sibling of the same kind has this name already: nothing was written."""


class VerifyFullError(Exception):
    """There are as many as there may be: nothing was written."""


class VerifyConfigStore(Protocol):
    """Verify's configuration, of accounts."""

    async def create_verify(self, row: VerifyRow, limit: int) -> bool:
        """Write a new row. False where its parent is not there.

        SidTakenError, VerifyNameTakenError; VerifyFullError where the parent (or account) holds `limit` of its kind.
        """

    async def verify_row(self, account: str, kind: VerifyKind, sid: str, *, parent: str = "") -> VerifyRow | None: ...

    async def verify_named(self, account: str, kind: VerifyKind, name: str, *, parent: str = "") -> VerifyRow | None:
        """The one of this name."""

    async def verify_rows(
        self, account: str, kind: VerifyKind, *, parent: str = "", before: str | None = None, limit: int = 50
    ) -> list[VerifyRow]:
        """Newest first."""

    async def update_verify(self, row: VerifyRow) -> bool:
        """Replace name, settings, standing and updated_ms; False when it is gone. VerifyNameTakenError."""

    async def delete_verify(self, account: str, kind: VerifyKind, sid: str, *, parent: str = "") -> bool:
        """What belongs to it goes with it, and what belongs to that."""
