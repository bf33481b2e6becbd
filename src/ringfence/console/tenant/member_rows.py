"""Members of accounts, as they are kept."""

import sqlite3
from collections.abc import Sequence

import msgspec

from ringfence.console.passkey_book import passkeys_of
from ringfence.domain.access.role import Role


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A person of an account. `let_in_by` is the link (KL…) that they came by.

    `handle` is what authenticators know them by; `removed_ms` is None while they may sign in.
    """

    id: str
    account: str
    handle: bytes
    let_in_by: str
    made_ms: int
    removed_ms: int | None = None
    role: Role = Role.READER

    def __repr__(self) -> str:
        return f"Member({self.id})"


def keep_member(db: sqlite3.Connection, member: Member) -> None:
    """Add a person, or what has changed of one, whose claim to be an owner ends: it was of who they were before."""
    drop_claim(db, member.id)
    db.execute("INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(member))


def drop_claim(db: sqlite3.Connection, member: str) -> None:
    """Whoever came by a link for an owner stays what they are."""
    db.execute("DELETE FROM owner_claim WHERE member = ?", (member,))


def member_of(db: sqlite3.Connection, account: str, member: str) -> Member | None:
    """A member of the account who may sign in."""
    row = db.execute(
        "SELECT * FROM member WHERE account = ? AND id = ? AND removed_ms IS NULL", (account, member)
    ).fetchone()
    return None if row is None else _member(row)


def has_members(db: sqlite3.Connection, account: str) -> bool:
    """Whether anybody may sign in for the account; of a database that an older program made, too."""
    row = db.execute("SELECT 1 FROM member WHERE account = ? AND removed_ms IS NULL LIMIT 1", (account,)).fetchone()
    return row is not None


def members_of(db: sqlite3.Connection, account: str) -> Sequence[Member]:
    """All who may sign in, the oldest first."""
    rows = db.execute("SELECT * FROM member WHERE account = ? AND removed_ms IS NULL ORDER BY made_ms, id", (account,))
    return [_member(row) for row in rows.fetchall()]


def end_without_passkey(db: sqlite3.Connection, member: str, now_ms: int) -> bool:
    """Whoever has no passkey left is a member no more, and their sessions end; whether that is so from now on."""
    if passkeys_of(db, "member", member):
        return False
    ended = db.execute("UPDATE member SET removed_ms = ? WHERE id = ? AND removed_ms IS NULL", (now_ms, member))
    db.execute("DELETE FROM session WHERE kind = 'member' AND person = ?", (member,))
    drop_claim(db, member)
    return ended.rowcount > 0


def _member(row: tuple[str, str, bytes, str, int, int | None, str]) -> Member:
    return msgspec.convert(dict(zip(Member.__struct_fields__, row, strict=True)), Member)
