"""Who says what happens to factors and challenges, so that webhooks that want to hear it are told.

Where a tenant is present its key seals what is told. Where a device is, the key service gives a key for each telling,
against the device's token. Source: Twilio, Verify v2, "Webhooks"; docs/why/verify.md.
"""

from collections.abc import Sequence
from itertools import islice

from ringfence.domain.challenge import ChallengeSecret
from ringfence.domain.device_token import DeviceOf
from ringfence.domain.factor import FactorSecret
from ringfence.domain.sealing.verify_event import seal_verify_event_with
from ringfence.domain.verify_event import EventKind, VerifyEvent
from ringfence.ports.device_keys import RecordKeys
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.factors import Answer, ChallengeRow, FactorRow
from ringfence.ports.keys import Caller
from ringfence.ports.store import Store
from ringfence.ports.verify_events import TellingRow, VerifyEvents
from ringfence.usecases.verify.tellings import (
    Teller,
    answer_event,
    factor_event,
    telling_of,
    webhooks_wanting,
)

_MADE: tuple[EventKind, ...] = ("factor.created", "factor.deleted")


class TenantTeller:
    """What a tenant does to factors of one entity; `factor` is what its challenges tell the name of."""

    def __init__(self, events: VerifyEvents, caller: Caller, identity: str, factor: FactorSecret | None = None) -> None:
        self._events = events
        self._caller = caller
        self._identity = identity
        self._factor = factor

    async def of_factor(
        self, kind: EventKind, row: FactorRow, secret: FactorSecret | None, at_ms: int
    ) -> Sequence[TellingRow]:
        return await self._events.tellings(self._caller, factor_event(kind, self._identity, row, secret, at_ms))

    async def of_answer(
        self, row: ChallengeRow, answer: Answer, secret: ChallengeSecret | None, metadata: str = "{}"
    ) -> Sequence[TellingRow]:
        event = answer_event(self._identity, row, answer, secret, metadata, self._factor)
        return [] if event is None else await self._events.tellings(self._caller, event)

    def told(self, rows: Sequence[TellingRow]) -> None:
        self._events.told(rows)


class DeviceTeller:
    """What a device that has a factor does with it. It does not know the factor's name."""

    def __init__(
        self, store: Store, keys: FactorKeys, events: VerifyEvents, device: DeviceOf, login: str, identity: str
    ) -> None:
        self._store = store
        self._keys = keys
        self._events = events
        self._device = device
        self._login = login
        self._identity = identity

    async def of_factor(
        self, kind: EventKind, row: FactorRow, secret: FactorSecret | None, at_ms: int
    ) -> Sequence[TellingRow]:
        return await self._rows(factor_event(kind, self._identity, row, secret, at_ms))

    async def of_answer(
        self, row: ChallengeRow, answer: Answer, secret: ChallengeSecret | None, metadata: str = "{}"
    ) -> Sequence[TellingRow]:
        event = answer_event(self._identity, row, answer, secret, metadata, None)
        return [] if event is None else await self._rows(event)

    def told(self, rows: Sequence[TellingRow]) -> None:
        self._events.told(rows)

    async def _rows(self, event: VerifyEvent) -> list[TellingRow]:
        wanting = await webhooks_wanting(self._store, event.account, event.service, event.kind)
        if not wanting:
            return []
        records = await self._keys.seal_for_device(self._device, self._login, ["EV"] * len(wanting))
        return _sealed(event, wanting, records)


class EnrolmentTeller:
    """What a device does that has no factor yet: it makes one, or fails to.

    It needs `needed` records, and takes them before anything is told.
    """

    def __init__(self, events: VerifyEvents, identity: str, wanting: dict[EventKind, list[str]]) -> None:
        self._events = events
        self._identity = identity
        self._wanting = wanting
        self._records: dict[EventKind, RecordKeys] = {}

    @property
    def needed(self) -> int:
        """How many records."""
        return sum(map(len, self._wanting.values()))

    def take(self, epoch: int, sids: Sequence[str], keys: Sequence[bytes]) -> None:
        """Records of epoch `epoch`, as many as needed."""
        each = iter(zip(sids, keys, strict=True))
        for kind, wanting in self._wanting.items():
            mine = list(islice(each, len(wanting)))
            self._records[kind] = RecordKeys(
                epoch=epoch, sids=tuple(sid for sid, _ in mine), keys=tuple(key for _, key in mine)
            )

    async def of_factor(
        self, kind: EventKind, row: FactorRow, secret: FactorSecret | None, at_ms: int
    ) -> Sequence[TellingRow]:
        event = factor_event(kind, self._identity, row, secret, at_ms)
        return _sealed(event, self._wanting[kind], self._records[kind])

    async def of_answer(
        self, row: ChallengeRow, answer: Answer, secret: ChallengeSecret | None, metadata: str = "{}"
    ) -> Sequence[TellingRow]:
        return []

    def told(self, rows: Sequence[TellingRow]) -> None:
        self._events.told(rows)


class FactorNews:
    """A teller for whoever is present. `events` tells for tenants, and rings for all."""

    def __init__(self, store: Store, keys: FactorKeys, events: VerifyEvents) -> None:
        self._store = store
        self._keys = keys
        self._events = events

    def by_tenant(self, caller: Caller, identity: str, factor: FactorSecret | None = None) -> Teller:
        return TenantTeller(self._events, caller, identity, factor)

    def by_device(self, device: DeviceOf, login: str, identity: str) -> Teller:
        return DeviceTeller(self._store, self._keys, self._events, device, login, identity)

    async def by_enrolment(self, account: str, service: str, identity: str) -> EnrolmentTeller:
        wanting = {kind: await webhooks_wanting(self._store, account, service, kind) for kind in _MADE}
        return EnrolmentTeller(self._events, identity, wanting)


def _sealed(event: VerifyEvent, wanting: Sequence[str], records: RecordKeys) -> list[TellingRow]:
    return [
        telling_of(
            event,
            sid=sid,
            webhook=webhook,
            epoch=records.epoch,
            content=seal_verify_event_with(key, event.account, sid, event),
        )
        for webhook, sid, key in zip(wanting, records.sids, records.keys, strict=True)
    ]
