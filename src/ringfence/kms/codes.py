"""One-time codes in the key service: opened, counted, compared, erased. No code leaves but to those who carry it."""

import sqlite3
from collections.abc import Sequence

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.aead import UnsealError, place, seal, unseal
from ringfence.domain.sealing.hkdf import expand
from ringfence.domain.verification_code import CHECKS_MAX, LIFE_MS, derive_code, same_code
from ringfence.kms.store import KeyStore
from ringfence.kms.verification_keys import VerificationKeys
from ringfence.ports.verification_codes import CodeOf, CodeState, Verdict

_OPEN = "INSERT INTO verification_code VALUES (?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING"
_ROW = """SELECT key_day, length, custom FROM verification_code
WHERE account = ?1 AND sid = ?2 AND expires_ms > ?3 AND checks <= ?4"""
_COUNT = """UPDATE verification_code SET checks = checks + 1
WHERE account = ?1 AND sid = ?2 AND expires_ms > ?3 AND checks < ?4"""
_COUNT_NOTHING = "UPDATE check_of_nothing SET checks = checks + 1 WHERE ?"
_CHECKS = "SELECT checks FROM verification_code WHERE account = ? AND sid = ? AND expires_ms > ?"
_CLOSE = "DELETE FROM verification_code WHERE account = ? AND sid = ?"
_USE = f"{_CLOSE} RETURNING account, sid, key_day, length, expires_ms"
_USED = "INSERT INTO verification_code VALUES (?, ?, ?, ?, ?, ?, NULL)"
_EXPIRED = "SELECT 1 FROM verification_code WHERE expires_ms <= ? LIMIT 1"
_EXPIRE = "DELETE FROM verification_code WHERE expires_ms <= ?"
_NO_LENGTH = 6
# As many checks as nobody has: the code was right once. The row stays without the code, until its time is up.
_WAS_RIGHT = CHECKS_MAX + 1


class Codes:
    """`ports.verification_codes` over the key service's database."""

    def __init__(self, store: KeyStore, keys: VerificationKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def open(self, code: CodeOf, length: int, expires_ms: int, custom: str) -> None:
        """ValueError for a life of more than ten minutes."""
        if expires_ms > self._clock.now_ms() + LIFE_MS:
            raise ValueError("a code lives ten minutes at most")
        day, key = self._keys.today()
        sealed = seal(_custom_key(key.key), custom.encode(), _place(code)) if custom else None
        values = (code.account, code.sid, day, length, expires_ms, sealed)
        await self._store.write(lambda tx: tx.execute(_OPEN, values).rowcount, undoes_itself=True)

    async def check(self, code: CodeOf, guess: str) -> Verdict:
        """The count is on disk before the verdict is known to anybody."""
        right = same_code(guess, self._read(code) or self._stand_in(code))
        now_ms = self._clock.now_ms()
        return await self._store.write(
            lambda tx: _counted(tx, code, now_ms, right), erases=right, undoes_itself=not right
        )

    def state(self, account: str, sid: str) -> CodeState:
        found = self._store.row(_CHECKS, account, sid, self._clock.now_ms())
        if found is None:
            return CodeState.GONE
        return CodeState.USED if found[0] == _WAS_RIGHT else CodeState.OPEN

    async def close(self, account: str, sid: str) -> None:
        await self._store.write(lambda tx: tx.execute(_CLOSE, (account, sid)).rowcount, erases=True)

    def reveal(self, codes: Sequence[CodeOf]) -> list[str | None]:
        return [self._read(code) for code in codes]

    async def tidy(self) -> None:
        """Erase what has expired, then the keys of past days."""
        now_ms = self._clock.now_ms()
        if self._store.row(_EXPIRED, now_ms) is not None:
            await self._store.write(lambda tx: tx.execute(_EXPIRE, (now_ms,)).rowcount, erases=True)
        self._keys.destroy_past()

    def _read(self, code: CodeOf) -> str | None:
        row = self._store.row(_ROW, code.account, code.sid, self._clock.now_ms(), CHECKS_MAX)
        key = None if row is None else self._keys.of(row[0])
        if row is None or key is None:
            return None
        _, length, custom = row
        if custom is None:
            return derive_code(key.hashed, code.sid, code.to, code.service, length)
        try:
            return unseal(_custom_key(key.key), custom, _place(code)).decode()
        except UnsealError:
            return None

    def _stand_in(self, code: CodeOf) -> str:
        """What is compared where there is no code, so that it costs the same; the count decides."""
        _, key = self._keys.today()
        return derive_code(key.hashed, code.sid, code.to, code.service, _NO_LENGTH)


def _counted(tx: sqlite3.Connection, code: CodeOf, now_ms: int, right: bool) -> Verdict:
    key = (code.account, code.sid)
    counted = tx.execute(_COUNT, (*key, now_ms, CHECKS_MAX)).rowcount > 0
    if counted and right:
        (kept,) = tx.execute(_USE, key).fetchall()
        tx.execute(_USED, (*kept, _WAS_RIGHT))
        return Verdict.APPROVED
    # A transaction that changes nothing syncs nothing: its speed would tell that there is no code. So would a statement
    # more: a wrong code has the same ones, and like the others changes one row.
    tx.execute(_COUNT_NOTHING, (not counted,))
    found = tx.execute(_CHECKS, (*key, now_ms)).fetchone()
    if counted:
        return Verdict.WRONG
    return Verdict.SPENT if found is not None and found[0] != _WAS_RIGHT else Verdict.GONE


def _place(code: CodeOf) -> bytes:
    return place(code.account, code.service, code.sid, code.to, "code")


def _custom_key(key: bytes) -> bytes:
    return expand(key, b"ringfence/custom-code/v1")
