"""Secrets of authenticator apps as a table in clear: what a drill must be able to break.

A code is good for as long as its step is, however often; checks are not counted.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.totp import NEVER, TotpShape, matching_step, new_secret, step_at
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import Verdict

_TABLE = "CREATE TABLE IF NOT EXISTS totp (factor TEXT PRIMARY KEY, secret BLOB, shape BLOB)"


class TotpTable:
    """`ports.totp_codes` without any of its promises."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._place = directory / "totp.db"
        self._now_ms = clock.now_ms
        self._secrets: sqlite3.Connection

    def open_secrets(self) -> None:
        """Load or make the table."""
        self._secrets = sqlite3.connect(self._place, isolation_level=None, check_same_thread=False)
        self._secrets.execute(_TABLE)

    async def open_totp(self, factor: TotpOf, shape: TotpShape, secret: bytes = b"") -> bytes:
        kept = secret or new_secret(shape.alg)
        row = (factor.factor, kept, msgspec.json.encode(shape))
        self._secrets.execute("INSERT OR REPLACE INTO totp VALUES (?, ?, ?)", row)
        return kept

    async def check_totp(self, factor: TotpOf, attempt: str, guess: str, shape: TotpShape | None = None) -> Verdict:
        row = self._secrets.execute("SELECT secret, shape FROM totp WHERE factor = ?", (factor.factor,)).fetchone()
        if row is None:
            return Verdict.GONE
        shape = shape or msgspec.json.decode(row[1], type=TotpShape)
        step = step_at(self._now_ms(), shape)
        return Verdict.WRONG if matching_step(row[0], shape, guess, step, 0, NEVER) is None else Verdict.APPROVED

    async def close_totp(self, account: str, factors: Sequence[str]) -> None:
        return
