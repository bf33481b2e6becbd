"""What the dispatcher may open, and how it ends: epoch copies, then the residue of unfinished records, then nothing.

Every row is sealed to a day key. Rows are written and carried only inside the store's writes, which run one at a time
and seal to today's key; a day key is destroyed after a write has shown that no row is sealed to it any more. So no row
is left behind sealed to a key that is gone.
"""

import collections
import json
import sqlite3
from collections.abc import Iterable, Sequence

from ringfence.domain.clock import Clock
from ringfence.domain.sealing import epoch as epochs
from ringfence.domain.sealing.record import EpochRecords
from ringfence.kms.day_keys import DayKeys
from ringfence.kms.store import KeyStore

RESIDUE_MS = 72 * epochs.HOUR_MS
DUE_MAX = 10_000
HELD_EPOCHS = 50_000

_SEALED_TO = (
    "SELECT 1 FROM delivery_epoch WHERE key_day = :day UNION ALL SELECT 1 FROM delivery_index WHERE key_day = :day"
    " UNION ALL SELECT 1 FROM residue WHERE key_day = :day LIMIT 1"
)
_FORGET_LOST = (
    "DELETE FROM delivery_epoch WHERE key_day NOT IN (SELECT value FROM json_each(?))",
    "DELETE FROM delivery_index WHERE key_day NOT IN (SELECT value FROM json_each(?))",
    "DELETE FROM residue WHERE key_day NOT IN (SELECT value FROM json_each(?))",
)


class Residue:
    """The dispatcher's copies: opening, closing, carrying from day to day, destroying."""

    def __init__(self, store: KeyStore, days: DayKeys, clock: Clock) -> None:
        self._store = store
        self._days = days
        self._clock = clock
        self._held: collections.OrderedDict[tuple[str, int], EpochRecords] = collections.OrderedDict()

    async def forget_lost(self) -> int:
        """Drop copies whose day key is not here, as after a restore without key files; how many there were."""
        held = json.dumps(self._days.days())

        def work(db: sqlite3.Connection) -> int:
            return sum(db.execute(forget, (held,)).rowcount for forget in _FORGET_LOST)

        return await self._store.write(work, erases=True)

    def record_key(self, account: str, epoch: int, sid: str) -> bytes | None:
        """One record's key, while the dispatcher may open it."""
        held = self._held.get((account, epoch)) or self._open_epoch(account, epoch)
        if held is not None:
            return held.key(sid)
        row = self._store.row(
            "SELECT key_day, sealed FROM residue WHERE account = ? AND epoch = ? AND sid = ?", account, epoch, sid
        )
        return None if row is None else self._days.of(row[0]).open_residue(account, epoch, sid, row[1])

    def due(self) -> list[tuple[str, int]]:
        """Epochs whose copy must be closed by now, and those whose residue is sealed to an earlier day's key."""
        now_ms = self._clock.now_ms()
        return self._store.rows(
            "SELECT account, epoch FROM delivery_epoch WHERE epoch <= ?"
            " UNION SELECT account, epoch FROM residue WHERE key_day < ? LIMIT ?",
            _closed_by(now_ms),
            epochs.index_day(now_ms),
            DUE_MAX,
        )

    async def close(self, account: str, epoch: int, unfinished: Sequence[str], scheduled: Sequence[str]) -> None:
        """Keep these record keys, sealed to today's key, and no others. ValueError before the epoch is due."""
        if self._clock.now_ms() < epochs.closes_ms(epoch):
            raise ValueError("the epoch is not due to be closed")
        names = {**dict.fromkeys(unfinished, False), **dict.fromkeys(scheduled, True)}
        await self._store.write(lambda db: self._carry(db, account, epoch, names), erases=True)
        self._held.pop((account, epoch), None)

    async def lend(self, account: str, epoch: int, sid: str, key: bytes) -> None:
        """Keep one record key that the tenant gave, until the next carry. A no-op where the dispatcher has it."""

        def work(db: sqlite3.Connection) -> None:
            held = "SELECT 1 FROM delivery_epoch WHERE account = ? AND epoch = ?"
            if db.execute(held, (account, epoch)).fetchone() is not None:
                return
            today = self._days.today()
            # As a scheduled one: it is not its age that ends it.
            db.execute(
                "INSERT INTO residue (account, epoch, sid, scheduled, key_day, sealed) VALUES (?, ?, ?, 1, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (account, epoch, sid, today.day, today.seal_residue(account, epoch, sid, key)),
            )

        await self._store.write(work)

    async def roll(self) -> None:
        """Drop index copies of past days and residue past its time; destroy day keys to which nothing is sealed."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> list[int]:
            db.execute("DELETE FROM delivery_index WHERE day < ?", (epochs.index_day(now_ms - epochs.CLOSE_AFTER_MS),))
            db.execute("DELETE FROM residue WHERE scheduled = 0 AND epoch <= ?", (_ended_by(now_ms - RESIDUE_MS),))
            return [day for day in self._days.past() if not db.execute(_SEALED_TO, {"day": day}).fetchone()]

        if self._days.past():
            for day in await self._store.write(work, erases=True):
                self._days.destroy(day)

    def _open_epoch(self, account: str, epoch: int) -> EpochRecords | None:
        row = self._store.row(
            "SELECT key_day, sealed FROM delivery_epoch WHERE account = ? AND epoch = ?", account, epoch
        )
        if row is None:
            return None
        records = EpochRecords(self._days.of(row[0]).open_epoch(account, epoch, row[1]))
        self._held[account, epoch] = records
        if len(self._held) > HELD_EPOCHS:
            self._held.popitem(last=False)
        return records

    def _carry(self, db: sqlite3.Connection, account: str, epoch: int, names: dict[str, bool]) -> None:
        now_ms = self._clock.now_ms()
        # Sealed to today's key a copy lives as long as that key: so the last carry is the last that ends in time.
        if now_ms > epochs.ended_ms(epoch) + RESIDUE_MS - epochs.DAY_MS:
            names = {sid: scheduled for sid, scheduled in names.items() if scheduled}
        today = self._days.today()
        keys = self._keys_of(db, account, epoch, names)
        db.execute("DELETE FROM residue WHERE account = ? AND epoch = ?", (account, epoch))
        db.executemany(
            "INSERT INTO residue (account, epoch, sid, scheduled, key_day, sealed) VALUES (?, ?, ?, ?, ?, ?)",
            (
                (account, epoch, sid, names[sid], today.day, today.seal_residue(account, epoch, sid, key))
                for sid, key in keys
            ),
        )
        db.execute("DELETE FROM delivery_epoch WHERE account = ? AND epoch = ?", (account, epoch))

    def _keys_of(
        self, db: sqlite3.Connection, account: str, epoch: int, names: Iterable[str]
    ) -> list[tuple[str, bytes]]:
        row = db.execute(
            "SELECT key_day, sealed FROM delivery_epoch WHERE account = ? AND epoch = ?", (account, epoch)
        ).fetchone()
        if row is not None:
            records = EpochRecords(self._days.of(row[0]).open_epoch(account, epoch, row[1]))
            return [(sid, records.key(sid)) for sid in names]
        kept = []
        for sid in names:
            found = db.execute(
                "SELECT key_day, sealed FROM residue WHERE account = ? AND epoch = ? AND sid = ?", (account, epoch, sid)
            ).fetchone()
            if found is not None:
                kept.append((sid, self._days.of(found[0]).open_residue(account, epoch, sid, found[1])))
        return kept


def _closed_by(at_ms: int) -> int:
    """The highest epoch whose copy was to be closed by `at_ms`."""
    return _ended_by(at_ms - epochs.CLOSE_AFTER_MS)


def _ended_by(at_ms: int) -> int:
    """The highest epoch whose hour had ended by `at_ms`."""
    return epochs.last_epoch(at_ms - epochs.HOUR_MS)
