"""What pages of both consoles take beside many texts and many tenants, each asked for with a signed session.

python benchmarks/console_pages.py [--texts 1000000] [--tenants 270000] [--times 20] [--directory DIR]

The store is SQLite, filled by SQL: one tenant has all the texts, of a month, one in a thousand of them failed, one in
ten received. Every other text of the last hour still waits. Of each text a webhook told, one in a thousand in vain.
For every ten texts there is a verification.
The consoles answer in this process, without a network.
Rows are read as after a restart at first, and then from memory: the first of each page is told by itself.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from ringfence.console.app import create_console
from ringfence.console.dependencies import ConsoleDependencies, Origins, domain_of
from ringfence.console.live.looked import Looked, Read, rows_by, snapshot
from ringfence.console.live.pages import LivePages
from ringfence.console.operator.app import operator_routes
from ringfence.console.operator.staff import Staff
from ringfence.console.pages import Pages
from ringfence.console.request_signature import PublicJwk
from ringfence.console.session_guard import cookie_name
from ringfence.console.sessions import Sessions
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import Member, keep_member
from ringfence.console.tenant.traffic import TenantTraffic, TextsWanted
from ringfence.dispatch.bells import Bells
from ringfence.domain.access.role import Role
from ringfence.domain.clock import ManualClock
from ringfence.domain.message import Direction, Status
from ringfence.drills.staff_browser import StaffBrowser
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore
from ringfence.kms.service import KeyService
from ringfence.media.recording_files import RecordingFolder
from ringfence.ports.passkeys import AttestationPolicy, RelyingParty
from ringfence.ports.process_states import ProcessState
from ringfence.store.sqlite import SqliteStore
from ringfence.webauthn.passkeys import WebauthnPasskeys

NOW_MS = 1_790_000_000_000
DAY_MS = 86_400_000
DAYS = 30
ACCOUNT = f"AC{0:032x}"
MEMBER = "UM" + "1" * 32
ORIGINS = Origins(
    api="http://localhost:8420",
    operator="http://operator.localhost:8421",
    tenant="http://console.localhost:8421",
    keys="http://keys.localhost:8422",
)
SEED_TENANTS = """
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :tenants)
INSERT INTO account (sid, tenant, parent, friendly_name, status, type, created_ms, updated_ms, networks)
SELECT printf('AC%032x', n), printf('AC%032x', n), NULL, 'Tenant ' || n, 'active', 'Full', :now - n, :now - n, ''
FROM n
"""
SEED_TEXTS = """
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :texts),
texts (n, at_ms, inbound, status) AS (
  SELECT n, :now - n * :each_ms, n % 10 = 0, CASE WHEN n % 10 = 0 THEN 'received' WHEN n % 1000 = 1 THEN 'failed'
    WHEN n * :each_ms < 3600000 AND n % 2 THEN 'queued' ELSE 'delivered' END
  FROM n
)
INSERT INTO message (account, sid, direction, status, local, remote_index, remote_region, epoch, content, num_segments,
  num_media, price_micros, price_unit, created_ms, updated_ms, due_ms, sequence, carrier, has_callback, body_redacted,
  place_ms, final)
SELECT :account, printf('SM%032x', :texts - n), iif(inbound, 'inbound', 'outbound-api'), status,
  printf('+1202555%04d', n % 50), randomblob(16), 'US', 1, randomblob(200), 1, 0, 7900, 'USD', at_ms, at_ms, 0, 0,
  'simulator', 0, 0, iif(status = 'queued', at_ms, NULL), status <> 'queued'
FROM texts
"""
SEED_EVENTS = """
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :texts)
INSERT INTO event (account, message_sid, kind, sequence, at_ms, due_ms, attempts, state, raw)
SELECT :account, printf('SM%032x', n + 1), iif(n % 5000 = 1, 'call.busy', 'message.sent'), 0,
  :now - (:texts - n) * :each_ms, 0, 1, CASE WHEN n % 1000 = 1 THEN 'dead' WHEN n > :texts - 1000 THEN 'pending'
    ELSE 'done' END, ''
FROM n
"""
SEED_ATTEMPTS = """
INSERT INTO attempt (account, message_sid, event_id, state, due_ms, http_status, duration_ms, at_ms, detail)
SELECT account, message_sid, id, state, 0, 200, 9, at_ms, randomblob(700) FROM event
"""
SEED_VERIFICATIONS = """
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < :texts / 10)
INSERT INTO verification (account, sid, service, to_index, channel, status, region, epoch, content, attempts,
  created_ms, updated_ms, expires_ms, held)
SELECT :account, printf('VE%032x', n), 'VA' || n % 3, randomblob(16), 'sms', iif(n % 5, 'approved', 'expired'), 'US', 1,
  randomblob(120), json_array(json_array(printf('VL%032x', n), 'sms', :now - n * :each_ms * 10)),
  :now - n * :each_ms * 10, :now - n * :each_ms * 10, 0, 0
FROM n
"""
SEED_CODE_ATTEMPTS = """
INSERT INTO verification_attempt (account, sid, verification, service, to_index, channel, country, at_ms, converted,
  why)
SELECT account, 'VL' || substr(sid, 3), sid, service, to_index, channel, region, created_ms, status = 'approved', ''
FROM verification
"""
SEED_QUEUES = """
INSERT INTO sender_queue (account, sender, carrier, fence, until_ms, next_ms)
SELECT account, local, carrier, 1, 0, min(place_ms) FROM message WHERE place_ms IS NOT NULL GROUP BY 1, 2, 3
"""


def seed(path: Path, texts: int, tenants: int) -> None:
    """Rows as programs would have left them, with the counts that a migration makes of them."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        values = {"now": NOW_MS, "tenants": tenants, "texts": texts, "account": ACCOUNT}
        connection.execute(SEED_TENANTS, values)
        connection.execute(SEED_TEXTS, values | {"each_ms": DAYS * DAY_MS // texts})
        connection.execute(SEED_EVENTS, values | {"each_ms": DAYS * DAY_MS // texts})
        connection.execute(SEED_ATTEMPTS)
        connection.execute(SEED_VERIFICATIONS, values | {"each_ms": DAYS * DAY_MS // texts})
        connection.execute(SEED_CODE_ATTEMPTS)
        connection.execute(SEED_QUEUES)
        migrations = files("ringfence.store").joinpath("sql", "migrations")
        for table, migration in (("day_count", "0028_day_counts.sql"), ("code_count", "0038_code_counts.sql")):
            connection.execute(f"DROP TABLE {table}")
            connection.executescript(migrations.joinpath(migration).read_text("utf-8"))
        connection.execute("PRAGMA optimize")


async def timed(what: str, times: int, ask: Callable[[], Awaitable[Any]]) -> None:
    took_ms = []
    for _ in range(times + 1):
        start_s = time.perf_counter()
        await ask()
        took_ms.append((time.perf_counter() - start_s) * 1e3)
    first, *rest = took_ms
    cuts = statistics.quantiles(rest, n=20)
    print(
        f"{what:<46} first {first:7.1f} ms   p50 {statistics.median(rest):7.1f} ms   p95 {cuts[18]:7.1f} ms", flush=True
    )


async def main(options: argparse.Namespace, folder: Path) -> None:
    store = SqliteStore(folder / "ringfence.db")
    await store.open()
    await store.close()
    start_s = time.perf_counter()
    await asyncio.to_thread(seed, folder / "ringfence.db", options.texts, options.tenants)
    print(
        f"{options.texts:,} texts and {options.tenants:,} tenants in {time.perf_counter() - start_s:.0f} s", flush=True
    )
    await store.open()
    clock = ManualClock(NOW_MS)
    storage, ledger = ConsoleStorage(folder / "console.db"), LedgerWriter(folder)
    keys = KeyService(Path(), clock, ledger, files=MemoryKeyFiles(), store=MemoryKeyStore())
    await storage.open()
    await ledger.open(clock.now_ms())
    await keys.open()
    passkeys = WebauthnPasskeys(AttestationPolicy())

    async def processes() -> list[ProcessState]:
        return []

    dependencies = ConsoleDependencies(
        storage=storage,
        clock=clock,
        origins=ORIGINS,
        notes=keys,
        keys=keys,
        texts=store,
        calls=store,
        told=store,
        touched=store,
        wake=Bells(),
        counted=store,
        recordings=RecordingFolder(folder / "recordings"),
        staff_passkeys=passkeys,
        members_passkeys=WebauthnPasskeys(),
        view=store,
        records=FolderRecords(folder, keys.allow),
        processes=processes,
        grants=keys,
        duties=keys,
        accounts=store,
        set_up=store,
    )
    app, live = create_console(dependencies), LivePages(Sessions(storage, clock), clock)
    operator_routes(dependencies, Pages(), live)
    try:
        party = RelyingParty(id=domain_of(ORIGINS.operator), name="", origins=(ORIGINS.operator,))
        staff = StaffBrowser(app, ORIGINS.operator, clock.now_ms)
        await staff.join(await Staff(storage, passkeys, party, keys, clock, keys).invite_first("Ada"))
        assert (await staff.sign_in()).status_code == 200
        await pages("operator", staff, options.times, operator_pages())
        await pages("member", await member(app, storage, clock), options.times, member_pages())
        await polls(live, options.times)
        await filters(TenantTraffic(store, clock), options.times)
    finally:
        await keys.close()
        await ledger.close()
        await storage.close()
        await store.close()


def operator_pages() -> list[str]:
    of = f"/tenants/{ACCOUNT}"
    return [
        "/",
        "/tenants",
        f"/tenants?before=AC{1_000:032x}",
        of,
        f"{of}/texts",
        f"{of}/calls",
        f"{of}/codes",
        "/ledger",
    ]


def member_pages() -> list[str]:
    day = time.strftime("%Y-%m-%d", time.gmtime((NOW_MS - 20 * DAY_MS) / 1_000))
    webhooks = ["", "?state=waiting", "?state=given+up", "?state=delivered", f"?day={day}", "?kind=call"]
    return [
        *(
            "/",
            "/usage",
            "/usage/limits",
            "/codes",
            "/codes/phishing",
            "/texts",
            "/calls",
            "/numbers",
            "/services",
            "/members",
            "/grants",
            "/ledger",
        ),
        *(f"/webhooks{asked}" for asked in webhooks),
        f"/webhooks?before={NOW_MS - 25 * DAY_MS}.1",
    ]


async def member(app: Any, storage: ConsoleStorage, clock: ManualClock) -> StaffBrowser:
    """An owner of the tenant with all the texts, signed in."""
    browser = StaffBrowser(app, ORIGINS.tenant, clock.now_ms)
    who = Member(id=MEMBER, account=ACCOUNT, handle=b"h" * 32, let_in_by="", made_ms=NOW_MS, role=Role.OWNER)
    await storage.run(lambda db: keep_member(db, who))
    sessions = Sessions(storage, clock)
    session, cookie = sessions.new("member", MEMBER, ACCOUNT, PublicJwk(**browser.key.jwk))
    await sessions.keep(session, cookie)
    browser.cookie = f"{cookie_name(ORIGINS.tenant)}={cookie}"
    return browser


async def pages(whose: str, browser: StaffBrowser, times: int, paths: list[str]) -> None:
    for path in paths:

        async def ask(path: str = path) -> None:
            answer = await browser.page(path)
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:300])

        await timed(f"{whose} {path.replace(ACCOUNT, 'AC…')}", times, ask)


async def polls(live: LivePages, times: int) -> None:
    """What is read about once a second while somebody has such a page of the operator's open."""
    for path, (read, _) in live._followed.items():

        async def ask(path: str = path, read: Read = read) -> None:
            snapshot(await read(Looked(page=path, account="")))

        await timed(f"poll of operator {path}", times, ask)


async def filters(traffic: TenantTraffic, times: int) -> None:
    """A page of each filter, as the member's page of texts asks for it, and as the poll behind that page reads it."""
    day = time.strftime("%Y-%m-%d", time.gmtime((NOW_MS - 20 * DAY_MS) / 1_000))
    for wanted in (
        TextsWanted(),
        TextsWanted(day=day),
        *(TextsWanted(status=status) for status in (Status.DELIVERED, Status.FAILED, Status.QUEUED, Status.CANCELED)),
        TextsWanted(status=Status.FAILED, day=day),
        TextsWanted(direction=Direction.INBOUND),
        TextsWanted(direction=Direction.OUTBOUND_REPLY),
    ):
        found: list[Any] = []

        async def ask(wanted: TextsWanted = wanted, found: list[Any] = found) -> None:
            rows = rows_by(lambda each: each.sid, (await traffic.page(ACCOUNT, wanted))[0])
            found[:] = [len(rows), snapshot(rows)]

        said = " ".join(value for value in (wanted.day, wanted.status or "", wanted.direction or "") if value)
        await timed(f"texts {said or 'all'}", times, ask)
        print(f"{'':<46} {found[0]} texts on the page")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1_000_000)
    parser.add_argument("--tenants", type=int, default=270_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--directory", type=Path, default=None)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.directory) as made:
        asyncio.run(main(chosen, Path(made)))
