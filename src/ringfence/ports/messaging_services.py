"""The store's intentions about Messaging Services: their settings, their pools of numbers, and who was texted by which.

Source: Twilio, "Service resource" and "PhoneNumber subresource" of Messaging v1.
"""

from typing import Protocol

import msgspec


class ServiceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A Messaging Service. What a text's way depends on is clear; `standing` is the rest, sealed (webhooks above all).

    `has_status_callback` tells that there is one in `standing`.
    """

    account: str
    sid: str
    friendly_name: str
    sticky_sender: bool = True
    smart_encoding: bool = True
    area_code_geomatch: bool = True
    validity_period_s: int = 36_000
    use_inbound_webhook_on_number: bool = False
    has_status_callback: bool = False
    standing: bytes
    created_ms: int
    updated_ms: int


class PoolRow(msgspec.Struct, frozen=True, kw_only=True):
    """A number in a service's pool; `sid` is the number's, `created_ms` when it was added."""

    account: str
    service_sid: str
    sid: str
    number: str
    region: str
    capabilities: frozenset[str]
    created_ms: int


class PooledError(Exception):
    """The number is in a pool already: nothing was written. `service_sid` says in whose."""

    def __init__(self, service_sid: str) -> None:
        super().__init__("the number is in a pool already")
        self.service_sid = service_sid


class PoolFullError(Exception):
    """The pool holds as many numbers as it may: nothing was written."""


class ServiceStore(Protocol):
    """Messaging Services of accounts."""

    async def create_service(self, row: ServiceRow) -> None:
        """SidTakenError if the account has that sid."""

    async def service(self, account: str, sid: str) -> ServiceRow | None: ...

    async def services(self, account: str, *, before: str | None = None, limit: int = 50) -> list[ServiceRow]:
        """Newest first."""

    async def update_service(self, row: ServiceRow) -> bool:
        """Replace all but account, sid and created_ms; False when it is not there (any more)."""

    async def delete_service(self, account: str, sid: str) -> bool:
        """Its pool and its memory of senders go with it; its numbers and texts stay."""

    async def add_to_pool(self, account: str, service: str, number_sid: str, at_ms: int, limit: int) -> bool:
        """False when the account has no such service or number. A number is in one pool at most.

        PooledError where it is in one; PoolFullError where the pool holds `limit` numbers.
        """

    async def remove_from_pool(self, account: str, service: str, number_sid: str) -> bool:
        """Forgets, too, whom the service texted from it. A number that is released leaves its pool likewise."""

    async def pool(self, account: str, service: str, *, before: str | None = None, limit: int = 50) -> list[PoolRow]:
        """Last added first; `before` is a number's sid."""

    async def pooled(self, account: str, service: str, number_sid: str) -> PoolRow | None: ...

    async def service_of(self, account: str, number_sid: str) -> ServiceRow | None:
        """The service in whose pool the number is."""

    async def sticky_sender(self, account: str, service: str, recipient: bytes) -> PoolRow | None:
        """From which number of its pool the service texted `recipient` (a blind index)."""

    async def stick(self, account: str, service: str, recipient: bytes, number_sid: str, at_ms: int) -> str:
        """Remember that, unless another was remembered before; the sid of the number that is remembered now."""
