"""The passkeys of staff and of members, as they are kept: public halves, counters, kinds."""

import sqlite3
from collections.abc import Sequence

import msgspec

from ringfence.console.sessions import Kind
from ringfence.domain.passkeys.passkey import Passkey


class KeptPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey and whose it is. Times are Unix milliseconds; `used_ms` is 0 where it never was."""

    kind: Kind
    person: str
    account: str
    passkey: Passkey
    made_ms: int
    used_ms: int


def keep_passkey(db: sqlite3.Connection, kept: KeptPasskey) -> None:
    """Add one, or replace it; ValueError where it is kept for somebody else."""
    held = passkey_of(db, kept.passkey.credential_id)
    if held is not None and (held.kind, held.person) != (kept.kind, kept.person):
        raise ValueError("another person's passkey")
    db.execute(
        "INSERT OR REPLACE INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(kept.passkey.credential_id, kept.kind, kept.person, kept.account),
            *(msgspec.json.encode(kept.passkey).decode(), kept.made_ms, kept.used_ms),
        ),
    )


def passkey_of(db: sqlite3.Connection, credential_id: bytes) -> KeptPasskey | None:
    """The passkey, by what its authenticator calls it."""
    row = db.execute(
        "SELECT kind, person, account, record, made_ms, used_ms FROM passkey WHERE credential_id = ?", (credential_id,)
    ).fetchone()
    return None if row is None else _kept(row)


def passkeys_of(db: sqlite3.Connection, kind: Kind, person: str) -> Sequence[KeptPasskey]:
    """A person's, the oldest first."""
    rows = db.execute(
        "SELECT kind, person, account, record, made_ms, used_ms FROM passkey"
        " WHERE kind = ? AND person = ? ORDER BY made_ms, credential_id",
        (kind, person),
    )
    return [_kept(row) for row in rows.fetchall()]


def _kept(row: tuple[Kind, str, str, str, int, int]) -> KeptPasskey:
    kind, person, account, record, made_ms, used_ms = row
    return KeptPasskey(
        kind=kind,
        person=person,
        account=account,
        passkey=msgspec.json.decode(record, type=Passkey),
        made_ms=made_ms,
        used_ms=used_ms,
    )
