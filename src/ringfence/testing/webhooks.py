"""The webhooks of a test, as they were sent and answered."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import overload

import msgspec


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a tenant's program, and its answer.

    `signed` tells whether its X-Twilio-Signature is right for this URL and form. `status` is None where no answer
    came; `error` says why then, or what the app raised.
    """

    at: datetime
    method: str
    url: str
    form: dict[str, str]
    signed: bool
    status: int | None
    answer: str
    error: str | None = None

    def __repr__(self) -> str:
        return f"Webhook({self.method} {self.url.partition('?')[0]}, {self.status}, signed={self.signed})"


class Webhooks(Sequence[Webhook]):
    """All webhooks so far, oldest first. Looking lets everything that is due happen first."""

    def __init__(self, settle: Callable[[], None]) -> None:
        self._settle = settle
        self._seen: list[Webhook] = []

    @property
    def all_signed(self) -> bool:
        """True when there was a webhook and each had a right signature."""
        self._settle()
        return bool(self._seen) and all(webhook.signed for webhook in self._seen)

    def to(self, path: str) -> list[Webhook]:
        """Those whose URL has this path, or is this URL."""
        return [webhook for webhook in self if path in (webhook.url, _path(webhook.url))]

    def add(self, webhook: Webhook) -> None:
        """Keep one more."""
        self._seen.append(webhook)

    @overload
    def __getitem__(self, index: int) -> Webhook: ...

    @overload
    def __getitem__(self, index: slice) -> list[Webhook]: ...

    def __getitem__(self, index: int | slice) -> Webhook | list[Webhook]:
        self._settle()
        return self._seen[index]

    def __len__(self) -> int:
        self._settle()
        return len(self._seen)

    def __iter__(self) -> Iterator[Webhook]:
        self._settle()
        return iter(list(self._seen))

    def __repr__(self) -> str:
        return f"Webhooks({self._seen!r})"


def _path(url: str) -> str:
    without_scheme = url.partition("://")[2].partition("?")[0]
    return "/" + without_scheme.partition("/")[2]
