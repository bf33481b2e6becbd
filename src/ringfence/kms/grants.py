"""Grants in the key service: sealed keys kept for one session, handed out until they end, then erased."""

import json
import sqlite3
from collections.abc import Sequence

import msgspec

from ringfence.domain.access.grant import SHARED, SHARED_MINUTES_MAX, SKEW_MS, check_shared
from ringfence.domain.access.refusal import AccessRefusedError
from ringfence.domain.access.scope import RECORDS_MAX, check_scope, may_be_granted, scope_of
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.grant import BOX_BYTES, LID_BYTES, GrantBinding, SealedGrant, unseal_lid
from ringfence.domain.sealing.lending import unseal_lent
from ringfence.kms.grant_keys import LIFE_MAX_MS, GrantKeys
from ringfence.kms.store import KeyStore
from ringfence.ports.grants import BOXES_AT_ONCE, KeptGrant
from ringfence.ports.keys import KeyRefusedError

# By the clock of whoever shares.
SHARED_LIFE_MAX_MS = SHARED_MINUTES_MAX * 60_000 + SKEW_MS
FORGOTTEN_AFTER_MS = 24 * 60 * 60_000

_GRANT = "SELECT account, staff, session, expires_ms, ended FROM kept_grant WHERE sid = ?"
_LID = "SELECT public, lid FROM kept_grant WHERE sid = ? AND ended = 0"
_KEEP = "INSERT INTO kept_grant VALUES (?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT DO NOTHING"
_BOXES = "SELECT name, sealed FROM grant_box WHERE sid = ? AND name IN (SELECT value FROM json_each(?))"
_ERASE_BOXES = "DELETE FROM grant_box WHERE sid = ?"
_ERASE_LID = "UPDATE kept_grant SET ended = 1, lid = x'' WHERE sid = ?"
_OPEN = "SELECT sid, account, staff, session, expires_ms FROM kept_grant WHERE ended = 0"
_FORGET = "DELETE FROM kept_grant WHERE ended = 1 AND expires_ms <= ?"
_ANY_TO_FORGET = "SELECT 1 FROM kept_grant WHERE ended = 1 AND expires_ms <= ? LIMIT 1"


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a kept grant is, and for whom."""

    sid: str
    account: str
    staff: str
    session: str
    ended: bool = False

    def is_any_of(self, wanted: "Holder") -> bool:
        """True where one of the parts that are given is the same."""
        pairs = ((wanted.account, self.account), (wanted.staff, self.staff), (wanted.session, self.session))
        return any(given and given == own for given, own in pairs)


class Grants:
    """`ports.grants` over the key service's database, without the ledger."""

    def __init__(self, store: KeyStore, keys: GrantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        # A wall clock that is set back prolongs nothing.
        self._until_ms: dict[str, int] = {}

    @property
    def public(self) -> bytes:
        """To which approvers' browsers seal once more."""
        return self._keys.public

    def unseal_lent(self, account: str, epoch: int, sid: str, sealed: bytes) -> bytes:
        """A record's key that a browser sealed to `public`. ValueError."""
        try:
            return unseal_lent(self._keys, account, epoch, sid, sealed)
        except UnsealError:
            raise ValueError("no key of that record") from None

    def check(self, grant: KeptGrant) -> None:
        """ValueError for what no browser of ours makes, KeyRefusedError for a grant that is past or was kept before."""
        sealed, bound = grant.sealed, grant.binding
        if not 1 <= len(sealed.boxes) <= RECORDS_MAX or len(sealed.lid) != LID_BYTES:
            raise ValueError("a grant of another form")
        if any(len(box) != BOX_BYTES for box in sealed.boxes.values()):
            raise ValueError("a box of another form")
        if not bound.lid_place.isascii() or not all(bound.box_place(name).isascii() for name in sealed.boxes):
            raise ValueError("a name of another form")
        if (bound.staff == SHARED) != (bound.session == SHARED):
            raise ValueError("a grant that nobody may keep: it is shared with one of staff alone")
        try:
            scope = scope_of(list(sealed.boxes))
            check_scope(scope, self._clock.now_ms())
            if bound.session == SHARED:
                check_shared(scope)
        except AccessRefusedError:
            raise ValueError("names that nobody may ask for together, or at all") from None
        left_ms = bound.expires_ms - self._clock.now_ms()
        if left_ms > LIFE_MAX_MS:
            raise ValueError("a grant of more than 480 minutes")
        if bound.session == SHARED and left_ms > SHARED_LIFE_MAX_MS:
            raise ValueError("a timeline is shared for an hour at most")
        if left_ms <= 0:
            raise KeyRefusedError("the grant has ended")
        if self._store.row("SELECT 1 FROM account WHERE account = ?", bound.account) is None:
            raise KeyRefusedError("no such account")
        if self._store.row(_GRANT, bound.grant) is not None:
            raise KeyRefusedError("the grant was kept before")
        try:
            unseal_lid(bound, sealed.lid, self._keys)
        except UnsealError:
            raise ValueError("a lid of another grant") from None

    async def keep(self, grant: KeptGrant) -> None:
        bound = grant.binding
        row = (
            *(bound.grant, bound.account, bound.staff, bound.session),
            *(bound.expires_ms, grant.sealed.lid, bound.public),
        )
        boxes = [(bound.grant, name, box) for name, box in grant.sealed.boxes.items()]

        def work(db: sqlite3.Connection) -> None:
            if not db.execute(_KEEP, row).rowcount:
                raise KeyRefusedError("the grant was kept before")
            db.executemany("INSERT INTO grant_box VALUES (?, ?, ?)", boxes)

        await self._store.write(work)
        self._deadline_ms(bound.grant, bound.expires_ms)

    def holder(self, grant: str) -> Holder | None:
        """Whose it is, while it is known, ended or not."""
        row = self._store.row(_GRANT, grant)
        return (
            None if row is None else Holder(sid=grant, account=row[0], staff=row[1], session=row[2], ended=bool(row[4]))
        )

    def boxes(self, grant: str, session: str, names: Sequence[str]) -> SealedGrant:
        """KeyRefusedError for another session, another name, or after the end; ValueError for too many names."""
        if not 1 <= len(names) <= BOXES_AT_ONCE:
            raise ValueError(f"1 to {BOXES_AT_ONCE} names at once")
        if not all(map(may_be_granted, names)):
            # A grant may be older than the rule.
            raise KeyRefusedError("nobody grants that")
        row = self._store.row(_GRANT, grant)
        if row is None or row[2] != session or row[4] or self._is_past(grant, row[3]):
            raise KeyRefusedError("no such grant of that session")
        found = dict(self._store.rows(_BOXES, grant, json.dumps(list(names))))
        kept = self._store.row(_LID, grant)
        if kept is None or any(name not in found for name in names):
            raise KeyRefusedError("not in that grant")
        account, staff, _, expires_ms, _ = row
        public, lid = kept
        bound = GrantBinding(
            grant=grant, account=account, staff=staff, session=session, public=public, expires_ms=expires_ms
        )
        return SealedGrant(lid=unseal_lid(bound, lid, self._keys), boxes=found)

    def open_of(self, *, session: str, staff: str, account: str) -> list[Holder]:
        """The grants that have not ended, of any of the three that is given."""
        wanted = Holder(sid="", account=account, staff=staff, session=session)
        return [holder for holder, _ in self._open() if holder.is_any_of(wanted)]

    async def end(self, grants: Sequence[str]) -> None:
        """Erase their keys, on disk as well. Again is a no-op."""

        def work(db: sqlite3.Connection) -> None:
            for sid in grants:
                db.execute(_ERASE_BOXES, (sid,))
                db.execute(_ERASE_LID, (sid,))

        if grants:
            await self._store.write(work, erases=True)
        for sid in grants:
            self._until_ms.pop(sid, None)

    async def tidy(self) -> list[Holder]:
        """Erase the keys of those that are past, whether anybody asks or not; which they were."""
        past = [holder for holder, expires_ms in self._open() if self._is_past(holder.sid, expires_ms)]
        await self.end([holder.sid for holder in past])
        forget_ms = self._clock.now_ms() - FORGOTTEN_AFTER_MS
        if self._store.row(_ANY_TO_FORGET, forget_ms) is not None:
            await self._store.write(lambda db: db.execute(_FORGET, (forget_ms,)).rowcount)
        return past

    def _open(self) -> list[tuple[Holder, int]]:
        return [
            (Holder(sid=sid, account=account, staff=staff, session=session), expires_ms)
            for sid, account, staff, session, expires_ms in self._store.rows(_OPEN)
        ]

    def _is_past(self, grant: str, expires_ms: int) -> bool:
        return self._clock.now_ms() >= expires_ms or self._clock.monotonic_ms() >= self._deadline_ms(grant, expires_ms)

    def _deadline_ms(self, grant: str, expires_ms: int) -> int:
        left_ms = expires_ms - self._clock.now_ms()
        return self._until_ms.setdefault(grant, self._clock.monotonic_ms() + left_ms)
