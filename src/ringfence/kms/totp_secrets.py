"""Secrets of authenticator apps in the key service: kept sealed, counted, compared, each step used once, erased."""

import sqlite3
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from ringfence.domain.challenge import LIFE_MAX_MS
from ringfence.domain.clock import Clock
from ringfence.domain.sealing import aead, hkdf
from ringfence.domain.totp import (
    NEVER,
    TotpShape,
    followed_drift,
    matching_step,
    new_secret,
    step_at,
    step_in_other_shape,
)
from ringfence.domain.verification_code import CHECKS_MAX
from ringfence.kms.standing_keys import StandingKeys
from ringfence.kms.store import KeyStore
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import Verdict

HOUR_MS: Final = 3_600_000
CHECKS_OF_HOUR: Final = 30
_SALT: Final = b"ringfence/totp/v1"
_FOR_EVER: Final = 1 << 62

_OPEN = "INSERT INTO totp_secret VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?) ON CONFLICT DO NOTHING"
_ROW = """SELECT secret, alg, time_step, skew, code_length, last_step, drift FROM totp_secret
WHERE account = ? AND factor = ?"""
_SHAPE = """UPDATE totp_secret SET alg = ?, time_step = ?, skew = ?, code_length = ?, last_step = ?, drift = 0
WHERE account = ? AND factor = ?"""
_COUNT_HOUR = """UPDATE totp_secret SET checks = CASE hour WHEN ?3 THEN checks + 1 ELSE 1 END, hour = ?3
WHERE account = ?1 AND factor = ?2 AND (hour <> ?3 OR checks < ?4)"""
_COUNT_ATTEMPT = """INSERT INTO totp_attempt VALUES (?1, ?2, ?3, 1, ?4)
ON CONFLICT DO UPDATE SET checks = checks + 1 WHERE factor = ?3 AND checks < ?5"""
_THERE = "SELECT 1 FROM totp_secret WHERE account = ? AND factor = ?"
_COUNT_NOTHING = "UPDATE check_of_nothing SET checks = checks + 1"
_USE = """UPDATE totp_secret SET last_step = ?3, drift = ?4
WHERE account = ?1 AND factor = ?2 AND last_step < ?3 AND time_step = ?5"""
_END_ATTEMPT = "UPDATE totp_attempt SET checks = ?3 WHERE account = ?1 AND attempt = ?2"
_CLOSE = (
    "DELETE FROM totp_secret WHERE account = ? AND factor = ?",
    "DELETE FROM totp_attempt WHERE account = ? AND factor = ?",
)
_RENEW = "UPDATE totp_secret SET secret = ?3, standing = ?4 WHERE account = ?1 AND factor = ?2 AND standing <> ?4"
_FORMER = "SELECT count(*) FROM totp_secret WHERE standing <> ?"
_EXPIRED = "SELECT 1 FROM totp_attempt WHERE expires_ms <= ? LIMIT 1"
_EXPIRE = "DELETE FROM totp_attempt WHERE expires_ms <= ?"


class _Kept(NamedTuple):
    secret: bytes
    shape: TotpShape
    last_step: int
    drift: int


# Where there is no secret, as much is computed.
_STAND_IN: Final = _Kept(bytes(20), TotpShape(), NEVER, 0)


class TotpSecrets:
    """`ports.totp_codes` over the key service's database; `standing` is what its keys are derived from."""

    def __init__(self, store: KeyStore, standing: StandingKeys, clock: Clock) -> None:
        self._store = store
        self._standing = standing
        self._clock = clock

    async def open(self, factor: TotpOf, shape: TotpShape, secret: bytes) -> bytes:
        kept = secret or new_secret(shape.alg)
        sealed = aead.seal(_key(self._standing.newest, factor.account), kept, _place(factor))
        shaped = (shape.alg, shape.time_step, shape.skew, shape.code_length)
        values = (factor.account, factor.factor, sealed, *shaped, NEVER, self._standing.number)
        if not await self._store.write(lambda tx: tx.execute(_OPEN, values).rowcount):
            raise ValueError("the factor has a secret")
        return kept

    async def check(self, factor: TotpOf, attempt: str, guess: str, shape: TotpShape | None) -> Verdict:
        """The count is on disk before the verdict is known to anybody, and the shape with it."""
        now_ms = self._clock.now_ms()
        kept = self._read(factor)
        secret, before, last, drift = kept or _STAND_IN
        other = shape if kept is not None and shape not in (None, before) else None
        if other is not None:
            last, drift = step_in_other_shape(last, before, other), 0
        now = other or before
        step = step_at(now_ms, now)
        matched = matching_step(secret, now, guess, step, drift, last)
        there = kept is not None

        def write(tx: sqlite3.Connection) -> Verdict:
            if other is not None:
                _reshape(tx, factor, other)
            return _counted(tx, factor, attempt, now_ms, there, matched, step, now.time_step)

        return await self._store.write(write)

    async def renew(self, factors: Sequence[TotpOf]) -> int:
        """Seal these secrets anew under the newest standing key; how many were not."""
        renewed = 0
        for factor in factors:
            kept = self._read(factor)
            if kept is None:
                continue
            number = self._standing.number
            sealed = aead.seal(_key(self._standing.newest, factor.account), kept.secret, _place(factor))
            values = (factor.account, factor.factor, sealed, number)
            renewed += await self._store.write(lambda tx, values=values: tx.execute(_RENEW, values).rowcount)  # type: ignore[misc]
        return renewed

    def former(self) -> int:
        """How many are sealed under a former standing key."""
        (count,) = self._store.rows(_FORMER, self._standing.number)[0]
        return int(count)

    async def close(self, account: str, factors: Sequence[str]) -> None:
        def write(tx: sqlite3.Connection) -> None:
            for factor in factors:
                for statement in _CLOSE:
                    tx.execute(statement, (account, factor))

        await self._store.write(write, erases=True)

    async def tidy(self) -> None:
        """Forget the counts of challenges that are over."""
        now_ms = self._clock.now_ms()
        if self._store.row(_EXPIRED, now_ms) is not None:
            await self._store.write(lambda tx: tx.execute(_EXPIRE, (now_ms,)).rowcount)

    def _read(self, factor: TotpOf) -> _Kept | None:
        row = self._store.row(_ROW, factor.account, factor.factor)
        if row is None:
            return None
        for standing in self._standing.all():
            try:
                secret = aead.unseal(_key(standing, factor.account), row[0], _place(factor))
            except aead.UnsealError:
                continue
            return _Kept(secret, _shape_of(row), row[5], row[6])
        return None


def _reshape(tx: sqlite3.Connection, factor: TotpOf, shape: TotpShape) -> None:
    # Read once more: between the two a check may have used a step, which stays used.
    row = tx.execute(_ROW, (factor.account, factor.factor)).fetchone()
    if row is not None:
        last = step_in_other_shape(row[5], _shape_of(row), shape)
        shaped = (shape.alg, shape.time_step, shape.skew, shape.code_length)
        tx.execute(_SHAPE, (*shaped, last, factor.account, factor.factor))


def _counted(
    tx: sqlite3.Connection,
    factor: TotpOf,
    attempt: str,
    now_ms: int,
    there: bool,
    matched: int | None,
    step: int,
    time_step: int,
) -> Verdict:
    key = (factor.account, factor.factor)
    # It may have been closed since it was read: no count may stay behind without it. Asked of all, at the same cost.
    open_still = tx.execute(_THERE, key).fetchone() is not None
    if not there or not open_still:
        # A transaction that changes nothing syncs nothing: its speed would tell that there is no secret.
        tx.execute(_COUNT_NOTHING)
        return Verdict.GONE
    until_ms = _FOR_EVER if attempt == factor.factor else now_ms + LIFE_MAX_MS
    counted = tx.execute(_COUNT_ATTEMPT, (factor.account, attempt, factor.factor, until_ms, CHECKS_MAX)).rowcount
    if not counted or not tx.execute(_COUNT_HOUR, (*key, now_ms // HOUR_MS, CHECKS_OF_HOUR)).rowcount:
        tx.execute(_COUNT_NOTHING)
        return Verdict.SPENT
    # Of two right checks at once the later one finds its step used. Steps of another length are not compared at all.
    if matched is None:
        return Verdict.WRONG
    if not tx.execute(_USE, (*key, matched, followed_drift(matched, step), time_step)).rowcount:
        return Verdict.WRONG
    tx.execute(_END_ATTEMPT, (factor.account, attempt, CHECKS_MAX))
    return Verdict.APPROVED


def _shape_of(row: Sequence[Any]) -> TotpShape:
    return TotpShape(alg=row[1], time_step=row[2], skew=row[3], code_length=row[4])


def _key(standing: bytes, account: str) -> bytes:
    return hkdf.derive(standing, _SALT, account.encode())


def _place(factor: TotpOf) -> bytes:
    return aead.place(factor.account, factor.service, factor.factor, "totp")
