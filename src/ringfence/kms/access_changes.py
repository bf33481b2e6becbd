"""What members changed of who may use an account, until the API has taken it into its store."""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.domain.access_change import (
    Change,
    KeyEnded,
    KeyLimited,
    KeyMade,
    KeySlot,
    NoticeAddressSet,
    new_key_sid,
    read_change,
    read_new_key,
)
from ringfence.domain.clock import Clock
from ringfence.domain.standing import hmac_states_record, notice_address_record
from ringfence.kms.access_numbers import next_number
from ringfence.kms.browser_slots import BrowserSlots, put_boxes
from ringfence.kms.proof_keys import PROOF_MS
from ringfence.kms.sealed_forms import SealedForms
from ringfence.kms.slot_keys import KEY_ENDED, set_end
from ringfence.kms.standing_keys import StandingKeys
from ringfence.kms.store import KeyStore
from ringfence.ports.access_changes import AccessChange, WaitingAccess
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.standing_forms import SealedForm

# A key brings every generation of the content key that its maker opens, of some 130 bytes each in the form, and of the
# hybrid 1,600.
FORM_MAX_BYTES: Final = 1 << 20
TAKEN_MS: Final = 10_000
SETTLED_FOR_MS: Final = 86_400_000
AT_ONCE: Final = 100
WAITING_MAX: Final = 200
"""Of one account."""
# What somebody was given a moment ago holds up all that comes after it of its account.
_TAKEABLE = (
    "SELECT number, account, record, credential, at_ms, sealed"
    " FROM access_change AS waiting WHERE settled_ms = 0"
    " AND NOT EXISTS (SELECT 1 FROM access_change AS taken WHERE taken.account = waiting.account"
    " AND taken.settled_ms = 0 AND taken.taken_ms > ?)"
)
_WAITING = (
    "SELECT record, sealed, at_ms FROM access_change"
    " WHERE account = ? AND settled_ms = 0 AND record != ? ORDER BY number"
)
_KNOWN = (
    "SELECT 1 FROM slot WHERE account = ?1 AND credential = ?2"
    " UNION ALL SELECT 1 FROM sealer WHERE account = ?1 AND credential = ?2"
    " UNION ALL SELECT 1 FROM access_change WHERE account = ?1 AND credential = ?2"
)
_FORMER = "SELECT number, account, record, sealed FROM access_change WHERE record != ?"
_DECODER: Final = msgspec.msgpack.Decoder(Change)


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """A form that may be kept: what it changes, and the slot of a key that it makes, if it makes one.

    `asked_ms` is when the key of its proof was asked for, on the monotonic clock: it is no older than that.
    """

    account: str
    record: str
    asked_ms: int
    change: Change
    slot: KeySlot | None = None


class AccessChangeBook:
    """`ports.access_changes` over the key service's database, without the ledger."""

    def __init__(
        self, store: KeyStore, standing: StandingKeys, browsers: BrowserSlots, forms: SealedForms, clock: Clock
    ) -> None:
        self._store = store
        self._standing = standing
        self._browsers = browsers
        self._forms = forms
        self._clock = clock
        self._kept_ms: dict[tuple[str, str], int] = {}

    def check(self, account: str, record: str, form: SealedForm) -> Proven:
        """What may be kept of it. KeyRefusedError, ValueError, ConnectionError as `AccessForms.keep_access`."""
        asked_ms = self._browsers.proofs.asked_ms(account, form.proof_key)
        key = self._forms.check(account, record, form, most=FORM_MAX_BYTES)
        self._check_newest(account, record, asked_ms)
        sid, given, now_ms = new_key_sid(record), self._forms.open(account, record, form), self._clock.now_ms()
        if sid is None:
            change = read_change(record, given, now_ms)
            return Proven(account=account, record=record, asked_ms=asked_ms, change=change)
        made, slot = read_new_key(sid, given, now_ms)
        if made.opens and not slot.boxes:
            raise KeyRefusedError("a key that reads has a slot")
        # A frame seals to every key that it makes: of one that only writes, boxes are proved and not kept.
        self._browsers.check_boxes(account, made.sid, slot, key)
        return Proven(account=account, record=record, asked_ms=asked_ms, change=made, slot=slot)

    async def keep(self, proven: Proven) -> None:
        """Keep what `check` let pass.

        KeyRefusedError where there is such a key, where one that is to end otherwise is not there or has ended, and
        where too much waits of the account.
        """
        account, record, change = proven.account, proven.record, proven.change
        self._check_newest(account, record, proven.asked_ms)
        # Before it is written, so that nothing older passes meanwhile.
        self._kept_ms.pop((account, record), None)
        self._kept_ms[account, record] = self._clock.monotonic_ms()
        sealed = self._standing.seal(account, record, msgspec.msgpack.encode(change))
        credential = change.sid if isinstance(change, KeyMade | KeyLimited) else ""

        def work(db: sqlite3.Connection) -> None:
            _check_room(db, account)
            if isinstance(change, KeyMade) and proven.slot is not None:
                _add_slot(db, account, change, proven.slot)
            if isinstance(change, KeyLimited) and change.ends_ms is not None:
                set_end(db, account, change.sid, change.ends_ms, self._clock.now_ms())
            now_ms = self._clock.now_ms()
            db.execute(
                "INSERT INTO access_change (number, account, record, credential, at_ms, sealed)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (next_number(db, now_ms), account, record, credential, now_ms, sealed),
            )

        await self._store.write(work)

    def waiting(self, account: str) -> list[WaitingAccess]:
        """As `AccessForms.waiting_access`."""
        found = []
        for record, sealed, at_ms in self._store.rows(_WAITING, account, KEY_ENDED):
            change = self._opened(account, record, sealed)
            name = change.friendly_name if isinstance(change, KeyMade) else ""
            found.append(WaitingAccess(record=record, friendly_name=name, at_ms=at_ms))
        return found

    async def take(self) -> list[AccessChange]:
        """As `AccessChanges.take_access`. It writes nothing where nothing waits."""
        now_ms = self._clock.now_ms()
        if self._store.row(f"{_TAKEABLE} LIMIT 1", now_ms - TAKEN_MS) is None:
            return []

        def work(db: sqlite3.Connection) -> list[tuple[int, str, str, str, int, bytes]]:
            rows = db.execute(f"{_TAKEABLE} ORDER BY number LIMIT {AT_ONCE}", (now_ms - TAKEN_MS,)).fetchall()
            db.executemany("UPDATE access_change SET taken_ms = ? WHERE number = ?", [(now_ms, row[0]) for row in rows])
            return rows

        return [
            AccessChange(
                number=number,
                account=account,
                at_ms=at_ms,
                change=KeyEnded(sid=sid) if record == KEY_ENDED else self._for_the_store(account, record, sealed),
            )
            for number, account, record, sid, at_ms, sealed in await self._store.write(work)
        ]

    async def settle(self, numbers: Sequence[int]) -> list[int]:
        """As `AccessChanges.settle_access`."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> list[int]:
            return [
                number
                for number in numbers
                if not db.execute("UPDATE access_change SET settled_ms = ? WHERE number = ?", (now_ms, number)).rowcount
            ]

        return await self._store.write(work)

    def past_keys(self) -> list[tuple[str, str]]:
        """(account, credential) of keys whose end has come, and whose slots are there still."""
        return self._store.rows("SELECT account, credential FROM key_end WHERE ends_ms <= ?", self._clock.now_ms())

    async def tidy(self) -> None:
        """Forget what was settled a day ago: no process of the API is that late."""
        before_ms = self._clock.now_ms() - SETTLED_FOR_MS
        if self._store.row("SELECT 1 FROM access_change WHERE settled_ms BETWEEN 1 AND ?", before_ms) is not None:
            await self._store.write(
                lambda db: db.execute("DELETE FROM access_change WHERE settled_ms BETWEEN 1 AND ?", (before_ms,)),
                erases=True,
            )

    async def renew(self) -> None:
        """Seal what is kept under the newest standing key, since the former ones are about to go."""
        renewed = [
            (sealed, number)
            for number, account, record, kept in self._store.rows(_FORMER, KEY_ENDED)
            if (sealed := self._standing.renew(account, record, kept)) is not None
        ]
        if renewed:
            await self._store.write(
                lambda db: db.executemany("UPDATE access_change SET sealed = ? WHERE number = ?", renewed)
            )

    def _check_newest(self, account: str, record: str, asked_ms: int) -> None:
        """KeyRefusedError for a form that may have been made before the last one of that record that was kept.

        A console carries forms: it could hold one back, say that it failed, and bring it once its maker thought better.
        Keys of proofs and what is known of them here end with the process alike.
        """
        before_ms = self._clock.monotonic_ms() - PROOF_MS
        while self._kept_ms and self._kept_ms[oldest := next(iter(self._kept_ms))] <= before_ms:
            del self._kept_ms[oldest]
        if asked_ms < self._kept_ms.get((account, record), asked_ms):
            raise KeyRefusedError("something newer of this was kept meanwhile: look at it and begin again")

    def _for_the_store(self, account: str, record: str, sealed: bytes) -> Change:
        """With HMAC states of a new key, or an address for notices, as the store keeps them."""
        change = self._opened(account, record, sealed)
        if isinstance(change, NoticeAddressSet) and change.standing:
            standing = self._standing.seal(account, notice_address_record(account), change.standing)
            return NoticeAddressSet(standing=standing)
        if not isinstance(change, KeyMade):
            return change
        states = self._standing.seal(account, hmac_states_record(change.sid), change.hmac_states)
        return msgspec.structs.replace(change, hmac_states=states)

    def _opened(self, account: str, record: str, sealed: bytes) -> Change:
        change: Change = _DECODER.decode(self._standing.open(account, record, sealed))
        return change


def _check_room(db: sqlite3.Connection, account: str) -> None:
    (waiting,) = db.execute(
        "SELECT count(*) FROM access_change WHERE account = ? AND settled_ms = 0", (account,)
    ).fetchone()
    if waiting >= WAITING_MAX:
        raise KeyRefusedError("too much waits to be taken")


def _add_slot(db: sqlite3.Connection, account: str, key: KeyMade, slot: KeySlot) -> None:
    if db.execute(_KNOWN, (account, key.sid)).fetchone():
        raise KeyRefusedError("there is such a key")
    if key.ends_ms:
        db.execute("INSERT INTO key_end VALUES (?, ?, ?)", (account, key.sid, key.ends_ms))
    if key.opens:
        put_boxes(db, account, key.sid, slot)
    else:
        db.execute("INSERT INTO sealer VALUES (?, ?, ?)", (account, key.sid, slot.public))
