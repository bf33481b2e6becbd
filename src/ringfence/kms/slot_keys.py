"""Content keys by slot: who opens which account, and what becomes of its content key as credentials come and go."""

import hashlib
import hmac
import sqlite3
from collections.abc import Sequence

from ringfence.domain.access_change import new_key_record
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.hpke import Recipient, is_hybrid
from ringfence.domain.sealing.slots import ContentKey, slot_public
from ringfence.domain.sid import is_sid
from ringfence.kms.access_numbers import next_number
from ringfence.kms.store import KeyStore
from ringfence.ports.console_keys import API_KEY_PREFIX
from ringfence.ports.keys import Caller, KeyRefusedError, Slot

OPENED_MS = 58_000  # let go of within 60 s, tidying included
OPENED_MAX = 10_000
KEY_ENDED = "key_ended"
"""The record of what tells the API that a key was revoked which it may be taking: it has nothing sealed."""
# Whoever took the key has his time to put it into the store: only then is it taken out.
_END_TAKEN = (
    "INSERT INTO access_change (number, account, record, credential, at_ms, sealed, taken_ms)"
    " SELECT ?, account, ?, credential, ?, x'', taken_ms FROM access_change"
    " WHERE account = ? AND record = ? AND settled_ms = 0"
)
_OF_ACCOUNT = (
    "SELECT 1 FROM slot WHERE account = ?1 AND credential = ?2"
    " UNION ALL SELECT 1 FROM sealer WHERE account = ?1 AND credential = ?2"
)
_PRESENT = "SELECT public FROM account JOIN content_key USING (account, generation) WHERE account = ?"


class Opened:
    """What one credential opened of one account: its content keys by generation, and epoch and index keys by number.

    It lasts until `until_ms` on the monotonic clock, and use does not prolong it. `supersedes` is true where the slot
    is the new one of a rotated secret and the old one is still there.
    """

    def __init__(self, content: dict[int, ContentKey], until_ms: int, supersedes: bool) -> None:
        self.content = content
        self.until_ms = until_ms
        self.supersedes = supersedes
        self.keys: dict[tuple[str, int], bytes] = {}


class SlotKeys:
    """Opens content keys through slots; makes, adds and revokes slots.

    With `hybrid`, accounts that are made from now on, but subaccounts of others, are sealed by the hybrid with ML-KEM.
    An account is so from its first key on or never: what was ever kept of it would open it otherwise.
    """

    def __init__(self, store: KeyStore, clock: Clock, *, hybrid: bool = False) -> None:
        self._store = store
        self._clock = clock
        self._hybrid = hybrid
        self._opened: dict[tuple[str, str, str, bytes], Opened] = {}

    def open(self, caller: Caller, account: str) -> Opened:
        """The content keys of `account` (the caller's own or a subaccount of it), or KeyRefusedError."""
        who = (account, caller.account, caller.credential, hashlib.sha256(caller.seed).digest())
        now_ms = self._clock.monotonic_ms()
        found = self._opened.get(who)
        if found is not None and now_ms < found.until_ms:
            return found
        self.forget_expired()
        content, supersedes = self._open_slot(caller)
        if account != caller.account:
            content = self._open_child(content, caller.account, account)
        if len(self._opened) >= OPENED_MAX:
            self._opened.pop(next(iter(self._opened)))
        opened = self._opened[who] = Opened(content, now_ms + OPENED_MS, supersedes)
        return opened

    def forget_expired(self) -> None:
        """Drop what was opened a minute ago."""
        now_ms = self._clock.monotonic_ms()
        while self._opened and self._opened[oldest := next(iter(self._opened))].until_ms <= now_ms:
            del self._opened[oldest]

    async def create(self, account: str, slots: Sequence[Slot], parent: str | None) -> None:
        """A first content key for `account`; a no-op for one that has it. KeyRefusedError for an unknown parent."""

        def work(db: sqlite3.Connection) -> None:
            if db.execute("SELECT 1 FROM account WHERE account = ?", (account,)).fetchone():
                return
            if parent is not None and not db.execute("SELECT 1 FROM account WHERE account = ?", (parent,)).fetchone():
                raise KeyRefusedError("no such parent account")
            db.execute("INSERT INTO account (account, parent, generation) VALUES (?, ?, -1)", (account, parent))
            hybrid = self._hybrid if parent is None else _is_hybrid(db, parent)
            _begin_generation(db, account, [(slot, 0) for slot in slots], hybrid=hybrid)

        await self._store.write(work)

    def check(self, account: str, slot: Slot) -> None:
        """KeyRefusedError where the account can have no such slot, before anything is written of it."""
        found = self._store.row(_PRESENT, account)
        _public(slot, hybrid=found is not None and is_hybrid(found[0]))

    async def add(self, opened: Opened, account: str, slot: Slot) -> None:
        """Seal what is opened to one more slot. Where its credential has one, both open until the new one is used."""

        def work(db: sqlite3.Connection) -> None:
            (generation,) = db.execute("SELECT generation FROM account WHERE account = ?", (account,)).fetchone()
            if generation not in opened.content:
                raise ConnectionError("a new content key began meanwhile")  # the new slot would not open it: try again
            turns = dict(
                db.execute(
                    "SELECT turn, public FROM slot WHERE account = ? AND credential = ? ORDER BY turn DESC",
                    (account, slot.credential),
                )
            )
            if _public(slot, hybrid=_is_hybrid(db, account)) in turns.values():
                return
            # A later turn that was never used comes from a rotation that was not finished.
            used = min(turns, default=0)
            db.execute(
                "DELETE FROM slot WHERE account = ? AND credential = ? AND turn > ?", (account, slot.credential, used)
            )
            for key in opened.content.values():
                _put_slot(db, key, slot, used + 1)

        await self._store.write(work)

    def public_of(self, account: str, credential: str) -> bytes:
        """The public half of a credential's slot, the latest where it has two; KeyRefusedError without one."""
        found = self._store.row(
            "SELECT public FROM slot WHERE account = ? AND credential = ? ORDER BY turn DESC", account, credential
        )
        if found is None:
            raise KeyRefusedError("no such slot")
        return bytes(found[0])

    def seals(self, caller: Caller, account: str) -> bool:
        """True where the caller is one that may have something sealed for `account` and opens nothing of it."""
        found = self._store.row(
            "SELECT public FROM sealer WHERE account = ? AND credential = ?", caller.account, caller.credential
        )
        if found is None or not hmac.compare_digest(found[0], slot_public(caller.seed, hybrid=is_hybrid(found[0]))):
            return False
        if account == caller.account:
            return True
        child = self._store.row("SELECT 1 FROM account WHERE account = ? AND parent = ?", account, caller.account)
        return child is not None

    def is_of(self, account: str, credential: str) -> bool:
        """Whether the credential opens something of the account, or may have something sealed for it."""
        return self._store.row(_OF_ACCOUNT, account, credential) is not None

    def are_children(self, parent: str, accounts: Sequence[str]) -> bool:
        """Whether all of them are subaccounts of `parent`."""
        return {child for (child,) in self._store.rows("SELECT account FROM account WHERE parent = ?", parent)} >= {
            *accounts
        }

    async def add_sealer(self, account: str, slot: Slot) -> None:
        """Keep the public half of a credential that seals and does not open."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT INTO sealer (account, credential, public) VALUES (?, ?, ?)"
                " ON CONFLICT (account, credential) DO UPDATE SET public = excluded.public",
                (account, slot.credential, _public(slot, hybrid=_is_hybrid(db, account))),
            )

        await self._store.write(work)

    async def supersede(self, caller: Caller) -> None:
        """The new slot of a rotated secret is in use: its old one goes, and a new content key begins."""

        def work(db: sqlite3.Connection) -> None:
            public = slot_public(caller.seed, hybrid=_is_hybrid(db, caller.account))
            gone = db.execute(
                "DELETE FROM slot WHERE account = ? AND credential = ? AND public != ?",
                (caller.account, caller.credential, public),
            )
            if gone.rowcount:
                renew(db, caller.account)

        await self._store.write(work, erases=True)
        self._forget_renewed(caller.account)

    async def end_former(self, account: str, credential: str) -> None:
        """As `supersede`, before the newest slot is in use. A no-op where there is one alone."""

        def work(db: sqlite3.Connection) -> None:
            gone = db.execute(
                "DELETE FROM slot WHERE account = ?1 AND credential = ?2"
                " AND turn < (SELECT max(turn) FROM slot WHERE account = ?1 AND credential = ?2)",
                (account, credential),
            )
            if gone.rowcount:
                renew(db, account)

        await self._store.write(work, erases=True)
        self._forget_renewed(account)

    async def revoke(self, account: str, credential: str) -> None:
        """Drop a slot; a new content key begins for `account` and its subaccounts. A no-op without that slot.

        Where a key waits to be taken into the store, or is being taken, what takes it out again waits in its place.
        """

        def work(db: sqlite3.Connection) -> None:
            now_ms = self._clock.now_ms()
            db.execute("DELETE FROM sealer WHERE account = ? AND credential = ?", (account, credential))
            ended = next_number(db, now_ms), KEY_ENDED, now_ms
            db.execute(_END_TAKEN, (*ended, account, new_key_record(credential)))
            db.execute(
                "DELETE FROM access_change WHERE account = ? AND credential = ? AND record != ?",
                (account, credential, KEY_ENDED),
            )
            db.execute("DELETE FROM key_end WHERE account = ? AND credential = ?", (account, credential))
            gone = db.execute("DELETE FROM slot WHERE account = ? AND credential = ?", (account, credential))
            if gone.rowcount:
                renew(db, account)

        await self._store.write(work, erases=True)
        self._forget_renewed(account)

    async def end_at(self, account: str, credential: str, ends_ms: int) -> int:
        """As `set_end`: its number."""

        def work(db: sqlite3.Connection) -> int:
            set_end(db, account, credential, ends_ms, self._clock.now_ms())
            return next_number(db, self._clock.now_ms())

        return await self._store.write(work)

    def _open_slot(self, caller: Caller) -> tuple[dict[int, ContentKey], bool]:
        rows = self._store.rows(
            "SELECT generation, public, sealed FROM slot WHERE account = ? AND credential = ? ORDER BY turn DESC",
            caller.account,
            caller.credential,
        )
        try:
            slot = Recipient(caller.seed, hybrid=any(is_hybrid(public) for _, public, _ in rows))
            content = {
                generation: ContentKey.from_slot(caller.account, generation, sealed, slot, caller.credential)
                for generation, public, sealed in rows
                if public == slot.public
            }
        except (UnsealError, ValueError):
            content = {}
        if not content:
            raise KeyRefusedError("this credential opens nothing")
        publics = list(dict.fromkeys(public for _, public, _ in rows))
        return content, len(publics) > 1 and publics[0] == slot.public

    def _open_child(self, parent_keys: dict[int, ContentKey], parent: str, account: str) -> dict[int, ContentKey]:
        rows = self._store.rows(
            "SELECT parent_copy.generation, parent_generation, sealed FROM parent_copy JOIN account USING (account)"
            " WHERE account = ? AND parent = ?",
            account,
            parent,
        )
        content = {
            generation: ContentKey.from_parent(account, generation, sealed, parent_keys[parent_generation])
            for generation, parent_generation, sealed in rows
            if parent_generation in parent_keys
        }
        if not content:
            raise KeyRefusedError("this credential opens nothing of that account")
        return content

    def _forget_renewed(self, account: str) -> None:
        """Its subaccounts have new content keys too: who had theirs opened has no longer the present one."""
        self.forget(account)
        for (child,) in self._store.rows("SELECT account FROM account WHERE parent = ?", account):
            self.forget(child)

    def forget(self, account: str) -> None:
        """What was opened of an account, or through it, must be opened again."""
        for who in [who for who in self._opened if account in who[:2]]:
            del self._opened[who]


def set_end(db: sqlite3.Connection, account: str, credential: str, ends_ms: int, now_ms: int) -> None:
    """An API key's slot goes then, 0 for never, whenever it would have gone before.

    KeyRefusedError where there is no such key, and for one whose end has come: it is about to go, or its slot has gone.
    """
    if not is_sid(credential, API_KEY_PREFIX) or not db.execute(_OF_ACCOUNT, (account, credential)).fetchone():
        raise KeyRefusedError("there is no such key")
    known = db.execute("SELECT ends_ms FROM key_end WHERE account = ? AND credential = ?", (account, credential))
    if any(before <= now_ms for (before,) in known):
        raise KeyRefusedError("this key has ended")
    db.execute("DELETE FROM key_end WHERE account = ? AND credential = ?", (account, credential))
    if ends_ms:
        db.execute("INSERT INTO key_end VALUES (?, ?, ?)", (account, credential, ends_ms))


def renew(db: sqlite3.Connection, account: str) -> None:
    """A new content key for an account, and for its subaccounts: the old one of the parent opens theirs."""
    children = [child for (child,) in db.execute("SELECT account FROM account WHERE parent = ?", (account,))]
    for one in (account, *children):
        slots = [
            (Slot(credential=credential, public=public), turn)
            for credential, turn, public in db.execute(
                "SELECT DISTINCT credential, turn, public FROM slot WHERE account = ?", (one,)
            )
        ]
        _begin_generation(db, one, slots, hybrid=_is_hybrid(db, one))


def _is_hybrid(db: sqlite3.Connection, account: str) -> bool:
    """Whether an account's content keys are of the hybrid."""
    found = db.execute(_PRESENT, (account,)).fetchone()
    return found is not None and is_hybrid(found[0])


def _begin_generation(db: sqlite3.Connection, account: str, slots: Sequence[tuple[Slot, int]], *, hybrid: bool) -> None:
    parent, generation = db.execute(
        "SELECT parent, generation + 1 FROM account WHERE account = ?", (account,)
    ).fetchone()
    key = ContentKey.new(account, generation, hybrid=hybrid)
    db.execute(
        "INSERT INTO content_key (account, generation, public) VALUES (?, ?, ?)", (account, generation, key.public)
    )
    db.execute("UPDATE account SET generation = ? WHERE account = ?", (generation, account))
    for slot, turn in slots:
        _put_slot(db, key, slot, turn)
    if parent is not None:
        parent_generation, public = db.execute(
            "SELECT generation, public FROM account JOIN content_key USING (account, generation) WHERE account = ?",
            (parent,),
        ).fetchone()
        db.execute(
            "INSERT INTO parent_copy (account, generation, parent_generation, sealed) VALUES (?, ?, ?, ?)",
            (account, generation, parent_generation, key.seal_to_parent((parent, parent_generation, public))),
        )


def _put_slot(db: sqlite3.Connection, key: ContentKey, slot: Slot, turn: int) -> None:
    public = _public(slot, hybrid=key.recipient.hybrid)
    sealed = key.seal_to_slot(public, slot.credential)
    db.execute(
        "INSERT INTO slot (account, credential, turn, generation, public, sealed) VALUES (?, ?, ?, ?, ?, ?)",
        (key.account, slot.credential, turn, key.generation, public, sealed),
    )


def _public(slot: Slot, *, hybrid: bool) -> bytes:
    """The public half that an account of this kind keeps. KeyRefusedError where the slot has none such."""
    if not hybrid:
        return slot.public
    wanted = slot.hybrid or slot.public
    if not is_hybrid(wanted):
        raise KeyRefusedError("a slot of X25519 alone, of an account that is sealed by the hybrid")
    return wanted
