"""Say what happened to factors and challenges, to the webhooks that want to hear it.

Where a tenant is present its key seals what is told. Where a device is, the key service gives a key for each telling,
against the device's token. Source: Twilio, Verify v2, "Webhooks"; docs/why/verify.md.
"""

import json
from collections.abc import Sequence

from ringfence.domain.challenge import ChallengeSecret, ChallengeStatus
from ringfence.domain.clock import Clock
from ringfence.domain.device_token import DeviceOf
from ringfence.domain.factor import FactorSecret
from ringfence.domain.sealing.verify_event import seal_verify_event_with
from ringfence.domain.verify_event import EventKind, VerifyEvent
from ringfence.ports.device_keys import RecordKeys
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.factors import ChallengeRow, FactorRow
from ringfence.ports.keys import Caller
from ringfence.ports.store import Store
from ringfence.ports.verify_events import VerifyEvents
from ringfence.ports.wake import Wake
from ringfence.usecases.verify.challenges import ChallengeView
from ringfence.usecases.verify.factors import FactorView
from ringfence.usecases.verify.tellings import telling_of, webhooks_wanting

_ENDS: dict[ChallengeStatus, EventKind] = {
    ChallengeStatus.APPROVED: "challenge.approved",
    ChallengeStatus.DENIED: "challenge.denied",
}


class FactorNews:
    """`events` tells for tenants; devices' tellings are written here. `wake` rings the dispatchers."""

    def __init__(self, store: Store, keys: FactorKeys, clock: Clock, events: VerifyEvents, wake: Wake) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._events = events
        self._wake = wake

    async def factor(self, caller: Caller, kind: EventKind, identity: str, view: FactorView) -> None:
        """Told of by a tenant."""
        await self._events.happened(caller, self._of_factor(kind, identity, view.row, view.secret))

    async def challenge(self, caller: Caller, identity: str, view: ChallengeView, factor: FactorView | None) -> None:
        """Told of by a tenant, where it was approved or denied."""
        if view.row.status in _ENDS:
            secret = None if factor is None else factor.secret
            await self._events.happened(caller, self._of_challenge(identity, view, secret))

    async def factor_of_device(
        self, device: DeviceOf, login: str, kind: EventKind, identity: str, row: FactorRow
    ) -> None:
        """Told of by the factor's device, which does not know its name."""
        await self._by_device(device, login, self._of_factor(kind, identity, row, None))

    async def challenge_of_device(self, device: DeviceOf, login: str, identity: str, view: ChallengeView) -> None:
        """Told of by the device that answered, where it approved or denied."""
        if view.row.status in _ENDS:
            await self._by_device(device, login, self._of_challenge(identity, view, None))

    async def wanting(self, account: str, service: str, kind: EventKind) -> list[str]:
        """The webhooks that are to be told of this, the oldest first."""
        return await webhooks_wanting(self._store, account, service, kind)

    async def enrolled(self, identity: str, view: FactorView, wanting: Sequence[str], records: RecordKeys) -> None:
        """Tell `wanting` of a factor that a device made, in the records that came with it."""
        if wanting:
            await self._tell(self._of_factor("factor.created", identity, view.row, view.secret), wanting, records)

    async def _by_device(self, device: DeviceOf, login: str, event: VerifyEvent) -> None:
        wanting = await self.wanting(event.account, event.service, event.kind)
        if wanting:
            records = await self._keys.seal_for_device(device, login, ["EV"] * len(wanting))
            await self._tell(event, wanting, records)

    async def _tell(self, event: VerifyEvent, wanting: Sequence[str], records: RecordKeys) -> None:
        rows = [
            telling_of(
                event,
                sid=sid,
                webhook=webhook,
                epoch=records.epoch,
                content=seal_verify_event_with(key, event.account, sid, event),
            )
            for webhook, sid, key in zip(wanting, records.sids, records.keys, strict=True)
        ]
        await self._store.add_tellings(rows)
        self._wake.ring()

    def _of_factor(self, kind: EventKind, identity: str, row: FactorRow, secret: FactorSecret | None) -> VerifyEvent:
        return VerifyEvent(
            account=row.account,
            service=row.service,
            kind=kind,
            at_ms=self._clock.now_ms(),
            identity=identity,
            factor=row.sid,
            factor_type=row.factor_type.value,
            factor_friendly_name="" if secret is None else secret.friendly_name,
        )

    def _of_challenge(self, identity: str, view: ChallengeView, factor: FactorSecret | None) -> VerifyEvent:
        row: ChallengeRow = view.row
        shown = view.secret or ChallengeSecret()
        return VerifyEvent(
            account=row.account,
            service=row.service,
            kind=_ENDS[row.status],
            at_ms=row.responded_ms or self._clock.now_ms(),
            identity=identity,
            factor=row.factor,
            factor_type=row.factor_type.value,
            factor_friendly_name="" if factor is None else factor.friendly_name,
            challenge=row.sid,
            details=_said(shown.details),
            hidden_details=_said(shown.hidden_details),
            metadata=_said(view.metadata),
        )


def _said(text: str) -> str:
    return text if json.loads(text) else ""
