"""Wake the device that a challenge asks: once when it is made, and again when its program wishes.

Source: Twilio, Verify v2, "Notification resource".
"""

import hashlib
import json

import msgspec
import structlog

from ringfence.domain.challenge import ChallengeStatus
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError, TryLaterError
from ringfence.domain.factor import FactorType
from ringfence.domain.sid import new_sid
from ringfence.domain.verify_rate import RateCount
from ringfence.ports.factors import ChallengeRow
from ringfence.ports.push_sender import Push, PushSender
from ringfence.ports.store import Store
from ringfence.usecases.verify.factors import FactorView
from ringfence.usecases.verify.totp_challenge import BRAKED, EXPIRED, FAILED
from ringfence.usecases.verify.totp_factor import INVALID

TTL_MAX_S = 300
NOTIFICATIONS_MAX = 3
"""Of one challenge, beside the one that it begins with: whoever is woken again and again gives in."""
_SPAN_MS = 3_600_000
_BUCKET = "challenge_notifications"
_NONE = "none"

_log = structlog.get_logger(__name__)


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One that was handed over."""

    sid: str
    ttl_s: int
    created_ms: int


class ChallengeNotifier:
    """`sender` is None where no network wakes devices."""

    def __init__(self, store: Store, clock: Clock, sender: PushSender | None) -> None:
        self._store = store
        self._clock = clock
        self._sender = sender

    async def begin(self, factor: FactorView, challenge: ChallengeRow) -> None:
        """Wake the device for a new challenge, where that can be; what cannot be does not matter to the challenge."""
        token = _token_of(factor)
        if self._sender is None or token is None:
            return
        try:
            await self._sender.send(_push(challenge, *token, TTL_MAX_S))
        except ConnectionError:
            _log.warning("verify.device_not_woken", account=challenge.account, challenge=challenge.sid)

    async def notify(self, factor: FactorView, challenge: ChallengeRow, ttl_s: int) -> Notification:
        """Wake it again.

        ApiError 60200 where its device cannot be woken, 60312 where it was too often, 60323 where the challenge's time
        is up, 60324 where it was answered, 20501 where no network wakes devices. ConnectionError.
        """
        if self._sender is None:
            raise ApiError(20501, "This installation has no network that wakes devices: they look for themselves.")
        if challenge.factor_type is not FactorType.PUSH:
            raise ApiError(INVALID, "Only challenges to push factors have a device that can be woken.")
        if challenge.status is not ChallengeStatus.PENDING:
            raise ApiError(EXPIRED if challenge.status is ChallengeStatus.EXPIRED else FAILED)
        token = _token_of(factor)
        if token is None:
            raise ApiError(INVALID, "The factor's NotificationPlatform is none: its device looks for itself.")
        now_ms = self._clock.now_ms()
        await self._count(challenge, now_ms)
        await self._sender.send(_push(challenge, *token, ttl_s))
        return Notification(sid=new_sid("NT", now_ms), ttl_s=ttl_s, created_ms=now_ms)

    async def _count(self, challenge: ChallengeRow, now_ms: int) -> None:
        index = hashlib.sha256(challenge.sid.encode()).digest()[:16]
        count = RateCount(bucket=_BUCKET, value_index=index, most=NOTIFICATIONS_MAX, interval_ms=_SPAN_MS)
        full = await self._store.count_start(challenge.account, [count], now_ms)
        if full is not None:
            wait_s = max(1, -(-(full.until_ms - now_ms) // 1_000))
            message = f"The device was woken {NOTIFICATIONS_MAX} times for this challenge."
            raise TryLaterError(BRAKED, message, retry_after_s=wait_s)


def _token_of(factor: FactorView) -> tuple[str, str] | None:
    """The platform, and the token of the device there."""
    config = {} if factor.secret is None else json.loads(factor.secret.config)
    platform, token = config.get("notification_platform", _NONE), config.get("notification_token", "")
    return None if platform == _NONE or not token else (platform, token)


def _push(challenge: ChallengeRow, platform: str, token: str, ttl_s: int) -> Push:
    return Push(
        platform=platform,
        token=token,
        service=challenge.service,
        factor=challenge.factor,
        challenge=challenge.sid,
        ttl_s=ttl_s,
    )
