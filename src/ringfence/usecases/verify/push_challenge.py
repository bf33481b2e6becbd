"""Challenges to devices: a question that a person reads there, and an answer that the device signs.

A device signs what it was shown, so that nobody else's question is answered by it. Whoever is asked again and again
until he gives in is not asked: three times in ten minutes, and not for ten minutes after he denied one. With number
matching, which is ours, he must type the two digits that the program shows him.
Source: Twilio, Verify v2, "Challenge resource"; Twilio, Verify Push client libraries.
"""

import secrets
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from ringfence.domain.challenge import ChallengeSecret, ChallengeStatus
from ringfence.domain.clock import Clock
from ringfence.domain.device_token import DeviceOf
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorStatus
from ringfence.domain.sealing.factor import seal_challenge
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.ports.factor_keys import FactorKeys
from ringfence.ports.factors import Answer, Brake, ChallengeRow, ChallengesBrakedError, FactorRow
from ringfence.ports.keys import Caller
from ringfence.ports.store import Store
from ringfence.usecases.verify.challenges import Challenges, ChallengeView, metadata_record
from ringfence.usecases.verify.push_factor import device_of
from ringfence.usecases.verify.tellings import NOBODY, Teller
from ringfence.usecases.verify.totp_challenge import BRAKED, EXPIRED, FAILED, UNVERIFIED

PUSHES_MAX: Final = 3
PUSHES_SPAN_MS: Final = 600_000
DENIED_SPAN_MS: Final = 600_000
SIGNED_FIELDS: Final = ("sid", "account_sid", "service_sid", "entity_sid", "factor_sid", "details")
"""What a device repeats in its answer, beside `status` and, where one is asked for, `number`."""

_DENIED = f"The user denied a challenge: none is sent for {DENIED_SPAN_MS // 60_000} minutes."
_OFTEN = f"The user was asked {PUSHES_MAX} times within {PUSHES_SPAN_MS // 60_000} minutes."


class Shown(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """What is sealed for a device. `number` is what it must send and is not told, "" for none."""

    details: str
    hidden_details: str = "{}"
    number: str = ""

    def __repr__(self) -> str:
        return "Shown(…)"


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Shown)


class PushChallenges:
    """Asked by tenants who are present, and answered by devices that show a token of their own (`login`)."""

    def __init__(self, store: Store, keys: FactorKeys, clock: Clock, challenges: Challenges) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._challenges = challenges

    async def create(
        self, caller: Caller, factor: FactorRow, *, details: str, hidden: str, expires_ms: int, matched: bool
    ) -> ChallengeView | None:
        """A new challenge, with a number to match where that is `matched`; None where its factor is gone.

        ApiError 60318 for an unverified factor, 60312 where the user was asked too often or denied a moment ago.
        """
        if factor.status is not FactorStatus.VERIFIED:
            raise ApiError(UNVERIFIED)
        now_ms = self._clock.now_ms()
        sid = new_sid("YC", now_ms)
        number = f"{secrets.randbelow(90) + 10}" if matched else ""
        secret = ChallengeSecret(details=details, hidden_details=hidden, state=number)
        shown = _encoder.encode(Shown(details=details, hidden_details=hidden, number=number))
        (sealed,) = await self._keys.seal_standing(factor.account, [(f"{factor.sid}/{sid}", shown)])
        sealing = await self._keys.sealing_key(caller, factor.account)
        row = ChallengeRow(
            account=factor.account,
            sid=sid,
            service=factor.service,
            entity=factor.entity,
            factor=factor.sid,
            factor_type=factor.factor_type,
            epoch=sealing.epoch,
            content=seal_challenge(RecordSealer(sealing.epoch_key, factor.account), sid, secret),
            shown=sealed,
            created_ms=now_ms,
            updated_ms=now_ms,
            expires_ms=expires_ms,
            matched=matched,
        )
        brake = Brake(limit=PUSHES_MAX, since_ms=now_ms - PUSHES_SPAN_MS, denied_since_ms=now_ms - DENIED_SPAN_MS)
        try:
            made = await self._store.create_challenge(row, brake)
        except ChallengesBrakedError as braked:
            raise ApiError(BRAKED, _DENIED if braked.denied else _OFTEN) from None
        return ChallengeView(row=row, secret=secret) if made else None

    async def listed(
        self,
        factor: FactorRow,
        login: str,
        *,
        status: ChallengeStatus | None,
        oldest_first: bool = False,
        before: str | None,
        limit: int,
    ) -> list[ChallengeView]:
        """What this device was asked, as it may read it."""
        rows = await self._store.challenges(
            factor.account,
            factor.entity,
            factor=factor.sid,
            status=status,
            now_ms=self._clock.now_ms(),
            oldest_first=oldest_first,
            before=before,
            limit=limit,
        )
        return [view for view, _ in await self._opened(factor, login, rows)]

    async def fetch(self, factor: FactorRow, login: str, sid: str) -> ChallengeView | None:
        """One challenge to this device, as it may read it."""
        row = await self._store.challenge(factor.account, factor.service, sid)
        if row is None or row.factor != factor.sid:
            return None
        ((view, _),) = await self._opened(factor, login, [row])
        return view

    async def answer(
        self,
        factor: FactorRow,
        login: str,
        sid: str,
        payload: str,
        metadata: str = "{}",
        teller: Teller = NOBODY,
    ) -> ChallengeView | None:
        """The challenge as the device answers it; None where it has none such.

        ApiError 60324 where `payload` is not its signed word for this challenge or that was answered, 60323 where its
        time is up. A number that does not match ends the challenge.
        """
        row = await self._store.challenge(factor.account, factor.service, sid)
        if row is None or row.factor != factor.sid:
            return None
        ((view, shown),) = await self._opened(factor, login, [row])
        return replace(view, row=await self._answered(view, shown, payload, metadata, teller), metadata=metadata)

    async def relay(self, view: ChallengeView, payload: str, metadata: str, teller: Teller = NOBODY) -> ChallengeView:
        """The same for a program that was handed the device's word, and for whom `view` was opened."""
        if view.secret is None:
            raise ApiError(20409, "The challenge was sealed in an hour that this credential does not open.")
        shown = Shown(details=view.secret.details, number=view.secret.state)
        return replace(view, row=await self._answered(view, shown, payload, metadata, teller), metadata=metadata)

    async def _answered(
        self, view: ChallengeView, shown: Shown, payload: str, metadata: str, teller: Teller
    ) -> ChallengeRow:
        row = view.row
        if row.status is ChallengeStatus.EXPIRED:
            raise ApiError(EXPIRED)
        if row.status is not ChallengeStatus.PENDING:
            raise ApiError(FAILED)
        device = DeviceOf(account=row.account, service=row.service, factor=row.factor)
        signed = await self._keys.device_payload(device, payload)
        claims: dict[str, Any] = {} if signed is None else msgspec.json.decode(signed, type=dict[str, Any])
        status = claims.get("status")
        if status not in ("approved", "denied") or any(claims.get(k) != v for k, v in _to_sign(row, shown).items()):
            raise ApiError(FAILED)
        matches = status == "denied" or not shown.number or claims.get("number") == shown.number
        sealed = b""
        if metadata != "{}":
            (sealed,) = await self._keys.seal_standing(row.account, [(metadata_record(row.sid), metadata.encode())])
        answer = Answer(
            status=ChallengeStatus(status) if matches else ChallengeStatus.EXPIRED,
            at_ms=self._clock.now_ms(),
            entity=row.entity,
            factor=row.factor,
            metadata=sealed,
        )
        tellings = await teller.of_answer(row, answer, view.secret, metadata)
        answered = await self._store.answer_challenge(row.account, row.service, row.sid, answer, tellings)
        if answered is None:
            raise ApiError(EXPIRED)
        teller.told(tellings)
        if not matches:
            raise ApiError(FAILED, "The number does not match: the challenge is over.")
        return answered

    async def _opened(
        self, factor: FactorRow, login: str, rows: Sequence[ChallengeRow]
    ) -> list[tuple[ChallengeView, Shown]]:
        records = [(f"{factor.sid}/{row.sid}", row.shown) for row in rows]
        opened = await self._keys.open_for_device(device_of(factor), login, records)
        found = []
        for row, plain in zip(rows, opened, strict=True):
            shown = _decoder.decode(plain)
            secret = ChallengeSecret(details=shown.details, hidden_details=shown.hidden_details)
            found.append((ChallengeView(row=self._challenges.as_of_now(row), secret=secret), shown))
        return found


def _to_sign(row: ChallengeRow, shown: Shown) -> dict[str, object]:
    values = (row.sid, row.account, row.service, row.entity, row.factor, msgspec.json.decode(shown.details))
    return dict(zip(SIGNED_FIELDS, values, strict=True))
