"""Providers of accounts, and who came from them, as they are kept."""

import json
import sqlite3
from collections.abc import Sequence

import msgspec

_PROVIDER = "SELECT account, issuer, client_id, accepted, set_ms FROM sso WHERE account = ?"
_SESSIONS = "SELECT session, account, issuer, client_id, subject, sid FROM sso_session"
_PEOPLE = "SELECT account, issuer, subject, id, shown, member, asked_ms FROM sso_person"


class SsoProvider(msgspec.Struct, frozen=True, kw_only=True):
    """An account's provider; `accepted` are words of `acr` and `amr`, of which one is needed."""

    account: str
    issuer: str
    client_id: str
    accepted: tuple[str, ...]
    set_ms: int


class SsoPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of a provider. `member` is "" while they wait for an owner."""

    account: str
    issuer: str
    subject: str
    id: str
    shown: str
    member: str
    asked_ms: int

    def __repr__(self) -> str:
        return f"SsoPerson({self.id})"


class SsoSession(msgspec.Struct, frozen=True, kw_only=True):
    """A session that came by a provider; `sid` is the provider's own name for it, "" where it gave none."""

    session: str
    account: str
    issuer: str
    client_id: str
    subject: str
    sid: str

    def __repr__(self) -> str:
        return f"SsoSession({self.session})"


def provider_of(db: sqlite3.Connection, account: str) -> SsoProvider | None:
    """Where the account's members may come from."""
    row = db.execute(_PROVIDER, (account,)).fetchone()
    if row is None:
        return None
    account, issuer, client_id, accepted, set_ms = row
    return SsoProvider(
        account=account, issuer=issuer, client_id=client_id, accepted=tuple(json.loads(accepted)), set_ms=set_ms
    )


def has_providers(db: sqlite3.Connection) -> bool:
    """Whether members of any account may come from somewhere."""
    return db.execute("SELECT 1 FROM sso LIMIT 1").fetchone() is not None


def accounts_of_provider(db: sqlite3.Connection, issuer: str, client_ids: Sequence[str]) -> Sequence[tuple[str, str]]:
    """(account, client id) of each whose members may come from that issuer by one of these."""
    rows = db.execute("SELECT account, client_id FROM sso WHERE issuer = ? ORDER BY account", (issuer,)).fetchall()
    return [(account, client_id) for account, client_id in rows if client_id in client_ids]


def keep_provider(db: sqlite3.Connection, provider: SsoProvider) -> None:
    """Set it, in the place of another."""
    row = (provider.account, provider.issuer, provider.client_id, json.dumps(provider.accepted), provider.set_ms)
    db.execute("INSERT OR REPLACE INTO sso VALUES (?, ?, ?, ?, ?)", row)


def forget_provider(db: sqlite3.Connection, account: str) -> None:
    """Nobody comes from there any more."""
    db.execute("DELETE FROM sso WHERE account = ?", (account,))


def person_of(db: sqlite3.Connection, account: str, issuer: str, subject: str) -> SsoPerson | None:
    """By the issuer's name for them."""
    row = db.execute(
        f"{_PEOPLE} WHERE account = ? AND issuer = ? AND subject = ?", (account, issuer, subject)
    ).fetchone()
    return None if row is None else _person(row)


def people_of(db: sqlite3.Connection, account: str) -> Sequence[SsoPerson]:
    """All of an account, those who wait too, the latest first."""
    rows = db.execute(f"{_PEOPLE} WHERE account = ? ORDER BY asked_ms DESC, id", (account,))
    return [_person(row) for row in rows.fetchall()]


def keep_person(db: sqlite3.Connection, person: SsoPerson) -> None:
    """Add somebody, or what has changed of them."""
    db.execute("INSERT OR REPLACE INTO sso_person VALUES (?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(person))


def forget_person(db: sqlite3.Connection, account: str, id_: str) -> None:
    """They come from there no more, until they ask anew."""
    db.execute("DELETE FROM sso_person WHERE account = ? AND id = ?", (account, id_))


def keep_sso_session(db: sqlite3.Connection, came: SsoSession) -> None:
    """Of a session that is kept; gone with it."""
    db.execute("INSERT INTO sso_session VALUES (?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(came))


def sso_session_of(db: sqlite3.Connection, session: str) -> SsoSession | None:
    """How a session came; None for one that came by a passkey."""
    row = db.execute(f"{_SESSIONS} WHERE session = ?", (session,)).fetchone()
    return None if row is None else SsoSession(**dict(zip(SsoSession.__struct_fields__, row, strict=True)))


def sso_sessions_of(db: sqlite3.Connection, issuer: str, client_id: str) -> Sequence[SsoSession]:
    """All that came by a provider."""
    rows = db.execute(f"{_SESSIONS} WHERE issuer = ? AND client_id = ?", (issuer, client_id)).fetchall()
    return [SsoSession(**dict(zip(SsoSession.__struct_fields__, row, strict=True))) for row in rows]


def _person(row: tuple[object, ...]) -> SsoPerson:
    return msgspec.convert(dict(zip(SsoPerson.__struct_fields__, row, strict=True)), SsoPerson)
