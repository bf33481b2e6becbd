"""What must be known before a call may begin, or go on: what an account's calls cost, how many there are, and where to.

Part of the store. Amounts are micros of the rate table's currency.
"""

from typing import Protocol

import msgspec


class Burden(msgspec.Struct, frozen=True, kw_only=True):
    """An account's calls at a moment: what those that ended lately cost, and those under way so far; and how many.

    Under way are calls that ring, that are answered, and queued ones that a voice process has taken. Each counts the
    minutes it has begun; one that nobody answered yet counts its first. `queued_micros` is the part of `running_micros`
    of those that ring nowhere yet, and that a brake may still hold.
    """

    settled_micros: int
    running_micros: int
    queued_micros: int
    live: int

    @property
    def micros(self) -> int:
        return self.settled_micros + self.running_micros


class BrakeStore(Protocol):
    """What brakes look at, and what an account sets for itself."""

    async def burden(self, account: str, from_ms: int, now_ms: int) -> Burden:
        """What ended at `from_ms` or later, by the minute, and what is under way, as it will be at `now_ms`."""

    async def tenant_burden(self, tenant: str, from_ms: int, now_ms: int) -> Burden:
        """The same of a top-level account and all its subaccounts together."""

    async def queued_calls(self, account: str) -> int:
        """How many calls wait for a voice process."""

    async def costly_accounts(self, owner: str) -> list[str]:
        """The accounts for which `owner` runs calls that cost something, by sid."""

    async def new_destinations(self, account: str, region: str, from_ms: int) -> int:
        """How many regions the account first called since `from_ms`, before it did `region`.

        0 for a region that it called before then, or never. A call counts from when it is made.
        """

    async def voice_settings(self, account: str) -> str | None:
        """A `domain.dialing.permissions.VoiceSettings` as JSON; None where nothing was ever set."""

    async def put_voice_settings(self, account: str, settings: str, *, was: str | None) -> bool:
        """Replace them where they still are `was`; False otherwise."""
