"""What must be known before a call may begin, or go on: what an account's calls cost, how many there are, and where to.

Part of the store. Amounts are micros of the rate table's currency.
"""

from typing import Literal, Protocol

import msgspec

# Which of an account's bounds holds a call back: how many there are, or what they cost; "" for none.
Held = Literal["", "live", "micros"]


class Burden(msgspec.Struct, frozen=True, kw_only=True):
    """An account's calls at a moment: what those that ended lately cost, and those under way so far; and how many.

    Under way are calls that ring, that are answered, and queued ones that were let out. Each counts the minutes it has
    begun; one that nobody answered yet counts its first. `queued_micros` is the part of `running_micros` of those that
    ring nowhere yet.
    """

    settled_micros: int
    running_micros: int
    queued_micros: int
    live: int

    @property
    def micros(self) -> int:
        return self.settled_micros + self.running_micros


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    """What calls under way may be at most: so many, and of a cost that is no more than `micros`; None for any."""

    live: int
    micros: int | None


class BrakeStore(Protocol):
    """What brakes look at, and what an account sets for itself."""

    async def burden(self, account: str, from_ms: int, now_ms: int) -> Burden:
        """What ended at `from_ms` or later, by the minute, and what is under way, as it will be at `now_ms`."""

    async def tenant_burden(self, tenant: str, from_ms: int, now_ms: int) -> Burden:
        """The same of a top-level account and all its subaccounts together."""

    async def let_out(
        self,
        account: str,
        sid: str,
        from_ms: int,
        now_ms: int,
        *,
        own: Bound | None,
        tenant: str = "",
        whole: Bound | None = None,
    ) -> Held:
        """Let a call that waits go out where with it the account stays within `own`, and its tenant within `whole`.

        It counts as under way from then on. Of calls that ask at once, of whichever process, just as many go out as
        may; those that are held back, or did not ask yet, count for none. Nothing holds a call that waits no longer,
        or was let out before.
        """

    async def queued_calls(self, account: str) -> int:
        """How many calls wait for a voice process."""

    async def costly_accounts(self, owner: str) -> list[str]:
        """The accounts for which `owner` runs calls that cost something, by sid."""

    async def new_destinations(self, account: str, region: str, from_ms: int) -> int:
        """How many regions the account first called since `from_ms`, before it did `region`.

        0 for a region that it called before then, or never. A call counts from when it is made.
        """

    async def first_called(self, account: str, from_ms: int) -> int:
        """How many regions the account first called since `from_ms`."""

    async def voice_settings(self, account: str) -> str | None:
        """A `domain.dialing.permissions.VoiceSettings` as JSON; None where nothing was ever set."""

    async def put_voice_settings(self, account: str, settings: str, *, was: str | None) -> bool:
        """Replace them where they still are `was`; False otherwise."""
