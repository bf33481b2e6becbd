"""The database goes away, or takes no writes, under a running installation: it says so, loses nothing and recovers."""

import itertools
import json
import time
import urllib.error
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from ringfence.testing.postgres_server import PostgresServer

if TYPE_CHECKING:
    from tests.postgres.conftest import Account, Group

pytestmark = pytest.mark.slow

SHOP, PHONE = "+12025550123", "+12025550101"
numbers = itertools.count()


def texted(account: "Account", group: "Group") -> tuple[str, int]:
    """One text: its body, and Twilio's error code where it was refused, else 0."""
    body = f"text {next(numbers)}"
    try:
        account.text(group.url, SHOP, PHONE, body)
    except urllib.error.HTTPError as refused:
        return body, int(json.load(refused)["code"])
    return body, 0


def is_there(group: "Group", body: str) -> bool:
    return (SHOP, body) in group.arrived(PHONE)


@pytest.fixture
def installation(
    postgres_server: PostgresServer, group: Callable[..., Any], tenant: Callable[..., Any]
) -> "tuple[Group, Account, str]":
    database = postgres_server.database()
    one = group("one", database_url=database)
    account = tenant(one.up())
    one.handset(PHONE)
    return one, account, database.split("/")[3].split("?")[0]


def test_while_the_server_is_gone_texts_are_refused_and_soon_after_all_goes_on(
    postgres_server: PostgresServer, installation: "tuple[Group, Account, str]"
) -> None:
    one, account, _ = installation
    before, code = texted(account, one)
    assert code == 0
    roles = one.roles()
    postgres_server.kill()
    try:
        for _ in range(3):
            started = time.monotonic()
            assert texted(account, one)[1] == 20503
            assert time.monotonic() - started < 3
            assert not one.ready()
            time.sleep(0.3)
    finally:
        postgres_server.start()
    back = time.monotonic()
    one.until(lambda: texted(account, one)[1] == 0, 2)
    after, code = texted(account, one)
    assert code == 0
    one.until(lambda: is_there(one, before) and is_there(one, after))
    assert time.monotonic() - back < 2
    assert one.roles() == roles


def test_a_database_that_turns_read_only_is_told_and_is_used_again_when_it_no_longer_is(
    postgres_server: PostgresServer, installation: "tuple[Group, Account, str]"
) -> None:
    one, account, name = installation
    roles = one.roles()

    def read_only(setting: str) -> None:
        postgres_server.run("postgres", f"ALTER DATABASE {name} {setting}")
        # As a failover does: sessions end, and the next ones find what is there now.
        postgres_server.run(
            "postgres", f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}'"
        )

    read_only("SET default_transaction_read_only = on")
    one.until(lambda: texted(account, one)[1] == 20503, 5)
    assert texted(account, one)[1] == 20503
    read_only("RESET default_transaction_read_only")
    one.until(lambda: texted(account, one)[1] == 0, 2)
    body, code = texted(account, one)
    assert code == 0
    one.until(lambda: is_there(one, body), 2)
    assert one.roles() == roles
