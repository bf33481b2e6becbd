"""Slots of browsers: what is handed out of them is sealed as it is kept, and what is added comes sealed already."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Protocol

from ringfence.domain.clock import Clock
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.slot_proof import Boxes, ProofKey, new_slot
from ringfence.domain.sealing.slots import box_bytes
from ringfence.domain.sid import is_sid
from ringfence.kms.proof_keys import ProofKeys
from ringfence.kms.slot_keys import SlotKeys, renew
from ringfence.kms.store import KeyStore
from ringfence.ports.console_keys import EPOCHS_AT_ONCE, LINK_PREFIX, PASSKEY_PREFIX, BrowserSlot, Way
from ringfence.ports.keys import KeyRefusedError

LINK_MAX_MS = 600_000


class SlotMade(Protocol):
    """What a browser made of a slot: its public half, and the content keys sealed to that, with a proof."""

    @property
    def public(self) -> bytes: ...

    @property
    def boxes(self) -> Boxes: ...

    @property
    def proof(self) -> bytes: ...


class BrowserSlots:
    """Slots that passkeys and links open, in the key service's database."""

    def __init__(self, store: KeyStore, slots: SlotKeys, clock: Clock) -> None:
        self._store = store
        self._slots = slots
        self._clock = clock
        self.proofs = ProofKeys(clock)

    def check_link(self, credential: str, until_ms: int) -> None:
        """ValueError for a link that is none, or that lasts longer than ten minutes."""
        if not is_sid(credential, LINK_PREFIX) or until_ms > self._clock.now_ms() + LINK_MAX_MS:
            raise ValueError("a link to the console is called KL… and lasts ten minutes at most")

    async def note_link(self, account: str, credential: str, until_ms: int, *, owner: bool) -> None:
        """From `until_ms` on the slot is a link's no more. `owner` says whom it is for."""

        def work(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT OR REPLACE INTO console_link (account, credential, until_ms, owner) VALUES (?, ?, ?, ?)",
                (account, credential, until_ms, owner),
            )

        await self._store.write(work)

    def is_known(self, account: str, credential: str) -> bool:
        """Whether there is such a slot, open or past: else anybody could have refusals written under any name."""
        return (
            self._store.row("SELECT 1 FROM slot WHERE account = ? AND credential = ? LIMIT 1", account, credential)
            is not None
        )

    def boxes(self, account: str, credential: str) -> list[tuple[int, bytes]]:
        """(generation, sealed) pairs of a slot. KeyRefusedError for none, and for a link."""
        boxes = [] if credential.startswith(LINK_PREFIX) else self._boxes(account, credential)
        if not boxes:
            raise KeyRefusedError("this credential opens nothing")
        return boxes

    def link_boxes(self, account: str, link: str) -> tuple[list[tuple[int, bytes]], bool]:
        """As `boxes`, of a link that is open; and whether they were given away before: if not, `hand` them first."""
        row = self._store.row(
            "SELECT until_ms, handed FROM console_link WHERE account = ? AND credential = ?", account, link
        )
        boxes = self._boxes(account, link)
        if row is None or row[0] <= self._clock.now_ms() or not boxes:
            raise KeyRefusedError("this link opens nothing")
        return boxes, bool(row[1])

    async def hand(self, account: str, link: str) -> None:
        """Somebody gets what the link opens: its end begins a new content key. KeyRefusedError: it ended."""

        def work(db: sqlite3.Connection) -> None:
            handed = db.execute(
                "UPDATE console_link SET handed = 1 WHERE account = ? AND credential = ?", (account, link)
            )
            if not handed.rowcount:
                raise KeyRefusedError("this link opens nothing")

        await self._store.write(work)

    def epochs(
        self, account: str, credential: str, epochs: Sequence[int], child: str
    ) -> dict[int, list[tuple[int, bytes]]]:
        """Those that the slot's content keys open, of `child` or, for "", of the account; others are absent."""
        if len(epochs) > EPOCHS_AT_ONCE:
            raise ValueError(f"more than {EPOCHS_AT_ONCE} epochs at once")
        generations = self._generations(account, credential)
        if child:
            generations = {generation for generation, _, _ in self.child_boxes(account, credential, child)}
        rows = self._store.rows(
            "SELECT epoch, generation, sealed FROM epoch WHERE account = ?"
            " AND epoch IN (SELECT value FROM json_each(?))",
            child or account,
            json.dumps(sorted(set(epochs))),
        )
        return {epoch: [(generation, sealed)] for epoch, generation, sealed in rows if generation in generations}

    def child_boxes(self, account: str, credential: str, child: str) -> list[tuple[int, int, bytes]]:
        """As `ports.console_keys.ConsoleKeys.child_boxes`. KeyRefusedError where the slot opens none of it."""
        opened = self._generations(account, credential)
        found = [
            (generation, by, sealed)
            for generation, by, sealed in self._store.rows(
                "SELECT parent_copy.generation, parent_generation, sealed FROM parent_copy JOIN account USING (account)"
                " WHERE account = ? AND parent = ? ORDER BY parent_copy.generation",
                *(child, account),
            )
            if by in opened
        ]
        if not found:
            raise KeyRefusedError("this credential opens nothing of that account")
        return found

    def _generations(self, account: str, credential: str) -> set[int]:
        """Those of the account's content key that the slot opens; KeyRefusedError for none, and for a link."""
        generations = {
            generation
            for (generation,) in self._store.rows(
                "SELECT DISTINCT generation FROM slot WHERE account = ? AND credential = ?", account, credential
            )
        }
        if not generations or credential.startswith(LINK_PREFIX):
            raise KeyRefusedError("this credential opens nothing")
        return generations

    def check(self, account: str, slot: BrowserSlot, by: str, way: Way) -> None:
        """KeyRefusedError where the slot may not be added. The proof's key is used up either way.

        The proof says that whoever adds it holds the content key, which every credential opens; `by`, that they may.
        """
        key = self.proofs.take(account, slot.proof_key)
        if (
            not is_sid(slot.credential, PASSKEY_PREFIX)
            or (slot.is_empty and slot.public)
            or not self._lets_in(account, by, way)
        ):
            raise KeyRefusedError("no slot of a passkey")
        self.check_boxes(account, slot.credential, slot, key)

    def check_boxes(self, account: str, credential: str, slot: SlotMade, key: ProofKey) -> None:
        """KeyRefusedError unless whoever made the slot holds the content key, and sealed known generations to it.

        The account has a slot already: of another one there is no content key to prove.
        """
        publics = dict(self._store.rows("SELECT generation, public FROM content_key WHERE account = ?", account))
        present = max(publics)
        generations = [generation for generation, _ in slot.boxes]
        if (
            len(set(generations)) != len(generations)
            or not publics.keys() >= set(generations)
            or ((slot.public or slot.boxes) and not hpke.is_public(slot.public, like=publics[present]))
            or any(len(sealed) != box_bytes(slot.public) for _, sealed in slot.boxes)
        ):
            raise KeyRefusedError("no slot that a browser made")
        if slot.boxes and present not in generations:
            raise ConnectionError("a new content key began meanwhile")  # the new slot would not open it: try again
        what = new_slot(account, credential, present, slot.public, slot.boxes)
        if not key.holds(slot.proof, publics[present], what):
            raise KeyRefusedError("whoever adds this slot does not hold the content key")

    async def add(self, account: str, slot: BrowserSlot, by: str) -> bool:
        """Keep what `check` let pass; a link that it came by ends, and a new content key begins. Whether that was for
        an owner."""

        def work(db: sqlite3.Connection) -> bool:
            if db.execute(
                "SELECT 1 FROM slot WHERE account = ? AND credential = ?", (account, slot.credential)
            ).fetchone():
                raise KeyRefusedError("this passkey has a slot")
            used = db.execute(
                "DELETE FROM console_link WHERE account = ? AND credential = ? RETURNING owner", (account, by)
            ).fetchone()
            if by.startswith(LINK_PREFIX) and used is None:
                raise KeyRefusedError("this link was used")
            if not db.execute("SELECT 1 FROM slot WHERE account = ? AND credential = ?", (account, by)).fetchone():
                raise KeyRefusedError("what let it in has no slot any more")
            put_boxes(db, account, slot.credential, slot)
            if used is None:
                return False
            db.execute("DELETE FROM slot WHERE account = ? AND credential = ?", (account, by))
            renew(db, account)
            return bool(used[0])

        owner = await self._store.write(work, erases=by.startswith(LINK_PREFIX))
        self._slots.forget(account)
        return owner

    async def tidy(self) -> None:
        """Take away links that are past. What one handed out opens the content key: then a new one begins."""
        self.proofs.forget_expired()
        past = self._store.rows(
            "SELECT account, credential, handed FROM console_link WHERE until_ms <= ?", self._clock.now_ms()
        )
        if not past:
            return

        def work(db: sqlite3.Connection) -> None:
            for account, credential, handed in past:
                db.execute("DELETE FROM console_link WHERE account = ? AND credential = ?", (account, credential))
                gone = db.execute("DELETE FROM slot WHERE account = ? AND credential = ?", (account, credential))
                if gone.rowcount and handed:
                    renew(db, account)

        await self._store.write(work, erases=True)
        for account, _, _ in past:
            self._slots.forget(account)

    def _boxes(self, account: str, credential: str) -> list[tuple[int, bytes]]:
        return [
            (generation, sealed)
            for generation, sealed in self._store.rows(
                "SELECT generation, sealed FROM slot WHERE account = ? AND credential = ? ORDER BY generation, turn",
                account,
                credential,
            )
        ]

    def _lets_in(self, account: str, by: str, way: Way) -> bool:
        if way == "passkey":
            return is_sid(by, PASSKEY_PREFIX) and self.is_known(account, by)
        row = self._store.row("SELECT until_ms FROM console_link WHERE account = ? AND credential = ?", account, by)
        return row is not None and row[0] > self._clock.now_ms()


def put_boxes(db: sqlite3.Connection, account: str, credential: str, slot: SlotMade) -> None:
    """Keep a slot that was checked. ConnectionError where it lacks the content key that began meanwhile."""
    (present,) = db.execute("SELECT generation FROM account WHERE account = ?", (account,)).fetchone()
    if slot.boxes and present not in dict(slot.boxes):
        raise ConnectionError("a new content key began meanwhile")
    db.executemany(
        "INSERT INTO slot (account, credential, turn, generation, public, sealed) VALUES (?, ?, 0, ?, ?, ?)",
        [(account, credential, generation, slot.public, sealed) for generation, sealed in slot.boxes],
    )
