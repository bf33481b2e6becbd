"""Applications at rest: what numbers and calls refer to for what they do."""

from typing import Protocol

import msgspec


class ApplicationRow(msgspec.Struct, frozen=True, kw_only=True):
    """An application; `standing` is its sealed `domain.standing.ApplicationConfig`."""

    account: str
    sid: str
    friendly_name: str
    standing: bytes
    created_ms: int
    updated_ms: int


class ApplicationStore(Protocol):
    """Applications of all accounts."""

    async def create_application(self, row: ApplicationRow) -> None:
        """SidTakenError if it is there."""

    async def application(self, account: str, sid: str) -> ApplicationRow | None: ...

    async def applications(
        self, account: str, *, friendly_name: str | None = None, before: str | None = None, limit: int = 50
    ) -> list[ApplicationRow]:
        """Newest first."""

    async def update_application(self, row: ApplicationRow) -> bool:
        """Replace its friendly_name, standing and updated_ms; False for one that is not there."""

    async def delete_application(self, account: str, sid: str) -> bool:
        """Numbers that refer to it do from then on what they would do without."""
