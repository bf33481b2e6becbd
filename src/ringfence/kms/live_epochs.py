"""Live epochs: the epoch that takes an account's records now, and today's index key."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from ringfence.domain.clock import Clock
from ringfence.domain.sealing import epoch as epochs
from ringfence.domain.sealing.record import EpochRecords
from ringfence.domain.sealing.retained import EpochRetention
from ringfence.kms.day_keys import DayKeys
from ringfence.kms.store import KeyStore
from ringfence.ports.keys import KeyRefusedError

LIVE_MAX = 100_000
COUNT_STEP = 1 << 13

T = TypeVar("T")


class LiveEpoch:
    """An epoch that may still take records. `records` is how many it took, as far as is known.

    `retention` is what a duty wants of them, once its box is kept.
    """

    def __init__(self, number: int, generation: int, key: bytes, records: int) -> None:
        self.number = number
        self.generation = generation
        self.key = key
        self.records = records
        self.record_keys = EpochRecords(key)
        self.retention: EpochRetention | None = None


class _Once(Generic[T]):
    """Makes what is asked for by many at once, once."""

    def __init__(self) -> None:
        self._making: dict[str, asyncio.Future[T]] = {}

    async def __call__(self, name: str, make: Callable[[], Awaitable[T]]) -> T:
        making = self._making.get(name)
        if making is None:
            making = self._making[name] = asyncio.ensure_future(make())
            making.add_done_callback(lambda _: self._making.pop(name, None))
        return await asyncio.shield(making)


class LiveEpochs:
    """Begins epochs and index keys when they are first needed, sealed to the tenant and to the dispatcher."""

    def __init__(self, store: KeyStore, days: DayKeys, clock: Clock) -> None:
        self._store = store
        self._days = days
        self._clock = clock
        self._epochs: dict[str, LiveEpoch] = {}
        self._indexes: dict[str, tuple[int, bytes]] = {}
        self._one_epoch: _Once[LiveEpoch] = _Once()
        self._one_index: _Once[tuple[int, bytes]] = _Once()

    async def epoch(self, account: str) -> LiveEpoch:
        """The epoch for records made now; KeyRefusedError for an unknown account."""
        generation = self._generation(account)
        found = self._epochs.get(account)
        if found is not None and found.generation == generation and self._takes_more(found):
            return found
        return await self._one_epoch(account, lambda: self._make_epoch(account))

    async def index_key(self, account: str) -> tuple[int, bytes]:
        """Today, and its index key."""
        self._generation(account)
        found = self._indexes.get(account)
        if found is not None and found[0] == epochs.index_day(self._clock.now_ms()):
            return found
        return await self._one_index(account, lambda: self._make_index(account))

    async def count(self, account: str, records: int) -> None:
        """So many records more were sealed in the account's live epoch."""
        live = self._epochs.get(account)
        if live is None or records <= 0:
            return
        before = live.records
        live.records += records
        if before // COUNT_STEP != live.records // COUNT_STEP:
            reached, number = live.records, live.number

            def work(db: sqlite3.Connection) -> None:
                db.execute("UPDATE epoch SET records = ? WHERE account = ? AND epoch = ?", (reached, account, number))

            await self._store.write(work)

    def forget_past(self) -> None:
        """Let go of epochs that are closed by now and of index keys of past days."""
        now_ms = self._clock.now_ms()
        for account in [name for name, live in self._epochs.items() if epochs.closes_ms(live.number) <= now_ms]:
            del self._epochs[account]
        for account in [name for name, (day, _) in self._indexes.items() if day != epochs.index_day(now_ms)]:
            del self._indexes[account]

    def _generation(self, account: str) -> int:
        row = self._store.row("SELECT generation FROM account WHERE account = ?", account)
        if row is None:
            raise KeyRefusedError("no such account")
        return int(row[0])

    def _takes_more(self, live: LiveEpoch) -> bool:
        now_ms = self._clock.now_ms()
        if not epochs.first_epoch(now_ms) <= live.number <= epochs.last_epoch(now_ms):
            return False
        # The last number of an hour takes what comes: the bound is on how much one key opens, not on safety.
        return live.records < epochs.RECORDS_PER_EPOCH or live.number == epochs.last_epoch(now_ms)

    async def _make_epoch(self, account: str) -> LiveEpoch:
        live = await self._store.write(lambda db: self._continue(db, account) or self._begin(db, account))
        _keep(self._epochs, account, live)
        return live

    def _continue(self, db: sqlite3.Connection, account: str) -> LiveEpoch | None:
        """The hour's latest epoch, after a restart: if it is of the current content key and takes more."""
        now_ms = self._clock.now_ms()
        row = db.execute(
            "SELECT epoch, generation, records, key_day, d.sealed FROM epoch JOIN account USING (account, generation)"
            " JOIN delivery_epoch d USING (account, epoch)"
            " WHERE account = ? AND epoch BETWEEN ? AND ? ORDER BY epoch DESC LIMIT 1",
            (account, epochs.first_epoch(now_ms), epochs.last_epoch(now_ms)),
        ).fetchone()
        if row is None:
            return None
        number, generation, records, key_day, sealed = row
        key = self._days.of(key_day).open_epoch(account, number, sealed)
        live = LiveEpoch(number, generation, key, records)
        return live if self._takes_more(live) else None

    def _begin(self, db: sqlite3.Connection, account: str) -> LiveEpoch:
        now_ms = self._clock.now_ms()
        generation, public = db.execute(
            "SELECT generation, public FROM account JOIN content_key USING (account, generation) WHERE account = ?",
            (account,),
        ).fetchone()
        (latest,) = db.execute(
            "SELECT max(epoch) FROM epoch WHERE account = ? AND epoch BETWEEN ? AND ?",
            (account, epochs.first_epoch(now_ms), epochs.last_epoch(now_ms)),
        ).fetchone()
        number = epochs.first_epoch(now_ms) if latest is None else latest + 1
        if number > epochs.last_epoch(now_ms):
            raise ConnectionError("the epochs of this hour are used up")
        key, day_key = epochs.new_key(), self._days.today()
        db.execute(
            "INSERT INTO epoch (account, epoch, generation, sealed) VALUES (?, ?, ?, ?)",
            (account, number, generation, epochs.seal_epoch_key(key, public, account, number)),
        )
        db.execute(
            "INSERT INTO delivery_epoch (account, epoch, key_day, sealed) VALUES (?, ?, ?, ?)",
            (account, number, day_key.day, day_key.seal_epoch(account, number, key)),
        )
        return LiveEpoch(number, generation, key, 0)

    async def _make_index(self, account: str) -> tuple[int, bytes]:
        made = await self._store.write(lambda db: self._index(db, account))
        _keep(self._indexes, account, made)
        return made

    def _index(self, db: sqlite3.Connection, account: str) -> tuple[int, bytes]:
        day = epochs.index_day(self._clock.now_ms())
        row = db.execute(
            "SELECT key_day, sealed FROM delivery_index WHERE account = ? AND day = ?", (account, day)
        ).fetchone()
        if row is not None:
            return day, self._days.of(row[0]).open_index(account, day, row[1])
        generation, public = db.execute(
            "SELECT generation, public FROM account JOIN content_key USING (account, generation) WHERE account = ?",
            (account,),
        ).fetchone()
        key, day_key = epochs.new_key(), self._days.today()
        db.execute(
            # There is one already only after a restore without key files: numbers of earlier today are not found then.
            "INSERT OR REPLACE INTO index_key (account, day, generation, sealed) VALUES (?, ?, ?, ?)",
            (account, day, generation, epochs.seal_index_key(key, public, account, day)),
        )
        db.execute(
            "INSERT INTO delivery_index (account, day, key_day, sealed) VALUES (?, ?, ?, ?)",
            (account, day, day_key.day, day_key.seal_index(account, day, key)),
        )
        return day, key


def _keep(held: dict[str, T], account: str, value: T) -> None:
    if account not in held and len(held) >= LIVE_MAX:
        held.pop(next(iter(held)))
    held[account] = value
