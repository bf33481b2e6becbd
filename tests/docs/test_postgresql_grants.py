"""The database roles that deploy/postgresql makes can do their work, and no more."""

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from ringfence.domain.clock import SystemClock
from ringfence.domain.key_watch import Reaction
from ringfence.domain.message import Direction, Status
from ringfence.ports.messaging_services import ServiceRow
from ringfence.ports.notices import NoticeAddress
from ringfence.ports.operations import AllowedRate
from ringfence.ports.retention import RetainedRow
from ringfence.ports.store import (
    AccountRow,
    CredentialRow,
    MessageFilter,
    MessageRow,
    NewEvent,
    NumberRow,
    Outcome,
    Settlement,
    StockRow,
    StoreFailedError,
)
from ringfence.ports.verify_config import VerifyRow
from ringfence.schema.steps import UnfitDatabaseError
from ringfence.store.postgres import PostgresStore
from ringfence.store.postgres_committer import Connection
from ringfence.store.postgres_reset import reset_database
from ringfence.store.postgres_retained import retain
from ringfence.usecases.access.freeze import freeze, thaw
from ringfence.usecases.access.tell_notices import FreezeNotices
from ringfence.usecases.accounts.invitation import invite
from ringfence.usecases.accounts.release_number import release_number
from ringfence.usecases.accounts.update_account import update_account

if TYPE_CHECKING:
    from ringfence.testing.postgres_server import PostgresServer

SCRIPTS = Path(__file__).parents[2] / "deploy" / "postgresql"
NOW = 1_700_000_000_000
KEY = "SK" + "1" * 32
NUMBER_SID = "PN" + "c" * 32
ACCOUNT, OTHER, SID = "AC" + "a" * 32, "AC" + "b" * 32, "SM" + "b" * 32

NUMBER = NumberRow(
    account=ACCOUNT,
    sid=NUMBER_SID,
    number="+12025550123",
    friendly_name="",
    kind="local",
    region="US",
    capabilities=frozenset({"sms"}),
    standing=b"",
    created_ms=NOW,
    updated_ms=NOW,
)


def database_with_roles(server: "PostgresServer") -> str:
    """The name of a new database with a role for each process. The server keeps roles, beyond one database."""
    database = server.database().split("/")[3].split("?")[0]
    script = (SCRIPTS / "roles.sql").read_text()
    if server.run(database, "SELECT 1 FROM pg_roles WHERE rolname = 'ringfence_owner'"):
        script = re.sub(r"(?m)^CREATE ROLE .*$", "", script)
    server.run(database, script)
    return database


def test_a_database_whose_roles_are_restricted_is_reset_all_the_same(postgres_server: "PostgresServer") -> None:
    database = database_with_roles(postgres_server)
    url = postgres_server.url(database, "ringfence_owner")

    async def story() -> None:
        owner = PostgresStore(url)
        await owner.open()
        await owner.close()
        postgres_server.run(database, (SCRIPTS / "restrict.sql").read_text())
        assert await reset_database(url, dry=True) == await reset_database(url) > 5
        left = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'ringfence'::regnamespace"
        assert postgres_server.run(database, left) == "0"
        await owner.open()
        await owner.close()

    asyncio.run(story())


def test_each_role_does_its_work_and_no_more(postgres_server: "PostgresServer") -> None:
    database = database_with_roles(postgres_server)

    async def story() -> None:
        owner, api, dispatcher, voice, console = (
            PostgresStore(postgres_server.url(database, f"ringfence_{name}"))
            for name in ("owner", "api", "dispatcher", "voice", "console")
        )
        with pytest.raises(UnfitDatabaseError, match="owner"):
            await api.open()
        await owner.open()
        await owner.close()
        for _ in range(2):
            postgres_server.run(database, (SCRIPTS / "restrict.sql").read_text())
        await api.open()
        await dispatcher.open()
        await voice.open()
        await console.open()
        try:
            await accept(api)
            await api.put_credential(
                CredentialRow(
                    account=ACCOUNT,
                    sid=KEY,
                    kind="api_key",
                    verifier=b"v",
                    hmac_states=b"s",
                    created_ms=NOW,
                    updated_ms=NOW,
                )
            )
            await api.stock([StockRow(number="+12025550199", region="US", kind="local")])
            await deliver(dispatcher)
            with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                await dispatcher._all("SELECT * FROM ringfence.account FOR UPDATE")
            with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                await api._all("DELETE FROM ringfence.migration")
            for store, table in (
                (dispatcher, "stock"),
                (voice, "verify_factor"),
                (console, "verify_challenge"),
                *((store, "invitation") for store in (dispatcher, voice)),
            ):
                await api._all(f"SELECT * FROM ringfence.{table}")
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await store._all(f"SELECT * FROM ringfence.{table}")
            assert [row.sid for row in await console.messages(ACCOUNT, MessageFilter())] == [SID]
            assert (await console.backlog()).live_calls == 0
            assert await freeze(api, SystemClock(), "account", ACCOUNT)
            assert await thaw(console, SystemClock(), "account", ACCOUNT)
            # A canary's token is seen where calls are: what it freezes is suspended, and that is all of accounts there.
            for refused in ("status = 'suspended'", "networks = ''", "tenant = ''"):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await voice._all(f"UPDATE ringfence.account SET {refused}")
            for kind, name in (("account", ACCOUNT), ("key", KEY)):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await freeze(voice, SystemClock(), kind, name)
            await wish(api, "freeze-account")
            for kind, name, at_ms in (("key", KEY, 1), ("account", ACCOUNT, 2**63 - 1), ("account", ACCOUNT, -1)):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await voice._all(freezing(kind, name, at_ms=at_ms))
            assert await freeze(voice, SystemClock(), "account", ACCOUNT)
            assert (await api.account(ACCOUNT)).status == "suspended"  # type: ignore[union-attr]
            with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                await voice._all("UPDATE ringfence.account SET status = 'suspended', updated_ms = 9223372036854775807")
            for store in (voice, dispatcher):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await thaw(store, SystemClock(), "account", ACCOUNT)
            with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                await voice._all("UPDATE ringfence.account SET status = 'active'")
            assert await thaw(console, SystemClock(), "account", ACCOUNT)
            # And it goes on as it was, whatever voice says of that.
            await voice._all(freezing("account", ACCOUNT, was="closed"))
            assert [row.was for row in await api.freezes()] == ["active"]
            assert await thaw(console, SystemClock(), "account", ACCOUNT)
            await wish(api, "freeze-key")
            assert await freeze(voice, SystemClock(), "key", KEY)
            assert await thaw(console, SystemClock(), "key", KEY)
            for store, kind, name in (
                (voice, "account", ACCOUNT),
                (dispatcher, "platform", "platform"),
                (dispatcher, "account", ACCOUNT),
                (voice, "platform", "platform"),
                (voice, "carrier", "simulator"),
                (voice, "account", OTHER),
                (voice, "key", "SK" + "2" * 32),
            ):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await store._all(freezing(kind, name))
            assert await freeze(console, SystemClock(), "carrier", "simulator")
            assert await thaw(console, SystemClock(), "carrier", "simulator")
            # The API keeps where an account is told, the dispatcher what it is told of a freeze; the console neither.
            address = NoticeAddress(account=ACCOUNT, standing=b"sealed", updated_ms=NOW)
            await api.keep_notice_address(address)
            assert await freeze(api, SystemClock(), "key", KEY)
            assert len(await dispatcher.ended_freezes()) == 4
            assert await FreezeNotices(dispatcher, "https://console.example").round() == 9
            assert await dispatcher.ended_freezes() == []
            for refused in (
                "INSERT INTO ringfence.ended_freeze VALUES ('key', '', 1, 1)",
                "TABLE ringfence.ended_freeze",
            ):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await voice._all(refused)
            with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                await dispatcher._all("INSERT INTO ringfence.ended_freeze VALUES ('key', '', 1, 1)")
            for store in (dispatcher, voice, console):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await store.keep_notice_address(address)
            # How new what limits a key is goes with the key, and is nobody's to set but the API's.
            fence = "INSERT INTO ringfence.access_fence VALUES ('', '', '', 1)"
            for store, refused in ((dispatcher, fence), (voice, "TABLE ringfence.access_fence"), (console, fence)):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await store._all(refused)
            await keep_retained(owner, api, voice, dispatcher, console)
            await set_up(console)
            made = await invite(console, SystemClock(), invitation="IV" + "1" * 32, name="Acme", by="ST1")
            (invited,) = await console.invitations(open_at_ms=NOW)
            assert made.secret
            assert await console.delete_invitation(invited.id)
            # The text's event was told by the dispatcher: a member has it told again.
            event, *_ = await console.events(ACCOUNT, SID)
            assert await console.replay(ACCOUNT, event.id, NOW)
            for refused in (
                "UPDATE ringfence.account SET tenant = ''",
                "UPDATE ringfence.frozen SET was = ''",
                "UPDATE ringfence.number SET account = ''",
                "SELECT verifier FROM ringfence.credential",
                "UPDATE ringfence.credential SET verifier = ''",
                "UPDATE ringfence.credential SET policy = ''",
                "UPDATE ringfence.credential SET networks = '', canary = false, watched = false, reaction = 'alarm'",
                "UPDATE ringfence.account SET networks = ''",
                "UPDATE ringfence.account SET client_keys = ''",
                "INSERT INTO ringfence.credential (account) VALUES ('')",
                "UPDATE ringfence.message SET status = ''",
                "DELETE FROM ringfence.event",
                "INSERT INTO ringfence.notice VALUES ('', '', '', '', 1)",
                "SELECT digest FROM ringfence.invitation",
                "UPDATE ringfence.invitation SET taken_ms = 1",
                "INSERT INTO ringfence.invitation (digest, id, account) VALUES ('', '', '')",
            ):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await console._all(refused)
            row = await console.account(ACCOUNT)
            assert row is not None
            await api.buy_number(NUMBER, from_stock=False)
            rate = AllowedRate(kind="number", name=NUMBER.number, rate_mps=5.0, at_ms=NOW)
            assert await console.put_allowed_rate(rate, number=NUMBER.sid)
            assert await console.put_allowed_rate(replace(rate, rate_mps=6.0), was=rate, number=NUMBER.sid)
            await update_account(console, SystemClock(), row, status="closed")
            assert await api.numbers(ACCOUNT) == []
            assert list(await api.allowed_rates()) == []
            # For good: voice neither freezes what is closed, nor makes it suspended, which a thaw would reopen.
            with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                await voice._all(freezing("account", ACCOUNT))
            await api._all(freezing("account", ACCOUNT))
            with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                await voice._all("UPDATE ringfence.account SET status = 'suspended'")
        finally:
            await api.close()
            await dispatcher.close()
            await voice.close()
            await console.close()

    asyncio.run(story())


def freezing(kind: str, name: str, was: str = "", at_ms: int = 1) -> str:
    return f"INSERT INTO ringfence.frozen (kind, name, was, at_ms) VALUES ('{kind}', '{name}', '{was}', {at_ms})"


async def wish(store: PostgresStore, reaction: Reaction) -> None:
    """What the owner of a canary wants done where it shows itself."""
    assert await store.restrict_credential(
        ACCOUNT, KEY, policy="", networks="", canary=True, reaction=reaction, at_ms=NOW
    )


async def accept(store: PostgresStore) -> None:
    account = AccountRow(sid=ACCOUNT, tenant=ACCOUNT, friendly_name="Fade & Co", created_ms=NOW, updated_ms=NOW)
    token = CredentialRow(
        account=ACCOUNT, sid=ACCOUNT, kind="auth_token", verifier=b"v", hmac_states=b"s", created_ms=NOW, updated_ms=NOW
    )
    await store.create_account(account, token)
    row = MessageRow(
        account=ACCOUNT,
        sid=SID,
        direction=Direction.OUTBOUND_API,
        status=Status.QUEUED,
        local="+12025550123",
        remote_index=b"i",
        remote_region="US",
        epoch=1,
        content=b"sealed",
        num_segments=1,
        created_ms=NOW,
        updated_ms=NOW,
        carrier="simulator",
        has_callback=True,
    )
    assert await store.accept(row, [NewEvent(kind="message.received", sequence=0, at_ms=NOW)])


async def keep_retained(
    owner: PostgresStore, api: PostgresStore, voice: PostgresStore, dispatcher: PostgresStore, console: PostgresStore
) -> None:
    """What a duty keeps is written by three, read by the owner, and erased by the dispatcher when its time has come."""
    for store, sid, until_ms in ((api, "SM1", NOW), (voice, "CA1", NOW), (dispatcher, "SM2", 1 << 50)):
        row = RetainedRow(account=ACCOUNT, sid=sid, part=0, duty=1, epoch=1, until_ms=until_ms, sealed=b"sealed")
        for _ in range(2):
            await store._write(retain_all, row)
    await owner.open()
    try:
        assert [row.sid for row in await owner.retained(ACCOUNT, 1, 1, 1)] == ["CA1", "SM1", "SM2"]
        for store in (api, voice, dispatcher, console):
            for refused in (
                "SELECT sealed FROM ringfence.retained",
                "UPDATE ringfence.retained SET until_ms = 0",
                "DELETE FROM ringfence.retained",
            ):
                with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                    await store._all(refused)
        for store in (api, voice, console):
            with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
                await store.erase_retained(NOW, 10)
        with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
            await console._write(retain_all, row)
        assert await dispatcher.erase_retained(NOW, 1) == 1
        assert await dispatcher.erase_retained(NOW, 10) == 1
        with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
            await dispatcher.erase_retained(1 << 50, 10)
        assert [row.sid for row in await owner.retained(ACCOUNT, 1, 1, 1)] == ["SM2"]
    finally:
        await owner.close()


async def retain_all(tx: Connection, rows: Sequence[RetainedRow]) -> list[None]:
    await retain(tx, rows)
    return [None] * len(rows)


async def set_up(store: PostgresStore) -> None:
    """What members do in the tenants' console."""
    row = NumberRow(
        account=ACCOUNT,
        sid="PN" + "1" * 32,
        number="+12025550199",
        friendly_name="Till",
        kind="local",
        region="US",
        capabilities=frozenset({"sms"}),
        standing=b"sealed",
        created_ms=NOW,
        updated_ms=NOW,
    )
    await store.buy_number(row, from_stock=True)
    await store.update_number(row)
    (key,) = await store.keys(ACCOUNT)
    assert await store.rename_credential(ACCOUNT, key.sid, "till", NOW)
    assert await store.delete_credential(ACCOUNT, key.sid)
    assert await store.key(ACCOUNT, key.sid) is None
    service = ServiceRow(
        account=ACCOUNT, sid="MG" + "1" * 32, friendly_name="x", standing=b"sealed", created_ms=NOW, updated_ms=NOW
    )
    await store.create_service(service)
    assert await store.update_service(service)
    assert await store.add_to_pool(ACCOUNT, service.sid, row.sid, NOW, 400)
    assert await store.remove_from_pool(ACCOUNT, service.sid, row.sid)
    assert await store.delete_service(ACCOUNT, service.sid)
    verify = VerifyRow(account=ACCOUNT, kind="service", sid="VA" + "1" * 32, created_ms=NOW, updated_ms=NOW)
    assert await store.create_verify(verify, 10)
    assert await store.update_verify(verify)
    assert await release_number(store, SystemClock(), account=ACCOUNT, sid=row.sid)
    # It rests. With the rights of the consoles it goes to no other account, and its rest is not shortened.
    for refused in (
        f"INSERT INTO ringfence.number VALUES ('{OTHER}', 'PN2', '{row.number}', '', 'local', 'US', '', '', 1, 1)",
        "DELETE FROM ringfence.resting_number",
        "UPDATE ringfence.resting_number SET until_ms = 0",
        f"UPDATE ringfence.resting_number SET account = '{OTHER}'",
    ):
        with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
            await store._all(refused)
    await store.buy_number(row, from_stock=False)
    with pytest.raises(StoreFailedError, match="InsufficientPrivilege"):
        await store._all("DELETE FROM ringfence.number")
    assert await release_number(store, SystemClock(), account=ACCOUNT, sid=row.sid)


async def deliver(store: PostgresStore) -> None:
    (lease,) = await store.lease("d", "simulator", NOW, 10_000, 5)
    assert [row.sid for row in await store.due(lease, NOW, 5)] == [SID]
    sent = Outcome(account=ACCOUNT, sid=SID, status=Status.SENT, at_ms=NOW)
    assert await store.acknowledge(lease, [sent]) == [True]
    (event,) = await store.take_events("d", NOW, 10_000, 5)
    await store.settle_events([Settlement(event_id=event.id, account=ACCOUNT, state="done", at_ms=NOW)])
    await store.release(lease)
    await store.set_opt_out(ACCOUNT, b"pair", True, NOW)
