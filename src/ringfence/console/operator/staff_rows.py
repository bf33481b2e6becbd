"""Staff and their invitations, as they are kept."""

import json
import sqlite3
from collections.abc import Sequence

import msgspec

from ringfence.domain.access.staff_role import StaffRole

NAME_MAX = 60
_COLUMNS = "id, handle, name, made_ms, active_ms, invited_by, approved_by, removed_ms, removed_by, roles"
_INVITED = "id, name, secret_sha256, invited_by, approved_by, made_ms, until_ms, delay_ms, roles"


class StaffMember(msgspec.Struct, frozen=True, kw_only=True):
    """A person. `active_ms` is when they may first sign in; `removed_ms` is None while they may.

    `invited_by` and `removed_by` are another's id, or "terminal"; `approved_by` is "" where one was enough. `handle` is
    what authenticators know them by. Without a role policies permit little.
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
    roles: tuple[StaffRole, ...] = ()

    def __repr__(self) -> str:
        return f"StaffMember({self.id})"


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody may join. Without `secret_sha256` it waits for a second member's approval.

    `delay_ms` is how long after enrolment the first sign-in must wait. `roles` are what they will have.
    """

    id: str
    name: str
    secret_sha256: bytes | None
    invited_by: str
    approved_by: str
    made_ms: int
    until_ms: int
    delay_ms: int
    roles: tuple[StaffRole, ...] = ()

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
    db.execute("INSERT OR REPLACE INTO staff VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", _row(member))


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
    db.execute("INSERT OR REPLACE INTO invitation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", _row(invitation))


def invitations(db: sqlite3.Connection, now_ms: int) -> Sequence[Invitation]:
    """Those that may still be approved or used, the oldest first; the others are forgotten."""
    db.execute("DELETE FROM invitation WHERE until_ms < ?", (now_ms,))
    return [
        _invitation(row)
        for row in db.execute(f"SELECT {_INVITED} FROM invitation ORDER BY id").fetchall()  # noqa: S608 - named above
    ]


def forget_invitation(db: sqlite3.Connection, id_: str) -> bool:
    """Whether there was one."""
    return db.execute("DELETE FROM invitation WHERE id = ?", (id_,)).rowcount > 0


def _row(kept: StaffMember | Invitation) -> tuple[object, ...]:
    return (*msgspec.structs.astuple(kept)[:-1], json.dumps(kept.roles))


def _member(row: tuple[object, ...]) -> StaffMember:
    return msgspec.convert(_fields(StaffMember, row), StaffMember)


def _invitation(row: tuple[object, ...]) -> Invitation:
    return msgspec.convert(_fields(Invitation, row), Invitation)


def _fields(kind: type[StaffMember | Invitation], row: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(kind.__struct_fields__, (*row[:-1], json.loads(str(row[-1]))), strict=True))
