"""What staff is asked to let go on, as it is kept."""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

WAITS_MS: Final = 60 * 60_000


class ThawRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`asked_by`, in a session of theirs, wants what is frozen since `frozen_ms` to go on.

    `name` is a SID, a member's ID or `platform`.
    """

    kind: str
    name: str
    asked_by: str
    session: str
    asked_ms: int
    frozen_ms: int


def keep_thaw_request(db: sqlite3.Connection, request: ThawRequest) -> None:
    """In place of one that waits for the same."""
    db.execute("INSERT OR REPLACE INTO thaw_request VALUES (?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(request))


def thaw_requests(db: sqlite3.Connection, now_ms: int) -> Sequence[ThawRequest]:
    """Those of the last hour, the oldest first; the others are forgotten."""
    db.execute("DELETE FROM thaw_request WHERE asked_ms < ?", (now_ms - WAITS_MS,))
    rows = db.execute(
        "SELECT kind, name, asked_by, session, asked_ms, frozen_ms FROM thaw_request ORDER BY asked_ms, kind, name"
    )
    fields = ThawRequest.__struct_fields__
    return [msgspec.convert(dict(zip(fields, row, strict=True)), ThawRequest) for row in rows.fetchall()]


def forget_thaw_request(db: sqlite3.Connection, kind: str, name: str) -> bool:
    """Whether there was one."""
    return db.execute("DELETE FROM thaw_request WHERE kind = ? AND name = ?", (kind, name)).rowcount > 0
