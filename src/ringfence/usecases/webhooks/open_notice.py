"""Notices to accounts: where they go, and with which fields. They hold no content, so nothing of them is sealed."""

from datetime import UTC, datetime

import msgspec

from ringfence.domain.standing import notice_address_record
from ringfence.ports.notices import NOTICE_PREFIX, NoticeRow
from ringfence.ports.outbox import EventRow
from ringfence.ports.store import Store
from ringfence.usecases.webhooks.event_batch import EventBatch
from ringfence.usecases.webhooks.opened_event import NO_TOKEN, NothingToTell, OpenedEvent
from ringfence.usecases.webhooks.standing_cache import StandingCache

Form = list[tuple[str, str]]


class OpenedNotice(OpenedEvent, frozen=True, kw_only=True):
    """A notice, which is told by POST. It has no record key: of its attempts no detail is kept."""

    form: Form


class NoticeOpener:
    """Opens them."""

    def __init__(self, store: Store, standing: StandingCache) -> None:
        self._store = store
        self._standing = standing

    async def open(self, event: EventRow, row: NoticeRow | None, batch: EventBatch) -> OpenedNotice | NothingToTell:
        """The notice, ready. KeyRefusedError, ConnectionError."""
        if row is None:
            return NothingToTell("dead", "the notice is gone")
        (address,) = await self._store.notice_addresses([row.account])
        if address is None:
            return NothingToTell("done", "the account has no address for notices any more")
        states = await batch.states_of(row.account)
        if states is None:
            return NO_TOKEN
        opened = await self._standing.open(row.account, notice_address_record(row.account), address.standing)
        url = opened.decode()
        return OpenedNotice(
            event=event, url=url, target=batch.target_of(url), states=states, record_key=b"", form=notice_form(row)
        )


def notice_form(row: NoticeRow) -> Form:
    """What is told of a notice, in the order in which people read it."""
    at = datetime.fromtimestamp(row.at_ms / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    said: dict[str, str] = msgspec.json.decode(row.said, type=dict[str, str])
    return [
        ("NoticeSid", row.sid),
        ("AccountSid", row.account),
        ("NoticeType", row.kind.removeprefix(NOTICE_PREFIX)),
        ("At", at),
        *said.items(),
    ]
