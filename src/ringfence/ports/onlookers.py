"""What a person who watches an installation is shown as it happens: never a body, a number, a URL or a secret."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class ApiCall(msgspec.Struct, frozen=True, kw_only=True, tag="api"):
    """One answered request to the API. `route` is product, method and path with placeholders; `code` is Twilio's."""

    at_ms: int
    route: str
    http_status: int
    duration_ms: float
    request_id: str
    code: int | None = None


class WebhookCall(msgspec.Struct, frozen=True, kw_only=True, tag="webhook"):
    """One attempt of a webhook, or its end without one. `state` is done, dead, or pending where it is tried again.

    `message_sid` is that of the text or call. What a call asks for a document has `event_id` 0: it is no event.
    """

    at_ms: int
    account: str
    message_sid: str
    event_id: int
    kind: str
    attempt: int
    state: str
    http_status: int | None
    duration_ms: int
    code: int | None = None


Happening = ApiCall | WebhookCall


class Onlookers(Protocol):
    """Whoever watches."""

    @property
    def present(self) -> bool:
        """False while nobody watches: then there is no need to tell, nor to make what would be told."""

    def tell(self, happening: Happening) -> None:
        """Never blocks, never raises; those who are slow miss some."""


class Detours(Protocol):
    """Where a developer has webhooks sent meanwhile, in place of where they are configured to go."""

    def of(self, number: str) -> str | None:
        """The URL that texts or calls to this number of a tenant are told to; None for the usual one."""


class NoOnlookers:
    """Nobody watches."""

    present = False

    def tell(self, happening: Happening) -> None:
        """Nobody hears."""


class NoDetours:
    """Everything goes its way."""

    def of(self, number: str) -> None:
        """The usual one."""


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What has happened since the last look. `feed` names the process's life, `last` the latest that was seen in it.

    `missed` counts what was told meanwhile and is no longer kept.
    """

    feed: str
    last: int
    missed: int
    happenings: Sequence[Happening]
