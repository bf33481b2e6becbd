"""What whoever takes the consoles over cannot do with their rights to PostgreSQL, by one session or by several."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec
import pytest
from tests.docs.test_postgresql_grants import ACCOUNT, NUMBER, OTHER, SCRIPTS, accept, database_with_roles

from ringfence.domain.clock import SystemClock
from ringfence.ports.verify_config import VerifyRow
from ringfence.store.columns import VERIFY
from ringfence.store.postgres import PostgresStore
from ringfence.usecases.accounts.release_number import REST_MS, release_number

if TYPE_CHECKING:
    from ringfence.testing.postgres_server import PostgresServer

GIVE_UP = "DELETE FROM ringfence.number"
WAKE = "DELETE FROM ringfence.resting_number"
TAKE = f"INSERT INTO ringfence.number VALUES ('{OTHER}', 'PN2', '{NUMBER.number}', '', 'local', 'US', '', '', 1, 1)"


class Scene:
    """One account with one number, and two connections with the rights of the consoles."""

    def __init__(self, api: PostgresStore, first: Any, second: Any) -> None:
        self.api = api
        self.first = first
        self.second = second

    async def begin_rest(self) -> None:
        """As whoever gives the number up begins."""
        until_ms = SystemClock().now_ms() + REST_MS
        await self.first.execute(
            "INSERT INTO ringfence.resting_number VALUES ($1, $2, $3)", NUMBER.number, ACCOUNT, until_ms
        )

    async def waits(self, second: "asyncio.Task[Any]") -> None:
        """Return as it waits for another's lock, or is done."""
        while not second.done() and not await self.api._all("SELECT 1 FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)

    async def rests_for_its_owner(self) -> bool:
        """Whether the number is nobody's and nobody else may have it."""
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="rests"):
            await self.second.execute(TAKE)
        return await self.api._all("SELECT account FROM ringfence.number") == []


Attack = Callable[[Scene], Awaitable[None]]


async def wake_what_another_gives_up(it: Scene) -> None:
    await it.begin_rest()
    async with it.first.transaction():
        await it.first.execute(GIVE_UP)
        waking = asyncio.ensure_future(it.second.execute(WAKE))
        await it.waits(waking)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="rests"):
        await waking


async def give_up_what_another_wakes(it: Scene) -> None:
    await it.begin_rest()
    async with it.first.transaction():
        await it.first.execute(WAKE)
        giving_up = asyncio.ensure_future(it.second.execute(GIVE_UP))
        await it.waits(giving_up)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="rests"):
        await giving_up
    assert await release_number(it.api, SystemClock(), account=ACCOUNT, sid=NUMBER.sid)


async def take_what_another_gives_up(it: Scene) -> None:
    async with it.first.transaction():
        await it.begin_rest()
        await it.first.execute(GIVE_UP)
        taking = asyncio.ensure_future(it.second.execute(TAKE))
        await it.waits(taking)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="rests"):
        await taking


async def look_at_an_older_state(it: Scene) -> None:
    await it.begin_rest()
    for act in (WAKE, TAKE):
        await it.second.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await it.second.fetch("SELECT count(*) FROM ringfence.number")
        if act == WAKE:
            await it.first.execute(GIVE_UP)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="rests"):
            await it.second.execute(act)
        await it.second.execute("ROLLBACK")


async def do_both_at_once(it: Scene) -> None:
    await it.begin_rest()
    for one, other in ((GIVE_UP, WAKE), (WAKE, GIVE_UP)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="rests"):
            await it.first.execute(f"WITH done AS ({one} RETURNING 1) {other}")
    await it.first.execute(GIVE_UP)


async def rest_what_is_not_theirs(it: Scene) -> None:
    """Else anybody's number, or one for sale, could be kept from everybody."""
    for number, account in ((NUMBER.number, OTHER), ("+12025550177", ACCOUNT)):
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="rests"):
            await it.first.execute("INSERT INTO ringfence.resting_number VALUES ($1, $2, 1)", number, account)
    assert await release_number(it.api, SystemClock(), account=ACCOUNT, sid=NUMBER.sid)


@pytest.fixture(scope="module")
def database(postgres_server: "PostgresServer") -> str:
    """A database as its operator makes it for all processes."""
    name = database_with_roles(postgres_server)

    async def migrate() -> None:
        owner = PostgresStore(postgres_server.url(name, "ringfence_owner"))
        await owner.open()
        await owner.close()

    asyncio.run(migrate())
    postgres_server.run(name, (SCRIPTS / "restrict.sql").read_text())
    return name


@contextlib.asynccontextmanager
async def scene_in(server: "PostgresServer", database: str) -> AsyncIterator[Scene]:
    api = PostgresStore(server.url(database, "ringfence_api"))
    await api.open()
    console = server.url(database, "ringfence_console")
    first, second = await asyncpg.connect(console), await asyncpg.connect(console)
    try:
        if await api.account(ACCOUNT) is None:
            await accept(api)
        await api.buy_number(NUMBER, from_stock=False)
        yield Scene(api, first, second)
    finally:
        await first.close()
        await second.close()
        await api._all("DELETE FROM ringfence.number")
        await api._all("DELETE FROM ringfence.resting_number")
        await api._all("DELETE FROM ringfence.verify_config")
        await api.close()


@pytest.mark.parametrize(
    "attack",
    [
        wake_what_another_gives_up,
        give_up_what_another_wakes,
        take_what_another_gives_up,
        look_at_an_older_state,
        do_both_at_once,
        rest_what_is_not_theirs,
    ],
)
def test_a_number_that_was_given_up_rests(postgres_server: "PostgresServer", database: str, attack: Attack) -> None:
    async def story() -> None:
        async with scene_in(postgres_server, database) as it:
            await attack(it)
            assert await it.rests_for_its_owner()

    asyncio.run(story())


def test_of_verify_the_consoles_set_services_and_webhooks_alone(
    postgres_server: "PostgresServer", database: str
) -> None:
    """No limit, no safe number and no credential of a push network, neither new nor changed nor gone."""
    service = VerifyRow(account=ACCOUNT, kind="service", sid="VA1", created_ms=1, updated_ms=1)
    replace = msgspec.structs.replace
    webhook = replace(service, kind="webhook", parent="VA1", sid="YW1", standing=b"sealed")
    limit = VerifyRow(account=ACCOUNT, kind="rate_limit", parent="VA1", sid="RK1", created_ms=1, updated_ms=1)
    insert = "INSERT INTO ringfence.verify_config VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    settings = "UPDATE ringfence.verify_config SET settings = $1 WHERE sid = $2"

    async def story() -> None:
        async with scene_in(postgres_server, database) as it:

            async def refused(statement: str, *values: Any) -> None:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await it.first.execute(statement, *values)

            console = PostgresStore(postgres_server.url(database, "ringfence_console"))
            await console.open()
            try:
                assert await it.api.create_verify(service, 10)
                assert await it.api.create_verify(limit, 10)
                assert await console.create_verify(webhook, 10)
                assert await console.update_verify(replace(webhook, settings='{"x": 1}', standing=b"other"))
                assert await console.delete_verify(ACCOUNT, "webhook", "YW1", parent="VA1")
                assert await console.create_verify(webhook, 10)
            finally:
                await console.close()
            await it.first.execute(settings, "{}", "VA1")
            await refused(settings, "{}", "RK1")
            await refused("UPDATE ringfence.verify_config SET standing = '' WHERE sid = 'YW1'")
            for column, value in (("standing", b"x"), ("name", "x")):
                await refused(f"UPDATE ringfence.verify_config SET {column} = $1 WHERE sid = 'VA1'", value)
            for column, of in (("account", OTHER), ("kind", "webhook"), ("parent", "VA1"), ("sid", "VA2")):
                await refused(f"UPDATE ringfence.verify_config SET {column} = $1 WHERE sid = 'VA1'", of)
            await it.first.execute(insert, *VERIFY.write(replace(service, sid="VA2")))
            for row in (
                replace(webhook, sid="YW2", name="y"),
                replace(webhook, sid="YW2", standing=b""),
                replace(webhook, sid="YW2", parent="VA9"),
                replace(webhook, sid="YW2", parent="RK1"),
                replace(webhook, sid="YW2", account=OTHER),
                replace(limit, sid="RK2"),
                VerifyRow(account=ACCOUNT, kind="safe_number", sid="GN1", created_ms=1, updated_ms=1),
                replace(service, sid="VA3", standing=b"x"),
                replace(service, sid="VA3", name="x"),
                replace(service, sid="VA3", parent="VA1"),
            ):
                await refused(insert, *VERIFY.write(row))
            for sid in ("VA1", "RK1"):
                await refused("DELETE FROM ringfence.verify_config WHERE sid = $1", sid)

    asyncio.run(story())
