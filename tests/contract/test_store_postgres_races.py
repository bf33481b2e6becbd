"""PostgreSQL: what two processes do at the same moment, step by step."""

import asyncio

import asyncpg
from msgspec.structs import replace
from tests.contract.conftest import ACCOUNT as A

from ringfence.domain.message import Status
from ringfence.ports.access_changes import OvertakenError
from ringfence.ports.call_brakes import Bound
from ringfence.ports.freezes import FreezeRow
from ringfence.ports.store import AccountRow, CredentialRow, Outcome, Settlement
from ringfence.store.call_gate import Leaving
from ringfence.store.postgres import PostgresStore
from ringfence.store.postgres_accounts import _restrict_account, _restrict_credential
from ringfence.store.postgres_call_brakes import _let_out
from ringfence.store.postgres_connection import connect
from ringfence.store.postgres_freezes import _put
from ringfence.store.postgres_messages import _accept, _acknowledge
from ringfence.store.postgres_queue import _renew

NOW = 1_700_000_100_000
TTL = 10_000


def moved(row, status):
    return Outcome(account=row.account, sid=row.sid, status=status, at_ms=NOW)


async def test_a_queue_seen_empty_while_a_text_is_in_flight_still_comes_up(postgres_url, text):
    store = PostgresStore(postgres_url)
    await store.open()
    gone, new = text(), text()
    await store.accept(gone)
    await store.acknowledge(None, [moved(gone, Status.SENT)])
    other = await connect(postgres_url)
    await other.execute("BEGIN")
    assert await _accept(other, [(new, (), None)]) == [True]
    assert await store.lease("d", "simulator", NOW, TTL, 5) == []
    await other.execute("COMMIT")
    await other.close()
    (lease,) = await store.lease("d", "simulator", NOW, TTL, 5)
    assert await store.due(lease, NOW, 5) == [new]
    await store.close()


async def test_an_event_written_while_the_one_before_is_settled_is_taken_next(postgres_url, text):
    store = PostgresStore(postgres_url)
    await store.open()
    row = text(has_callback=True)
    await store.accept(row)
    await store.acknowledge(None, [moved(row, Status.SENT)])
    (first,) = await store.take_events("d", NOW, TTL, 5)
    other = await connect(postgres_url)
    await other.execute("BEGIN")
    assert await _acknowledge(other, [(None, [moved(row, Status.DELIVERED)])]) == [[True]]
    done = Settlement(event_id=first.id, account=row.account, state="done", at_ms=NOW)
    settling = asyncio.create_task(store.settle_events([done]))
    await asyncio.sleep(0.2)
    await other.execute("COMMIT")
    await other.close()
    await settling
    assert [event.kind for event in await store.take_events("d", NOW, TTL, 5)] == ["message.delivered"]
    await store.close()


async def test_leases_are_renewed_in_the_order_in_which_they_are_taken(postgres_url, text):
    """Else two processes would each hold the row that the other waits for."""
    store = PostgresStore(postgres_url)
    await store.open()
    for sender in ("+12025550101", "+12025550102"):
        await store.accept(text(local=sender))
    first, second = sorted(await store.lease("d", "simulator", NOW, TTL, 5), key=lambda lease: lease.sender)
    holder, renewing, asking = [await connect(postgres_url) for _ in range(3)]
    row = "SELECT 1 FROM sender_lease WHERE sender = $1 FOR UPDATE NOWAIT"
    await holder.execute("BEGIN")
    await holder.execute(row.replace("$1", f"'{first.sender}'"))
    await renewing.execute("BEGIN")
    renewal = asyncio.create_task(_renew(renewing, [(second, NOW + 2 * TTL), (first, NOW + TTL)]))
    await asyncio.sleep(0.2)
    assert await asking.fetchval(row, second.sender) == 1
    await holder.execute("COMMIT")
    renewed = await renewal
    assert [(lease.sender, lease.until_ms) for lease in renewed] == [
        (second.sender, NOW + 2 * TTL),
        (first.sender, NOW + TTL),
    ]
    await renewing.execute("COMMIT")
    for connection in (holder, renewing, asking):
        await connection.close()
    await store.close()


async def test_who_loses_a_deadlock_over_leases_takes_them_after_it(postgres_url, text):
    store = PostgresStore(postgres_url)
    await store.open()
    for sender in ("+12025550101", "+12025550102"):
        await store.accept(text(local=sender))
    first, second = sorted(await store.lease("d", "simulator", NOW, TTL, 5), key=lambda lease: lease.sender)
    other = await connect(postgres_url)
    await other.execute("BEGIN")
    await _renew(other, [(second, NOW + TTL)])
    leasing = asyncio.create_task(store.lease("d", "simulator", NOW, TTL, 5))
    await asyncio.sleep(0.2)
    # Now each waits for the other. The server ends the wait that it looks at first: on a busy machine perhaps this one.
    try:
        await _renew(other, [(first, NOW + TTL)])
        await other.execute("COMMIT")
    except asyncpg.DeadlockDetectedError:
        await other.execute("ROLLBACK")
    assert len(await leasing) == 2
    await other.close()
    await store.close()


async def test_of_calls_that_two_processes_let_out_at_once_there_are_just_as_many_as_may(postgres_url, ring):
    one, other = PostgresStore(postgres_url), PostgresStore(postgres_url)
    await one.open()
    await other.open()
    rows = [ring(owner="v") for _ in range(30)]
    for row in rows:
        await one.create_call(row)
    bound = Bound(live=20, micros=None)
    ends = await asyncio.gather(
        *(
            store.let_out(row.account, row.sid, NOW, NOW, own=bound)
            for number, row in enumerate(rows)
            for store in [(one, other)[number % 2]]
        )
    )
    assert (ends.count(""), ends.count("live")) == (20, 10)
    await one.close()
    await other.close()


async def test_a_call_waits_for_the_one_that_goes_out_at_this_moment(postgres_url, ring):
    store = PostgresStore(postgres_url)
    await store.open()
    first, second = ring(owner="v"), ring(owner="v")
    for row in (first, second):
        await store.create_call(row)
    bound = Bound(live=1, micros=None)
    leaving = Leaving(account=first.account, sid=first.sid, from_ms=NOW, now_ms=NOW, own=bound, tenant="", whole=None)
    other = await connect(postgres_url)
    await other.execute("BEGIN")
    assert await _let_out(other, [leaving]) == [""]
    waiting = asyncio.create_task(store.let_out(second.account, second.sid, NOW, NOW, own=bound))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    await other.execute("COMMIT")
    assert await waiting == "live"
    await other.close()
    await store.close()


async def test_an_account_that_waits_for_its_own_freeze_is_not_reopened_by_it(postgres_url):
    store = PostgresStore(postgres_url)
    await store.open()
    row = AccountRow(sid=A, tenant=A, friendly_name="Acme", status="suspended", created_ms=NOW, updated_ms=NOW)
    token = CredentialRow(
        account=A, sid=A, kind="auth_token", verifier=b"", hmac_states=b"", created_ms=NOW, updated_ms=NOW
    )
    await store.create_account(row, token)
    other = await connect(postgres_url)
    await other.execute("BEGIN")
    assert await _put(other, [FreezeRow(kind="account", name=A, at_ms=NOW)]) == [True]
    reopening = asyncio.create_task(store.update_account(replace(row, status="active"), was="suspended"))
    await asyncio.sleep(0.2)
    assert not reopening.done()
    await other.execute("COMMIT")
    await other.close()
    assert not await reopening
    assert (await store.account(A)).status == "suspended"
    await store.close()


async def test_what_two_processes_write_of_an_accounts_access_at_once_ends_as_the_newer_has_it(postgres_url):
    """The older waits for what the newer has not yet committed, and sees it then."""
    store = PostgresStore(postgres_url)
    await store.open()
    row = AccountRow(sid=A, tenant=A, friendly_name="", created_ms=NOW, updated_ms=NOW)
    token = CredentialRow(
        account=A, sid=A, kind="auth_token", verifier=b"v" * 32, hmac_states=b"s", created_ms=NOW, updated_ms=NOW
    )
    key = replace(token, sid="SK" + "1" * 32, kind="api_key")
    await store.create_account(row, token)
    await store.put_credential(key)
    newer = await connect(postgres_url)
    await newer.execute("BEGIN")
    assert await _restrict_account(newer, [(A, "192.0.2.2/32", NOW + 2, NOW + 2)]) == [True]
    limits = (None, "192.0.2.2/32", None, None, None, None)
    assert await _restrict_credential(newer, [(A, key.sid, limits, NOW + 2, NOW + 2)]) == [True]
    older = [
        asyncio.create_task(store.restrict_account(A, "", NOW + 1, number=NOW + 1)),
        asyncio.create_task(store.restrict_credential(A, key.sid, networks="", at_ms=NOW + 1, number=NOW + 1)),
    ]
    await asyncio.sleep(0.2)
    assert not any(each.done() for each in older)
    await newer.execute("COMMIT")
    await newer.close()
    assert [type(end) for end in await asyncio.gather(*older, return_exceptions=True)] == [OvertakenError] * 2
    assert (await store.account(A)).networks == (await store.credential(key.sid)).networks == "192.0.2.2/32"
    await store.close()
