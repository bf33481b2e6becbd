"""Staff and their invitations, as they are kept."""

import sqlite3
from collections.abc import Sequence

import msgspec

NAME_MAX = 60
_COLUMNS = "id, handle, name, made_ms, active_ms, invited_by, approved_by, removed_ms, removed_by"


class StaffMember(msgspec.Struct, frozen=True, kw_only=True):
    """A person. `active_ms` is when they may first sign in; `removed_ms` is None while they may.

    `invited_by` and `removed_by` are another's id, or "terminal"; `approved_by` is "" where one was enough. `handle` is
    what authenticators know them by.
    """

    id: str
    handle: bytes
    name: str
    made_ms: int
    active_ms: int
    invited_by: str
    approved_by: str
    removed_ms: int | None = None
    removed_by: str = ""

    def __repr__(self) -> str:
        return f"StaffMember({self.id})"


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody may join. Without `secret_sha256` it waits for a second member's approval.

    `delay_ms` is how long after enrolment the first sign-in must wait.
    """

    id: str
    name: str
    secret_sha256: bytes | None
    invited_by: str
    approved_by: str
    made_ms: int
    until_ms: int
    delay_ms: int

    def __repr__(self) -> str:
        return f"Invitation({self.id})"


def check_name(name: str) -> str:
    """A person's name as it is kept; ValueError."""
    text = " ".join(name.split())
    if not 1 <= len(text) <= NAME_MAX or not text.isprintable():
        raise ValueError(f"a name has 1 to {NAME_MAX} characters")
    return text


def keep_member(db: sqlite3.Connection, member: StaffMember) -> None:
    """Add a person, or what has changed of one."""
    db.execute("INSERT OR REPLACE INTO staff VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(member))


def member_of(db: sqlite3.Connection, id_: str) -> StaffMember | None:
    """A person who may be or have been staff."""
    row = db.execute(
        f"SELECT {_COLUMNS} FROM staff WHERE id = ?",  # noqa: S608 - named above
        (id_,),
    ).fetchone()
    return None if row is None else _member(row)


def members(db: sqlite3.Connection, *, removed: bool = False) -> Sequence[StaffMember]:
    """Everybody who is staff, the longest first; with `removed` those who were too."""
    return [
        member
        for row in db.execute(f"SELECT {_COLUMNS} FROM staff ORDER BY id").fetchall()  # noqa: S608 - named above
        if (member := _member(row)).removed_ms is None or removed
    ]


def keep_invitation(db: sqlite3.Connection, invitation: Invitation) -> None:
    """Add an invitation, or what has changed of one."""
    row = msgspec.structs.astuple(invitation)
    db.execute("INSERT OR REPLACE INTO invitation VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def invitations(db: sqlite3.Connection, now_ms: int) -> Sequence[Invitation]:
    """Those that may still be approved or used, the oldest first; the others are forgotten."""
    db.execute("DELETE FROM invitation WHERE until_ms < ?", (now_ms,))
    return [
        _invitation(row)
        for row in db.execute(
            "SELECT id, name, secret_sha256, invited_by, approved_by, made_ms, until_ms, delay_ms"
            " FROM invitation ORDER BY id"
        ).fetchall()
    ]


def forget_invitation(db: sqlite3.Connection, id_: str) -> bool:
    """Whether there was one."""
    return db.execute("DELETE FROM invitation WHERE id = ?", (id_,)).rowcount > 0


def _member(row: tuple[str, bytes, str, int, int, str, str, int | None, str]) -> StaffMember:
    return msgspec.convert(dict(zip(StaffMember.__struct_fields__, row, strict=True)), StaffMember)


def _invitation(row: tuple[str, str, bytes | None, str, str, int, int, int]) -> Invitation:
    return msgspec.convert(dict(zip(Invitation.__struct_fields__, row, strict=True)), Invitation)
