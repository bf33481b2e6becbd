"""From outbox entries to what must be said to whom: the one place where webhooks see content in the clear."""

from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.domain.verify_event import EVENT_KINDS
from ringfence.ports.keys import DeliveryKeys, KeyRefusedError
from ringfence.ports.notices import NOTICE_PREFIX
from ringfence.ports.onlookers import Detours, NoDetours
from ringfence.ports.outbox import EventRow
from ringfence.ports.store import Store
from ringfence.usecases.webhooks.event_batch import EventBatch
from ringfence.usecases.webhooks.open_call import CallOpener
from ringfence.usecases.webhooks.open_notice import NoticeOpener
from ringfence.usecases.webhooks.open_text import TextOpener
from ringfence.usecases.webhooks.open_verify_event import VerifyEventOpener
from ringfence.usecases.webhooks.opened_event import NothingToTell, OpenedEvent, Shut
from ringfence.usecases.webhooks.recording_port import NoRecordings, RecordingUrls
from ringfence.usecases.webhooks.standing_cache import StandingCache

Key = tuple[str, str]


class EventOpener:
    """Opens events for delivery.

    `detours` say where inbound texts are told meanwhile, `recordings` where those of calls are fetched.
    """

    def __init__(
        self,
        store: Store,
        keys: DeliveryKeys,
        clock: Clock,
        detours: Detours | None = None,
        recordings: RecordingUrls | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._standing = StandingCache(keys, clock)
        self._texts = TextOpener(store, self._standing, detours or NoDetours())
        self._calls = CallOpener(store, recordings or NoRecordings())
        self._verify = VerifyEventOpener(store, self._standing)
        self._notices = NoticeOpener(store, self._standing)

    async def open(self, events: Sequence[EventRow]) -> list["OpenedEvent | NothingToTell | Shut"]:
        """One answer each, in order. Each account's keys are asked for once."""
        of_texts, of_calls, of_verify, of_notices = list[Key](), list[Key](), list[Key](), list[Key]()
        for event in events:
            of = of_texts if _is_text(event) else of_verify if _is_of_verify(event) else of_calls
            of = of_notices if is_notice(event) else of
            of.append((event.account, event.message_sid))
        texts = dict(zip(of_texts, await self._store.messages_of(of_texts), strict=True)) if of_texts else {}
        calls = dict(zip(of_calls, await self._store.calls_of(of_calls), strict=True)) if of_calls else {}
        tellings = dict(zip(of_verify, await self._store.tellings_of(of_verify), strict=True)) if of_verify else {}
        notices = dict(zip(of_notices, await self._store.notices_of(of_notices), strict=True)) if of_notices else {}
        batch = EventBatch(self._store, self._keys, self._standing)
        rows = (*texts.values(), *calls.values(), *tellings.values())
        await batch.fetch_keys(row for row in rows if row is not None and row.content)
        opened = list["OpenedEvent | NothingToTell | Shut"]()
        for event in events:
            key = event.account, event.message_sid
            try:
                if _is_text(event):
                    opened.append(await self._texts.open(event, texts[key], batch))
                elif _is_of_verify(event):
                    opened.append(await self._verify.open(event, tellings[key], batch))
                elif is_notice(event):
                    opened.append(await self._notices.open(event, notices[key], batch))
                else:
                    opened.append(await self._calls.open(event, calls[key], batch))
            except (KeyRefusedError, ConnectionError) as error:
                opened.append(error)
        return opened


def _is_text(event: EventRow) -> bool:
    return event.kind.startswith("message.")


def is_notice(event: EventRow) -> bool:
    """Whether it tells the account what its operator must, which goes out of a frozen one too."""
    return event.kind.startswith(NOTICE_PREFIX)


def _is_of_verify(event: EventRow) -> bool:
    return event.kind in EVENT_KINDS
