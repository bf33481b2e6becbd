"""Wake the device that a challenge asks: once when it is made, and again when its program wishes.

Source: Twilio, Verify v2, "Notification resource".
"""

import asyncio
import hashlib
import json
from typing import NamedTuple

import msgspec
import structlog
from msgspec.structs import replace

from ringfence.domain.challenge import ChallengeStatus
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError, TryLaterError
from ringfence.domain.factor import FactorSecret, FactorType
from ringfence.domain.sid import new_sid
from ringfence.domain.verify_rate import RateCount
from ringfence.ports.factors import ChallengeRow
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.ports.push_sender import Push, PushEnd, PushSender, Signing
from ringfence.ports.store import Store
from ringfence.usecases.verify.factors import Factors, FactorView
from ringfence.usecases.verify.push_credentials import PushCredentials
from ringfence.usecases.verify.totp_challenge import BRAKED, EXPIRED, FAILED
from ringfence.usecases.verify.totp_factor import INVALID

TTL_MAX_S = 300
NOTIFICATIONS_MAX = 3
"""Of one challenge, beside the one that it begins with: whoever is woken again and again gives in."""
BEGIN_S = 5
"""How long a new challenge waits for the network of its device's maker."""
_SPAN_MS = 3_600_000
_BUCKET = "challenge_notifications"
_NONE = "none"
GONE_TOKEN = "notification_token_gone"  # noqa: S105 - a name
"""In a factor's configuration: which token its network knows no more."""
_GONE = "The network of its maker knows this device no more: give the factor a new Config.NotificationToken."
_REFUSED = (
    "The network of its maker does not take the service's push credential, or the service names none for it "
    "(for Apple's, this installation needs ringfence[push])."
)

_log = structlog.get_logger(__name__)


class _Device(NamedTuple):
    """Where a device is woken: its token there is of the app `app`."""

    platform: str
    token: str
    app: str

    def __repr__(self) -> str:
        return f"_Device({self.platform})"


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One that was handed over."""

    sid: str
    ttl_s: int
    created_ms: int


class ChallengeNotifier:
    """`sender` is None where no network wakes devices. A factor is marked whose device its network knows no more."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        sender: PushSender | None,
        factors: Factors,
        credentials: PushCredentials,
    ) -> None:
        self._store = store
        self._clock = clock
        self._sender = sender
        self._factors = factors
        self._credentials = credentials

    async def begin(self, caller: Caller, factor: FactorView, challenge: ChallengeRow) -> None:
        """Wake the device for a new challenge, where that can be; what cannot be does not matter to the challenge."""
        device = _device_of(factor)
        if self._sender is None or device is None:
            return
        try:
            async with asyncio.timeout(BEGIN_S):
                end = await self._send(self._sender, caller, factor, challenge, device, TTL_MAX_S)
        except (ConnectionError, TimeoutError, ApiError):
            # The last where others change the factor all the time: then it is marked the next time.
            end = None
        if end is not PushEnd.TAKEN:
            why = "away" if end is None else end.value
            _log.warning("verify.device_not_woken", account=challenge.account, challenge=challenge.sid, why=why)

    async def notify(self, caller: Caller, factor: FactorView, challenge: ChallengeRow, ttl_s: int) -> Notification:
        """Wake it again.

        ApiError 60200 where its device cannot be woken, or its network refuses, 60312 where it was too often, 60323
        where the challenge's time is up, 60324 where it was answered, 20501 where no network wakes devices.
        ConnectionError.
        """
        if self._sender is None:
            raise ApiError(20501, "This installation has no network that wakes devices: they look for themselves.")
        if challenge.factor_type is not FactorType.PUSH:
            raise ApiError(INVALID, "Only challenges to push factors have a device that can be woken.")
        if challenge.status is not ChallengeStatus.PENDING:
            raise ApiError(EXPIRED if challenge.status is ChallengeStatus.EXPIRED else FAILED)
        device = _device_of(factor)
        if device is None:
            raise ApiError(INVALID, _unreachable(factor))
        now_ms = self._clock.now_ms()
        await self._count(challenge, now_ms)
        end = await self._send(self._sender, caller, factor, challenge, device, ttl_s)
        if end is not PushEnd.TAKEN:
            raise ApiError(INVALID, _GONE if end is PushEnd.GONE else _REFUSED)
        return Notification(sid=new_sid("NT", now_ms), ttl_s=ttl_s, created_ms=now_ms)

    async def _send(
        self,
        sender: PushSender,
        caller: Caller,
        factor: FactorView,
        challenge: ChallengeRow,
        device: _Device,
        ttl_s: int,
    ) -> PushEnd:
        push = Push(
            platform=device.platform,
            token=device.token,
            app=device.app,
            service=challenge.service,
            factor=challenge.factor,
            challenge=challenge.sid,
            until_s=self._clock.now_ms() // 1_000 + ttl_s,
            signing=await self._signing(caller, challenge, device.platform),
        )
        end = await sender.send(push)
        if end is PushEnd.GONE:
            await self._factors.change(caller, factor, lambda secret: _marked(secret, device.token))
        return end

    async def _signing(self, caller: Caller, challenge: ChallengeRow, platform: str) -> Signing | None:
        """None, too, for a caller who may not open what the service names."""
        try:
            return await self._credentials.signing(caller, challenge.account, challenge.service, platform)
        except KeyRefusedError:
            return None

    async def _count(self, challenge: ChallengeRow, now_ms: int) -> None:
        index = hashlib.sha256(challenge.sid.encode()).digest()[:16]
        count = RateCount(bucket=_BUCKET, value_index=index, most=NOTIFICATIONS_MAX, interval_ms=_SPAN_MS)
        full = await self._store.count_start(challenge.account, [count], now_ms)
        if full is not None:
            wait_s = max(1, -(-(full.until_ms - now_ms) // 1_000))
            message = f"The device was woken {NOTIFICATIONS_MAX} times for this challenge."
            raise TryLaterError(BRAKED, message, retry_after_s=wait_s)


def _device_of(factor: FactorView) -> _Device | None:
    """The device as its program described it; None where that cannot be woken."""
    config = {} if factor.secret is None else json.loads(factor.secret.config)
    platform, token = config.get("notification_platform", _NONE), config.get("notification_token", "")
    if platform == _NONE or not token or config.get(GONE_TOKEN) == _mark(token):
        return None
    return _Device(platform, token, config.get("app_id") or "")


def _unreachable(factor: FactorView) -> str:
    config = {} if factor.secret is None else json.loads(factor.secret.config)
    return (
        _GONE if config.get(GONE_TOKEN) else "The factor's NotificationPlatform is none: its device looks for itself."
    )


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def _marked(secret: FactorSecret, token: str) -> FactorSecret:
    config = json.loads(secret.config)
    if config.get("notification_token") != token:
        # The program brought another in the meantime.
        return secret
    return replace(secret, config=json.dumps({**config, GONE_TOKEN: _mark(token)}))
