"""Sessions of both consoles: a cookie that is good only with a signature by a key that its browser cannot give away.

15 minutes without a request end one, and so does half a day. Why: docs/why/console.md.
"""

import hashlib
import secrets
import sqlite3
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from ringfence.console.request_signature import (
    UNSIGNED,
    PublicJwk,
    SignatureRefusedError,
    SignedRequest,
    check_signature,
)
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.clock import Clock
from ringfence.domain.sid import new_sid

Kind = Literal["staff", "member"]

IDLE_MS: Final = 15 * 60_000
LIFE_MS: Final = 12 * 3_600_000
FRESH_MS: Final = 5 * 60_000
PREFIX: Final = "CS"
COOKIE_BYTES: Final = 32

_SELECT: Final = "SELECT id, kind, person, account, public_jwk, made_ms, seen_ms, verified_ms FROM session"


class SessionRefusedError(Exception):
    """There is no such session, or the request is not its browser's. The reason is for nobody but tests and logs.

    `harmless` is what browsers send that have none, or whose session ended. `told` is for a person who has a session
    and is kept out all the same.
    """

    def __init__(self, why: str, *, harmless: bool = False, told: str = "") -> None:
        super().__init__(why)
        self.harmless = harmless
        self.told = told


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A person in a browser. Times are Unix milliseconds; `account` is "" for staff.

    `verified_ms` is when the person last showed himself to a passkey.
    """

    id: str
    kind: Kind
    person: str
    account: str
    public_jwk: PublicJwk
    made_ms: int
    seen_ms: int
    verified_ms: int

    @property
    def actor(self) -> str:
        """Who acts, as the ledger has it."""
        return f"{self.kind}:{self.person}"

    @property
    def scope(self) -> str:
        """The session, as the ledger has it."""
        return f"session:{self.id}"


def fresh(session: Session, now_ms: int) -> bool:
    """Whether the person showed himself to a passkey within the last five minutes, as every sensitive act asks."""
    return 0 <= now_ms - session.verified_ms <= FRESH_MS


class Sessions:
    """Those that are open. ConnectionError of the storage passes through."""

    def __init__(self, storage: ConsoleStorage, clock: Clock) -> None:
        self._storage = storage
        self._clock = clock

    def now_ms(self) -> int:
        """The time that signatures are held against."""
        return self._clock.now_ms()

    def new(self, kind: Kind, person: str, account: str, key: PublicJwk) -> tuple[Session, str]:
        """A session of somebody who has just shown himself to a passkey, and its cookie; `keep` opens it."""
        now_ms = self._clock.now_ms()
        session = Session(
            id=new_sid(PREFIX, now_ms),
            kind=kind,
            person=person,
            account=account,
            public_jwk=key,
            made_ms=now_ms,
            seen_ms=now_ms,
            verified_ms=now_ms,
        )
        return session, secrets.token_urlsafe(COOKIE_BYTES)

    async def keep(
        self,
        session: Session,
        cookie: str,
        check: Callable[[sqlite3.Connection], None] = lambda _: None,
        beside: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> None:
        """Open a session, where `check` raises nothing: in one transaction, so that nobody is removed in between.

        `beside` keeps what else is known of it, in the same transaction.
        """
        row = (
            *(session.id, _hash(cookie), session.kind, session.person, session.account),
            *(msgspec.json.encode(session.public_jwk).decode(), session.made_ms, session.seen_ms, session.verified_ms),
        )

        def work(db: sqlite3.Connection) -> None:
            check(db)
            db.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            beside(db)

        await self._storage.run(work)

    async def authenticate(self, kind: Kind, cookie: str, request: SignedRequest, *, active: bool = True) -> Session:
        """Whose request it is, once for each. SessionRefusedError.

        Without `active` a script asks for what nobody has asked for: that does not keep the session open.
        """
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> Session:
            found = db.execute(f"{_SELECT} WHERE cookie_sha256 = ? AND kind = ?", (_hash(cookie), kind)).fetchone()
            if found is None:
                raise SessionRefusedError("no session", harmless=True)
            session = _session(found)
            if _is_over(session, now_ms):
                raise SessionRefusedError("ended", harmless=True)
            try:
                nonce, until_ms = check_signature(request, session.public_jwk, now_ms)
            except SignatureRefusedError as error:
                # A first request after a reload round the service worker is unsigned too.
                raise SessionRefusedError(str(error), harmless=str(error) == UNSIGNED) from None
            db.execute("DELETE FROM used_nonce WHERE until_ms < ?", (now_ms,))
            try:
                db.execute("INSERT INTO used_nonce VALUES (?, ?, ?)", (session.id, nonce, until_ms))
            except sqlite3.IntegrityError:
                raise SessionRefusedError("signed once, sent twice") from None
            if not active:
                return session
            db.execute("UPDATE session SET seen_ms = ? WHERE id = ?", (now_ms, session.id))
            return msgspec.structs.replace(session, seen_ms=now_ms)

        return await self._storage.run(work)

    async def is_of(self, session: str, cookie: str) -> bool:
        """Whether the cookie is that session's, and it is not over."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> bool:
            row = db.execute("SELECT kind FROM session WHERE id = ? AND cookie_sha256 = ?", (session, _hash(cookie)))
            found = row.fetchone()
            return found is not None and session in open_ids(db, found[0], now_ms)

        return await self._storage.run(work)

    async def going_on(self, kind: Kind) -> frozenset[str]:
        """The sessions that are not over, by ID."""
        now_ms = self._clock.now_ms()
        return await self._storage.run(lambda db: open_ids(db, kind, now_ms))

    async def verified(self, session: str) -> None:
        """Write down that the session's person has shown himself to a passkey now."""
        now_ms = self._clock.now_ms()
        await self._storage.run(
            lambda db: db.execute("UPDATE session SET verified_ms = ? WHERE id = ?", (now_ms, session)) and None
        )

    async def end(
        self,
        kind: Kind,
        session: str,
        *,
        person: str = "",
        beside: Callable[[sqlite3.Connection], None] = lambda _: None,
    ) -> bool:
        """End a session, where `person` is given one of theirs alone; whether there was one.

        `beside` keeps what else is to end with it, in the same transaction.
        """
        sql = "DELETE FROM session WHERE kind = ? AND id = ? AND ? IN ('', person)"

        def work(db: sqlite3.Connection) -> bool:
            ended = db.execute(sql, (kind, session, person)).rowcount > 0
            if ended:
                beside(db)
            return ended

        return await self._storage.run(work)

    async def open_now(self, kind: Kind, *, account: str = "", person: str = "") -> list[Session]:
        """Those that have not ended, the latest first; of an account or a person where they are given."""
        now_ms = self._clock.now_ms()

        def work(db: sqlite3.Connection) -> list[Session]:
            rows = db.execute(
                f"{_SELECT} WHERE kind = ? AND ? IN ('', account) AND ? IN ('', person) ORDER BY id DESC",
                (kind, account, person),
            ).fetchall()
            found = [_session(row) for row in rows]
            over = [each.id for each in found if _is_over(each, now_ms)]
            db.executemany("DELETE FROM session WHERE id = ?", [(each,) for each in over])
            return [each for each in found if each.id not in over]

        return await self._storage.run(work)


def is_open(db: sqlite3.Connection, session: str) -> bool:
    """Whether a session was not ended meanwhile: for whoever acts in the same transaction."""
    return db.execute("SELECT 1 FROM session WHERE id = ?", (session,)).fetchone() is not None


def session_by(db: sqlite3.Connection, session: str) -> Session | None:
    """The session of that ID, over or not; None where it was ended."""
    row = db.execute(f"{_SELECT} WHERE id = ?", (session,)).fetchone()
    return None if row is None else _session(row)


def open_ids(db: sqlite3.Connection, kind: Kind, now_ms: int) -> frozenset[str]:
    """Sessions that neither were ended nor are over by idleness or age."""
    rows = db.execute(
        "SELECT id FROM session WHERE kind = ? AND seen_ms >= ? AND made_ms >= ?",
        (kind, now_ms - IDLE_MS, now_ms - LIFE_MS),
    )
    return frozenset(id_ for (id_,) in rows.fetchall())


def _is_over(session: Session, now_ms: int) -> bool:
    return now_ms - session.seen_ms > IDLE_MS or now_ms - session.made_ms > LIFE_MS


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


def _session(row: tuple[str, Kind, str, str, str, int, int, int]) -> Session:
    id_, kind, person, account, jwk, made_ms, seen_ms, verified_ms = row
    return Session(
        id=id_,
        kind=kind,
        person=person,
        account=account,
        public_jwk=msgspec.json.decode(jwk, type=PublicJwk),
        made_ms=made_ms,
        seen_ms=seen_ms,
        verified_ms=verified_ms,
    )
