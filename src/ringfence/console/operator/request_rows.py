"""What one member of staff asks for and another has to confirm, as it is kept."""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.console.sessions import open_ids

WAITS_MS: Final = 60 * 60_000
_COLUMNS: Final = "id, act, target, value, reason, stands, asked_by, session, asked_ms"


class ActRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`asked_by`, in a session of theirs, wants `act` done to `target`, a KIND:NAME, as `value` says.

    `value` is "" where an act needs none. `stands` is how the target stood then: the request is for that alone.
    """

    id: str
    act: str
    target: str
    value: str
    reason: str
    stands: str
    asked_by: str
    session: str
    asked_ms: int


def keep_request(db: sqlite3.Connection, request: ActRequest) -> None:
    """In place of those that wait for the same."""
    db.execute("DELETE FROM act_request WHERE act = ? AND target = ?", (request.act, request.target))
    db.execute("INSERT INTO act_request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(request))


def requests(db: sqlite3.Connection, now_ms: int) -> Sequence[ActRequest]:
    """Those of the last hour whose session goes on, the oldest first; the others are forgotten."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM act_request ORDER BY asked_ms, id")  # noqa: S608 - named above
    fields = ActRequest.__struct_fields__
    found = [msgspec.convert(dict(zip(fields, row, strict=True)), ActRequest) for row in rows.fetchall()]
    open_now = open_ids(db, "staff", now_ms)
    waiting = [each for each in found if each.asked_ms >= now_ms - WAITS_MS and each.session in open_now]
    for each in found:
        if each not in waiting:
            forget_request(db, each.id)
    return waiting


def forget_request(db: sqlite3.Connection, id_: str) -> bool:
    """Whether there was one."""
    return db.execute("DELETE FROM act_request WHERE id = ?", (id_,)).rowcount > 0
