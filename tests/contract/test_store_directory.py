"""What every request looks up is kept, and never longer than it is true: not after our change, nor another's."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from msgspec.structs import replace

from ringfence.ports.store import AccountRow, CredentialRow, NumberRow, Store, StoreFailedError
from ringfence.ports.verify_config import VerifyRow
from ringfence.store.postgres import PostgresStore
from ringfence.store.postgres_directory import PostgresDirectory
from ringfence.store.sqlite import SqliteStore

AC = "AC" + "c" * 32
SK = "SK" + "d" * 32
NUMBER = "+12025550142"

Two = tuple[Store, Store]


@pytest.fixture(params=["sqlite", "postgres"])
def two(request: pytest.FixtureRequest, tmp_path: Path) -> Two:
    """Two stores on one database, as two processes have it; not open."""
    if request.param == "sqlite":
        return SqliteStore(tmp_path / "ringfence.db"), SqliteStore(tmp_path / "ringfence.db")
    url = request.getfixturevalue("postgres_url")
    return PostgresStore(url), PostgresStore(url)


async def told(two: Two, story: Callable[[Store, Store], object]) -> None:
    ours, theirs = two
    await ours.open()
    await theirs.open()
    try:
        account = AccountRow(sid=AC, tenant=AC, friendly_name="a", created_ms=1, updated_ms=1)
        await ours.create_account(account, credential(AC, "auth_token"))
        await ours.put_credential(credential(SK, "api_key"))
        number = NumberRow(
            account=AC,
            sid="PN" + "e" * 32,
            number=NUMBER,
            friendly_name="n",
            kind="local",
            region="US",
            capabilities=frozenset({"sms"}),
            standing=b"s",
            created_ms=1,
            updated_ms=1,
        )
        await ours.buy_number(number, from_stock=False)
        await story(ours, theirs)  # type: ignore[misc]
    finally:
        await theirs.close()
        await ours.close()


def credential(sid: str, kind: str) -> CredentialRow:
    return CredentialRow(
        account=AC, sid=sid, kind=kind, verifier=bytes(32), hmac_states=b"h", created_ms=1, updated_ms=1
    )


async def test_a_credential_revoked_elsewhere_opens_nothing_from_the_next_look_on(two):
    async def story(ours: Store, theirs: Store) -> None:
        assert await theirs.credential(SK) is not None
        assert await ours.delete_credential(AC, SK)
        assert await theirs.credential(SK) is None
        assert await ours.credential(SK) is None

    await told(two, story)


async def test_an_account_closed_elsewhere_is_closed_here(two):
    async def story(ours: Store, theirs: Store) -> None:
        before = await theirs.account(AC)
        assert before is not None
        assert await ours.update_account(replace(before, status="suspended"), was="active")
        after = await theirs.account(AC)
        assert after is not None
        assert after.status == "suspended"

    await told(two, story)


async def test_a_number_given_up_elsewhere_is_nobodys(two):
    async def story(ours: Store, theirs: Store) -> None:
        owned = await theirs.number_by_e164(NUMBER)
        assert owned is not None
        assert await ours.release_number(AC, owned.sid)
        assert await theirs.number_by_e164(NUMBER) is None

    await told(two, story)


async def test_the_first_opt_out_is_heard_everywhere(two):
    async def story(ours: Store, theirs: Store) -> None:
        assert not await theirs.any_opt_outs(AC)
        await ours.set_opt_out(AC, b"pair", True, 1)
        assert await theirs.any_opt_outs(AC)
        assert await ours.any_opt_outs(AC)

    await told(two, story)


async def test_how_a_service_of_verify_is_set_elsewhere_holds_here_and_what_was_not_there_is_found(two):
    service = VerifyRow(account=AC, kind="service", sid="VA1", settings="{}", created_ms=1, updated_ms=1)
    country = replace(service, kind="messaging_configuration", parent="VA1", sid="US", name="US")

    async def story(ours: Store, theirs: Store) -> None:
        assert await ours.create_verify(service, 10)
        assert await theirs.verify_row(AC, "service", "VA1") == service
        assert await theirs.verify_named(AC, "messaging_configuration", "US", parent="VA1") is None
        assert await theirs.verify_named(AC, "messaging_configuration", "US", parent="VA1") is None
        assert await ours.create_verify(country, 10)
        assert await theirs.verify_named(AC, "messaging_configuration", "US", parent="VA1") == country
        assert await ours.update_verify(replace(service, settings='{"code_length":4}'))
        assert (await theirs.verify_row(AC, "service", "VA1")).settings == '{"code_length":4}'
        assert await ours.delete_verify(AC, "service", "VA1")
        assert await theirs.verify_row(AC, "service", "VA1") is None
        assert await ours.verify_named(AC, "messaging_configuration", "US", parent="VA1") is None

    await told(two, story)


async def test_what_did_not_change_is_the_very_same_row(two):
    async def story(ours: Store, _: Store) -> None:
        first = await ours.credential(SK)
        assert first is not None
        assert await ours.credential(SK) is first
        await ours.set_opt_out(AC, b"pair", True, 1)
        assert await ours.credential(SK) is not first

    await told(two, story)


async def test_a_row_is_true_while_others_change_it_all_the_time(two):
    """Whatever was acknowledged before a look began is seen by it."""

    async def story(ours: Store, theirs: Store) -> None:
        account = await ours.account(AC)
        assert account is not None
        acknowledged = 0

        async def rename() -> None:
            nonlocal acknowledged
            for n in range(1, 30):
                await ours.update_account(replace(account, friendly_name=str(n)), was="active")
                acknowledged = n

        async def look() -> None:
            while acknowledged < 29:
                await asyncio.sleep(0)
                known = acknowledged
                for store in (ours, theirs):
                    seen = await store.account(AC)
                    assert seen is not None
                    assert seen.friendly_name == "a" or int(seen.friendly_name) >= known

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(rename())
            for _ in range(4):
                tasks.create_task(look())

    await told(two, story)


async def test_all_who_ask_in_one_turn_ask_once():
    asked = 0

    async def version(_: str) -> int:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return 1

    directory = PostgresDirectory(version)
    first, *rest = await asyncio.gather(*(directory.entries() for _ in range(50)))
    assert all(each is first for each in rest)
    assert asked == 1
    await asyncio.sleep(0)
    await directory.entries()
    assert asked == 2


async def test_who_asks_during_a_question_waits_for_the_next():
    versions = iter([1, 2])
    entered, go_on = asyncio.Event(), asyncio.Event()

    async def version(_: str) -> int:
        found = next(versions)
        entered.set()
        await go_on.wait()
        return found

    directory = PostgresDirectory(version)
    early = asyncio.create_task(directory.entries())
    await entered.wait()
    late = asyncio.create_task(directory.entries())
    await asyncio.sleep(0.01)
    go_on.set()
    assert await early is not await late


async def test_an_answer_from_before_our_own_change_serves_only_those_who_waited():
    entered, go_on = asyncio.Event(), asyncio.Event()
    asked = 0

    async def version(_: str) -> int:
        nonlocal asked
        asked += 1
        entered.set()
        await go_on.wait()
        return asked

    directory = PostgresDirectory(version)
    early = asyncio.create_task(directory.entries())
    await entered.wait()
    directory.changed()
    go_on.set()
    await early
    await directory.entries()
    assert asked == 2


async def test_a_database_that_fails_is_told_to_each_who_waited():
    async def version(_: str) -> int:
        raise StoreFailedError("away")

    directory = PostgresDirectory(version)
    failed = await asyncio.gather(*(directory.entries() for _ in range(3)), return_exceptions=True)
    assert [type(each) for each in failed] == [StoreFailedError] * 3


async def test_after_a_restore_to_an_earlier_state_what_was_read_before_is_over(postgres_url):
    async def story(ours: Store, _: Store) -> None:
        assert await ours.credential(SK) is not None
        await as_it_was_before_the_key(postgres_url, "UPDATE ringfence.directory_version SET version = version - 1")
        assert await ours.credential(SK) is None

    await told((PostgresStore(postgres_url), PostgresStore(postgres_url)), story)


async def test_a_server_that_was_started_again_is_not_taken_for_the_one_before(postgres_url):
    """Restored, it may have counted to the same version since."""

    async def story(ours: Store, _: Store) -> None:
        assert await ours.credential(SK) is not None
        await as_it_was_before_the_key(
            postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        while True:
            try:
                assert await ours.credential(SK) is None
                break
            except StoreFailedError:
                await asyncio.sleep(0.02)

    await told((PostgresStore(postgres_url), PostgresStore(postgres_url)), story)


async def as_it_was_before_the_key(url: str, and_then: str) -> None:
    connection = await asyncpg.connect(url)
    # No trigger counts the change.
    await connection.execute("SET session_replication_role = replica")
    await connection.execute("DELETE FROM ringfence.credential WHERE sid = $1", SK)
    await connection.execute(and_then)
    await connection.close()
