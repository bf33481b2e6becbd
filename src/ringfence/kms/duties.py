"""Declared duties in the key service: which one stands, and the boxes that its officers open.

A duty has a key file of its own, `duty-<number>.key`, the outer seal of its boxes. With the file gone they open for
nobody, from no backup either that lacks it.
"""

import asyncio
import os
import sqlite3
from typing import Final, NamedTuple

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.retention.declaration import Declaration, check
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.duty_box import lift_lid, seal_box
from ringfence.domain.sealing.epoch import ended_ms, new_key
from ringfence.domain.sealing.retained import EpochRetention, epoch_key, until_ms
from ringfence.kms.key_files import DUTY, KeyFiles, day_file
from ringfence.kms.live_epochs import LiveEpoch
from ringfence.kms.store import KeyStore
from ringfence.ports.duties import BOXES_AT_ONCE
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.retention import Duty

FORGOTTEN_AT_ONCE = 10_000
SECRET_ID_BYTES = 16
DECLARE, END, ERASE = "declare", "end", "erase"
DECLARED: Final = "duty.declare"
VERBS: Final = {DECLARE: DECLARED, END: "duty.end", ERASE: "duty.erase"}
"""What tenants' ledgers say."""

_ALL = "SELECT number, declared_ms, ended_ms, erased, untold, declaration FROM duty ORDER BY number DESC"
_DECLARE = "INSERT INTO duty (number, declared_ms, untold, declaration) VALUES (?, ?, 'declare', ?)"
_KEEP_BOX = "INSERT INTO duty_box VALUES (?, ?, ?, ?, ?, ?)"
_BOX = "SELECT 1 FROM duty_box WHERE account = ? AND duty = ? AND epoch = ? AND secret_id = ?"
_BOXES = (
    "SELECT epoch, sealed FROM duty_box WHERE account = ?1 AND duty = ?2 AND epoch IN ("
    "SELECT DISTINCT epoch FROM duty_box WHERE account = ?1 AND duty = ?2 AND epoch > ?3 AND epoch BETWEEN ?4 AND ?5"
    " ORDER BY epoch LIMIT ?6) ORDER BY epoch"
)
_ANY_PAST = "SELECT 1 FROM duty_box WHERE until_ms <= ? LIMIT 1"
_FORGET = (
    "DELETE FROM duty_box WHERE (account, duty, epoch, secret_id) IN"
    " (SELECT account, duty, epoch, secret_id FROM duty_box WHERE until_ms <= ? ORDER BY until_ms LIMIT ?)"
)
_ANY_OF_DUTY = "SELECT 1 FROM duty_box WHERE duty = ? LIMIT 1"

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Declaration)


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A duty's row."""

    number: int
    declared_ms: int
    ended_ms: int | None
    erased: bool
    untold: str
    declaration: Declaration

    @property
    def stands(self) -> bool:
        return self.ended_ms is None and self.untold != DECLARE

    @property
    def seen(self) -> Duty:
        """As everybody may see it."""
        return Duty(
            number=self.number,
            fields=self.declaration.fields,
            days=self.declaration.days,
            basis=self.declaration.basis,
            officers=tuple(officer.name for officer in self.declaration.officers),
            declared_ms=self.declared_ms,
            ended_ms=self.ended_ms,
            erased=self.erased,
        )


class _Secret(NamedTuple):
    """What an hour's retained keys are made of, in memory alone; `id` says on disk which box is of it."""

    ended_ms: int
    id: bytes
    value: bytes

    def __repr__(self) -> str:
        return "_Secret(…)"


_NO_SECRET: Final = _Secret(ended_ms=0, id=b"", value=b"")


class DutyBook:
    """The duties over the key service's database, without the ledger."""

    def __init__(self, store: KeyStore, files: KeyFiles, clock: Clock) -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._kept: list[_Kept] = []
        self._outer: dict[int, bytes] = {}
        self._changing = asyncio.Lock()
        self._secret = _NO_SECRET

    def load(self) -> None:
        """Hold what there is. KeyFileError where the key of boxes that there are is missing."""
        self._read()
        self._outer = {kept.number: self._files.load(_file(kept.number)) for kept in self._kept if not kept.erased}
        # A crash came between the row and the file. A file without a row stays, for the next declaration to use: it may
        # be the database that is the wrong one.
        self._destroy_erased()

    @property
    def stands(self) -> bool:
        """Whether one stands now."""
        return self._standing is not None

    @property
    def untold(self) -> tuple[Duty, str] | None:
        """What tenants' ledgers have yet to say: of which duty, and DECLARE, END or ERASE."""
        return next(((kept.seen, kept.untold) for kept in self._kept if kept.untold), None)

    def all(self) -> list[Duty]:
        """Those that were declared and told, the newest first."""
        return [kept.seen for kept in self._kept if kept.untold != DECLARE]

    def to_tell(self) -> Duty | None:
        """The newest that stands or is about to: an account that is made now has to know of it."""
        return next((kept.seen for kept in self._kept if kept.ended_ms is None), None)

    def declaration(self, number: int) -> Declaration:
        """KeyRefusedError."""
        return self._of(number).declaration

    def accounts(self, after: str, limit: int) -> list[str]:
        """Those that there are, in order, from behind `after` on."""
        rows = self._store.rows("SELECT account FROM account WHERE account > ? ORDER BY account LIMIT ?", after, limit)
        return [account for (account,) in rows]

    def knows(self, account: str) -> bool:
        """Whether there is such an account."""
        return self._store.row("SELECT 1 FROM account WHERE account = ?", account) is not None

    async def declare(self, declaration: Declaration) -> int:
        """Write one down, which stands once it is `told`. ValueError, KeyRefusedError while another waits for that."""
        check(declaration)
        async with self._changing:
            return await self._declare(declaration)

    async def _declare(self, declaration: Declaration) -> int:
        if self.untold is not None:
            raise KeyRefusedError("what was declared or ended before is still being told to tenants")
        number = max((kept.number for kept in self._kept), default=0) + 1
        outer = self._files.create(_file(number))
        row = (number, self._clock.now_ms(), _encoder.encode(declaration))

        def work(db: sqlite3.Connection) -> None:
            db.execute(_DECLARE, row)

        await self._store.write(work)
        self._outer[number] = outer
        self._read()
        return number

    async def end(self, *, erase: bool) -> Duty:
        """End the one that stands; erase what any kept. KeyRefusedError where there is nothing to end or erase."""
        async with self._changing:
            return await self._end(erase=erase)

    async def _end(self, *, erase: bool) -> Duty:
        if self.untold is not None:
            raise KeyRefusedError("what was declared or ended before is still being told to tenants")
        standing = self._standing
        unerased = [kept for kept in self._kept if not kept.erased]
        ended = standing or (unerased[0] if erase and unerased else None)
        if ended is None:
            raise KeyRefusedError("no duty stands")
        now_ms, number = self._clock.now_ms(), ended.number

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE duty SET ended_ms = ? WHERE ended_ms IS NULL", (now_ms,))
            db.execute("UPDATE duty SET untold = ? WHERE number = ?", (ERASE if erase else END, number))
            if erase:
                db.execute("UPDATE duty SET erased = 1")
                db.execute("DELETE FROM duty_box")

        await self._store.write(work, erases=erase)
        self._read()
        self._destroy_erased()
        return self._of(number).seen

    async def told(self, number: int) -> None:
        """Every account's ledger says it: a declaration stands from now on, in the place of the one before."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> None:
            db.execute("UPDATE duty SET ended_ms = ? WHERE ended_ms IS NULL AND number < ?", (now_ms, number))
            db.execute("UPDATE duty SET untold = '' WHERE number = ?", (number,))

        await self._store.write(work)
        self._read()

    async def retention(self, account: str, live: LiveEpoch) -> EpochRetention | None:
        """What the standing duty wants of the epoch's records; its officers' box is on disk before this is answered."""
        standing = self._standing
        if standing is None:
            return None
        held = live.retention
        if held is not None and held.duty == standing.number:
            return held
        secret, declared = self._secret_of(live.number), standing.declaration
        key = epoch_key(secret.value, account, standing.number, live.number)
        outer = self._outer[standing.number]
        place = (account, standing.number, live.number)

        def work(db: sqlite3.Connection) -> bool:
            if db.execute("SELECT 1 FROM duty WHERE number = ? AND erased = 0", (standing.number,)).fetchone() is None:
                return False
            if db.execute(_BOX, (*place, secret.id)).fetchone() is None:
                box = seal_box(outer, declared.public, *place, key)
                db.execute(_KEEP_BOX, (*place, secret.id, until_ms(live.number, declared.days), box))
            return True

        if not await self._store.write(work):
            return None
        live.retention = EpochRetention(
            duty=standing.number, fields=declared.fields, days=declared.days, epoch=live.number, key=key
        )
        return live.retention

    def _secret_of(self, epoch: int) -> "_Secret":
        """That of the epoch's hour. It is forgotten with the hour, and by a restart: then there is a box more."""
        if self._secret.ended_ms != ended_ms(epoch):
            self._secret = _Secret(ended_ms=ended_ms(epoch), id=os.urandom(SECRET_ID_BYTES), value=new_key())
        return self._secret

    def boxes(self, account: str, duty: int, epochs: tuple[int, int], after: int) -> list[tuple[int, bytes]]:
        """The boxes of up to 4,096 of these epochs, their lids taken off: for officers alone. KeyRefusedError."""
        if self._of(duty).erased:
            raise KeyRefusedError("what that duty kept was erased")
        rows = self._store.rows(_BOXES, account, duty, min(after, epochs[1]), *epochs, BOXES_AT_ONCE)
        try:
            return [(epoch, lift_lid(self._outer[duty], account, duty, epoch, box)) for epoch, box in rows]
        except UnsealError:
            raise KeyRefusedError("a box does not open under the key of its duty") from None

    async def tidy(self) -> None:
        """Forget the secret of a past hour, boxes whose days are over, and keys of ended duties that have none left."""
        now_ms = self._clock.now_ms()
        if self._secret.ended_ms <= now_ms:
            self._secret = _NO_SECRET
        if self._store.row(_ANY_PAST, now_ms) is not None:

            def forget(db: sqlite3.Connection) -> None:
                db.execute(_FORGET, (now_ms, FORGOTTEN_AT_ONCE))

            await self._store.write(forget, erases=True)
        emptied = [
            kept.number
            for kept in self._kept
            if kept.ended_ms is not None and not kept.erased and self._store.row(_ANY_OF_DUTY, kept.number) is None
        ]
        for number in emptied:
            await self._erase_empty(number)
        self._destroy_erased()

    async def _erase_empty(self, number: int) -> None:
        def work(db: sqlite3.Connection) -> None:
            # A process that asked a moment before the end may have had its box kept a moment after.
            if db.execute(_ANY_OF_DUTY, (number,)).fetchone() is None:
                db.execute("UPDATE duty SET erased = 1 WHERE number = ?", (number,))

        await self._store.write(work)
        self._read()

    def _destroy_erased(self) -> None:
        for kept in self._kept:
            if kept.erased:
                self._files.destroy(_file(kept.number))
                self._outer.pop(kept.number, None)

    @property
    def _standing(self) -> _Kept | None:
        return next((kept for kept in self._kept if kept.stands), None)

    def _of(self, number: int) -> _Kept:
        for kept in self._kept:
            if kept.number == number:
                return kept
        raise KeyRefusedError("no such duty")

    def _read(self) -> None:
        self._kept = [
            _Kept(
                number=number,
                declared_ms=declared_ms,
                ended_ms=ended_ms,
                erased=bool(erased),
                untold=untold,
                declaration=_decoder.decode(declaration),
            )
            for number, declared_ms, ended_ms, erased, untold, declaration in self._store.rows(_ALL)
        ]


def said(duty: Duty) -> tuple[str, ...]:
    """How a tenant's ledger names a duty: all that everybody may know of it."""
    return (
        f"duty:{duty.number}",
        f"fields:{','.join(duty.fields)}",
        f"days:{duty.days}",
        f"officers:{','.join(duty.officers)}",
        f"basis:{duty.basis}",
    )


def _file(number: int) -> str:
    return day_file(number, DUTY)
