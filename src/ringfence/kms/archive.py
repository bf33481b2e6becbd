"""The archive: epoch and index keys as the tenant opens them, one by one with HPKE, then many at once in bundles."""

import asyncio
import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.sealing import bundle, epoch
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.hpke import Recipient
from ringfence.kms.slot_keys import Opened
from ringfence.kms.store import KeyStore

OPEN_MAX = 10_000
BUNDLE_FROM = 8  # fewer opened at once are not worth writing a bundle anew

_log = structlog.get_logger(__name__)


class Kind(NamedTuple):
    """One of the two kinds of key: where it is kept, how it opens, which bundle it joins, and when it is closed."""

    name: str
    query: str
    open: Callable[[bytes, Recipient, str, int], bytes]
    span: Callable[[int], int]
    ended_ms: Callable[[int], int]


EPOCHS = Kind(
    bundle.EPOCHS,
    "SELECT epoch, generation, sealed FROM epoch WHERE account = ? AND epoch IN (SELECT value FROM json_each(?))",
    epoch.open_epoch_key,
    bundle.epoch_span,
    epoch.ended_ms,
)
INDEXES = Kind(
    bundle.INDEXES,
    "SELECT day, generation, sealed FROM index_key WHERE account = ? AND day IN (SELECT value FROM json_each(?))",
    epoch.open_index_key,
    bundle.index_span,
    lambda day: (day + 1) * epoch.DAY_MS,
)


class Archive:
    """Opens keys by number for whoever opened the content keys."""

    def __init__(self, store: KeyStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._bundling: set[asyncio.Task[None]] = set()

    def open(self, opened: Opened, account: str, kind: Kind, numbers: Iterable[int]) -> dict[int, bytes]:
        """The keys that exist, by number. ValueError for more than `OPEN_MAX`."""
        wanted = sorted(set(numbers))
        if len(opened.keys) > OPEN_MAX:
            opened.keys.clear()
        if len(wanted) > OPEN_MAX:
            raise ValueError(f"more than {OPEN_MAX} keys at once")
        self._open_bundles(opened, account, kind, _missing(opened, kind, wanted))
        self._open_singly(opened, account, kind, _missing(opened, kind, wanted))
        return {number: key for number in wanted if (key := opened.keys.get((kind.name, number))) is not None}

    async def settle(self) -> None:
        """Return when no bundle is being written."""
        while self._bundling:
            await asyncio.wait(self._bundling)

    def _open_bundles(self, opened: Opened, account: str, kind: Kind, numbers: list[int]) -> None:
        spans = {kind.span(number) for number in numbers}
        rows = self._store.rows(
            "SELECT generation, span, sealed FROM bundle WHERE account = ? AND kind = ?"
            " AND span IN (SELECT value FROM json_each(?))",
            account,
            kind.name,
            json.dumps(sorted(spans)),
        )
        wanted = set(numbers)
        for generation, span, sealed in rows:
            content_key = opened.content.get(generation)
            if content_key is None:
                continue
            try:
                keys = bundle.open_bundle(content_key.bundle_key(), account, kind.name, span, sealed)
            except UnsealError:
                # Nothing is lost with it: each key opens by itself, and joins a new bundle then.
                _log.warning("kms.bundle_damaged", account=account, kind=kind.name)
                continue
            opened.keys.update({(kind.name, number): key for number, key in keys.items() if number in wanted})

    def _open_singly(self, opened: Opened, account: str, kind: Kind, numbers: list[int]) -> None:
        fresh: dict[tuple[int, int], dict[int, bytes]] = {}
        now_ms = self._clock.now_ms()
        for number, generation, sealed in self._store.rows(kind.query, account, json.dumps(numbers)):
            content_key = opened.content.get(generation)
            if content_key is None:
                continue
            try:
                key = kind.open(sealed, content_key.recipient, account, number)
            except UnsealError:
                _log.error("kms.key_damaged", account=account, kind=kind.name, epoch=number)
                continue
            opened.keys[kind.name, number] = key
            if kind.ended_ms(number) <= now_ms:
                fresh.setdefault((generation, kind.span(number)), {})[number] = key
        if sum(map(len, fresh.values())) >= BUNDLE_FROM:
            self._bundle(opened, account, kind, fresh)

    def _bundle(
        self, opened: Opened, account: str, kind: Kind, fresh: Mapping[tuple[int, int], dict[int, bytes]]
    ) -> None:
        def work(db: sqlite3.Connection) -> None:
            for (generation, span), keys in fresh.items():
                _join_bundle(db, opened.content[generation].bundle_key(), (account, generation, kind.name, span), keys)

        async def write() -> None:
            try:
                await self._store.write(work)
            except ConnectionError:
                # The keys were answered already; the next opening tries again.
                _log.warning("kms.bundle_not_written", account=account, kind=kind.name)

        task = asyncio.create_task(write())
        self._bundling.add(task)
        task.add_done_callback(self._bundling.discard)


def _missing(opened: Opened, kind: Kind, numbers: list[int]) -> list[int]:
    return [number for number in numbers if (kind.name, number) not in opened.keys]


def _join_bundle(
    db: sqlite3.Connection, bundle_key: bytes, place: tuple[str, int, str, int], keys: dict[int, bytes]
) -> None:
    account, _, kind, span = place
    row = db.execute(
        "SELECT sealed FROM bundle WHERE account = ? AND generation = ? AND kind = ? AND span = ?", place
    ).fetchone()
    known: dict[int, bytes] = {}
    if row is not None:
        try:
            known = bundle.open_bundle(bundle_key, account, kind, span, row[0])
        except UnsealError:
            known = {}  # damaged: begin it anew
    sealed = bundle.seal_bundle(bundle_key, account, kind, span, known | keys)
    db.execute(
        "INSERT OR REPLACE INTO bundle (account, generation, kind, span, sealed) VALUES (?, ?, ?, ?, ?)",
        (*place, sealed),
    )
