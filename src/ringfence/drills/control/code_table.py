"""One-time codes as a table that a support console could show: what a drill must be able to break.

A code is kept in clear until somebody clears up, found by the number alone, good more than once, and its checks are
counted after they were compared.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from ringfence.domain.clock import Clock
from ringfence.domain.verification_code import CHECKS_MAX
from ringfence.ports.verification_codes import CodeOf, CodeState, Verdict

_TABLE = "CREATE TABLE IF NOT EXISTS code (number TEXT, sid TEXT PRIMARY KEY, code TEXT, checks INTEGER)"


class CodeTable:
    """`ports.verification_codes` without any of its promises."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self._codes: sqlite3.Connection

    def open_codes(self) -> None:
        """Load or make the table."""
        self._codes = sqlite3.connect(self._directory / "codes.db", isolation_level=None, check_same_thread=False)
        self._codes.execute(_TABLE)

    async def open_code(self, code: CodeOf, length: int, expires_ms: int, custom: str = "") -> None:
        value = custom or f"{secrets.randbelow(10**length):0{length}d}"
        self._codes.execute("INSERT OR IGNORE INTO code VALUES (?, ?, ?, 0)", (code.to, code.sid, value))

    async def check_code(self, code: CodeOf, guess: str) -> Verdict:
        row = self._codes.execute("SELECT checks FROM code WHERE sid = ?", (code.sid,)).fetchone()
        if row is None:
            return Verdict.GONE
        if row[0] >= CHECKS_MAX:
            return Verdict.SPENT
        await asyncio.sleep(0)
        found = self._codes.execute("SELECT 1 FROM code WHERE number = ? AND code = ?", (code.to, guess)).fetchone()
        self._codes.execute("UPDATE code SET checks = ? WHERE sid = ?", (row[0] + 1, code.sid))
        return Verdict.WRONG if found is None else Verdict.APPROVED

    async def code_state(self, account: str, sid: str) -> CodeState:
        return CodeState.OPEN

    async def close_code(self, account: str, sid: str) -> None:
        return

    async def reveal_codes(self, codes: Sequence[CodeOf]) -> list[str | None]:
        found = [self._codes.execute("SELECT code FROM code WHERE sid = ?", (code.sid,)).fetchone() for code in codes]
        return [None if row is None else row[0] for row in found]
