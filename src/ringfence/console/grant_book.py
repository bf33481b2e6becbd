"""Grants as the consoles keep them: requests, answers, ends. No key is among them."""

import itertools
import sqlite3
from collections.abc import Sequence

import msgspec

from ringfence.console.storage import ConsoleStorage
from ringfence.domain.access.grant import ANSWER_MS, MINUTES_MAX, OPEN, SHARED, SKEW_MS, Grant, GrantState, settled
from ringfence.domain.access.limits import REMEMBERED_MS, check_limits
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.sid import new_sid

_OF_STAFF = "SELECT record FROM access_grant WHERE staff = ? AND (asked_ms > ? OR state = ?)"
_OF_TENANT = "SELECT record FROM access_grant WHERE tenant = ? AND (asked_ms > ? OR state = ?)"
_ADD_NEW = "INSERT INTO access_grant VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
# By the tenant's index, and of that the last day alone: a SID begins with when it was made.
_SHARED = "SELECT record FROM access_grant WHERE tenant = ? AND sid > ? AND +staff = ?"
_PAGE_OF_STAFF = (
    "SELECT record FROM access_grant WHERE ?1 IN ('', staff) AND (?2 = '' OR sid < ?2) ORDER BY sid DESC LIMIT ?3"
)
_PAGE_OF_TENANT = (
    "SELECT record FROM access_grant WHERE tenant = ?1 AND (?2 = '' OR sid < ?2) ORDER BY sid DESC LIMIT ?3"
)
_NEWEST = (
    "SELECT record FROM access_grant WHERE ?1 IN ('', staff) AND ?2 IN ('', tenant) AND (?3 = '' OR sid < ?3) "
    "ORDER BY sid DESC"
)
_SINCE_OF_ANY = (
    "SELECT record FROM access_grant WHERE ?2 = '' "
    "AND ?1 IN ('', staff) AND (?3 = '' OR sid < ?3) AND sid > ?4 ORDER BY sid DESC"
)
_SINCE_OF_TENANT = (
    "SELECT record FROM access_grant WHERE tenant = ?2 "
    "AND ?1 IN ('', staff) AND (?3 = '' OR sid < ?3) AND sid > ?4 ORDER BY sid DESC"
)
# A grant is over by then, however late it was answered and whatever the approver's clock said. A SID begins with when
# it was made.
OVER_MS = ANSWER_MS + MINUTES_MAX * 60_000 + 2 * SKEW_MS
SHARED_MAX = 20
SHARED_A_DAY_MAX = 100
"""Of one tenant: what has ended is kept too."""
_decoder = msgspec.json.Decoder(Grant)


class GrantBook:
    """`ports.access.GrantStore` over the consoles' database."""

    def __init__(self, storage: ConsoleStorage) -> None:
        self._storage = storage

    async def add_grant(self, grant: Grant, now_ms: int) -> None:
        def work(db: sqlite3.Connection) -> None:
            since_ms = now_ms - REMEMBERED_MS
            of_staff = db.execute(_OF_STAFF, (grant.staff, since_ms, GrantState.PENDING)).fetchall()
            of_tenant = db.execute(_OF_TENANT, (grant.tenant, since_ms, GrantState.PENDING)).fetchall()
            check_limits(_read(of_staff), _read(of_tenant), now_ms)
            row = (grant.sid, grant.tenant, grant.staff, grant.asked_ms, grant.state, _written(grant))
            db.execute("INSERT INTO access_grant VALUES (?, ?, ?, ?, ?, ?)", row)

        await self._storage.run(work)

    async def add_shared(self, grant: Grant, now_ms: int) -> None:
        def work(db: sqlite3.Connection) -> None:
            since = new_sid("GR", now_ms - REMEMBERED_MS)
            shared = _read(db.execute(_SHARED, (grant.tenant, since, SHARED)).fetchall())
            if sum(settled(each, now_ms).state is GrantState.APPROVED for each in shared) >= SHARED_MAX:
                raise AccessRefusedError(Refusal.SHARED)
            if len(shared) >= SHARED_A_DAY_MAX:
                raise AccessRefusedError(Refusal.SHARED_OFTEN)
            row = (grant.sid, grant.tenant, grant.staff, grant.asked_ms, grant.state, _written(grant))
            if not db.execute(_ADD_NEW, row).rowcount:
                raise AccessRefusedError(Refusal.UNKNOWN)

        await self._storage.run(work)

    async def grant(self, sid: str) -> Grant | None:
        def work(db: sqlite3.Connection) -> Grant | None:
            row = db.execute("SELECT record FROM access_grant WHERE sid = ?", (sid,)).fetchone()
            return None if row is None else _decoder.decode(row[0])

        return await self._storage.run(work)

    async def replace_grant(self, before: Grant, after: Grant) -> bool:
        if before.sid != after.sid:
            raise ValueError("another grant")
        row = (after.state, _written(after), before.sid, _written(before))
        sql = "UPDATE access_grant SET state = ?, record = ? WHERE sid = ? AND record = ?"
        return await self._storage.run(lambda db: db.execute(sql, row).rowcount > 0)

    async def grants_of_tenant(self, tenant: str, before: str, limit: int) -> Sequence[Grant]:
        return await self._page(_PAGE_OF_TENANT, tenant, before, limit)

    async def grants_of_staff(self, staff: str, before: str, limit: int) -> Sequence[Grant]:
        return await self._page(_PAGE_OF_STAFF, staff, before, limit)

    async def as_they_stand(
        self, now_ms: int, before: str, limit: int, *, staff: str, tenant: str, state: str
    ) -> Sequence[Grant]:
        """As `grants_of_staff`, of what each means now: of that tenant and state alone, "" for any."""

        def work(db: sqlite3.Connection) -> list[Grant]:
            rows = db.execute(_NEWEST, (staff, tenant, before))
            standing = (settled(_decoder.decode(record), now_ms) for (record,) in rows)
            return list(itertools.islice((each for each in standing if state in ("", each.state)), limit))

        return await self._storage.run(work)

    async def standing(self, now_ms: int, *, staff: str, tenant: str, state: str) -> Sequence[Grant]:
        """Those that wait for an answer, and then those that are open; the latest first of either. "" for any."""
        since = new_sid("GR", max(0, now_ms - OVER_MS))
        found = await self._now((staff, tenant, "", since), OPEN, state, now_ms)
        return sorted(found, key=lambda each: each.state is not GrantState.PENDING)

    async def past(
        self, now_ms: int, before: str, limit: int, *, staff: str, tenant: str, state: str
    ) -> Sequence[Grant]:
        """A page of those that are over, the latest first. "" for any."""
        return await self._now((staff, tenant, before, ""), frozenset(GrantState) - OPEN, state, now_ms, limit)

    async def _now(
        self,
        of: tuple[str, str, str, str],
        states: frozenset[GrantState],
        state: str,
        now_ms: int,
        limit: int | None = None,
    ) -> Sequence[Grant]:
        """`of` are staff, tenant, before and since; of `states` one alone where `state` says which."""
        wanted = {each for each in states if state in ("", each)}

        def work(db: sqlite3.Connection) -> list[Grant]:
            rows = db.execute(_SINCE_OF_TENANT if of[1] else _SINCE_OF_ANY, of)
            standing = (settled(_decoder.decode(record), now_ms) for (record,) in rows)
            return list(itertools.islice((each for each in standing if each.state in wanted), limit))

        # Nothing is looked for among all that there are.
        return await self._storage.run(work) if wanted else []

    async def _page(self, sql: str, *values: str | int) -> Sequence[Grant]:
        return await self._storage.run(lambda db: _read(db.execute(sql, values).fetchall()))


def _read(rows: Sequence[tuple[str]]) -> list[Grant]:
    return [_decoder.decode(record) for (record,) in rows]


def _written(grant: Grant) -> str:
    return msgspec.json.encode(grant).decode()
