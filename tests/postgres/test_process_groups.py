"""Two groups of processes on one database and one key service, as two machines are."""

import itertools
import socket
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from ringfence.testing.postgres_server import PostgresServer

if TYPE_CHECKING:
    from tests.postgres.conftest import Account, Callbacks, Group

pytestmark = pytest.mark.slow

SHOPS = ["+12025550123", "+12025550124", "+12025550125"]
PHONES = ["+12025550101", "+12025550102", "+12025550103"]
PAIRS = list(itertools.product(SHOPS, PHONES))
TEXTS_A_PAIR = 12


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def send_all(account: "Account", urls: list[str], callback: str) -> dict[tuple[str, str], list[str]]:
    """Texts of all pairs at once, each pair's one after the other over one api and then the other; their sids."""

    def send(pair: tuple[str, str]) -> list[str]:
        shop, phone = pair
        return [account.text(urls[n % len(urls)], shop, phone, f"{shop} {n}", callback) for n in range(TEXTS_A_PAIR)]

    with ThreadPoolExecutor(len(PAIRS)) as threads:
        return dict(zip(PAIRS, threads.map(send, PAIRS), strict=True))


def stocked(account: "Account", group: "Group") -> None:
    for shop in SHOPS[1:]:
        account.post(group.url, "IncomingPhoneNumbers", PhoneNumber=shop)
    for phone in PHONES:
        group.handset(phone)


def bodies(group: "Group", pair: tuple[str, str]) -> list[str]:
    shop, phone = pair
    return [body for sender, body in group.arrived(phone) if sender == shop]


def test_texts_that_both_take_arrive_once_in_order_and_are_told_in_order(
    postgres_server: PostgresServer, group: Callable[..., Any], tenant: Callable[..., Any], callbacks: "Callbacks"
) -> None:
    database = postgres_server.database()
    # A path so long that the sockets lie elsewhere: DATA/run means them all the same.
    one = group("one" + "-with-a-long-name" * 4, database_url=database)
    account = tenant(one.up())
    other = group("other", database_url=database, keys_from=str(one.data / "run"))
    assert other.up()["auth_token"] is None
    assert {"dispatcher", "api"} <= set(other.roles())
    assert not {"kms", "simulator"} & set(other.roles())
    stocked(account, one)

    sids = send_all(account, [one.url, other.url], callbacks.url)
    expected = [f"{n}" for n in range(TEXTS_A_PAIR)]
    one.until(lambda: all(len(bodies(one, pair)) >= TEXTS_A_PAIR for pair in PAIRS), 20)
    for pair in PAIRS:
        assert [body.split()[1] for body in bodies(one, pair)] == expected
    every = [sid for of_pair in sids.values() for sid in of_pair]
    one.until(lambda: sum(map(len, callbacks.told.values())) >= 2 * len(every), 20)
    assert {sid: callbacks.told[sid] for sid in every} == {sid: ["sent", "delivered"] for sid in every}

    name = database.split("/")[3].split("?")[0]
    owners = postgres_server.run(name, "SELECT DISTINCT owner FROM ringfence.event WHERE owner IS NOT NULL")
    assert len(owners.splitlines()) == 2


def test_when_a_dispatcher_is_killed_the_other_takes_over_what_it_had(
    postgres_server: PostgresServer, group: Callable[..., Any], tenant: Callable[..., Any], callbacks: "Callbacks"
) -> None:
    database = postgres_server.database()
    one = group("one", database_url=database)
    account = tenant(one.up())
    other = group("other", database_url=database, keys_from=str(one.data / "run"))
    other.role("dispatcher")
    other.api(free_port())
    stocked(account, one)

    with ThreadPoolExecutor(1) as thread:
        sending = thread.submit(send_all, account, [one.url, other.url], callbacks.url)
        one.until(lambda: len(callbacks.told) > 10)
        other.kill("dispatcher")
        sids = sending.result()
    one.until(lambda: all(len(set(bodies(one, pair))) >= TEXTS_A_PAIR for pair in PAIRS), 10)
    for pair in PAIRS:
        seen = bodies(one, pair)
        # What was on its way when it died may come twice; what is new still comes in order.
        assert list(dict.fromkeys(seen)) == [f"{pair[0]} {n}" for n in range(TEXTS_A_PAIR)]
        assert max(Counter(seen).values()) <= 2
    every = [sid for of_pair in sids.values() for sid in of_pair]
    one.until(lambda: all("delivered" in callbacks.told[sid] for sid in every), 10)
    for sid in every:
        assert list(dict.fromkeys(callbacks.told[sid])) == ["sent", "delivered"]


def test_two_groups_of_lone_roles_work_together_and_a_killed_one_is_started_again_by_whoever_started_it(
    postgres_server: PostgresServer, group: Callable[..., Any], tenant: Callable[..., Any], callbacks: "Callbacks"
) -> None:
    database = postgres_server.database()
    one = group("one", database_url=database)
    # Who supervises by other means starts `up` once, for the first account.
    account = tenant(one.up())
    for shop in SHOPS[1:]:
        account.post(one.url, "IncomingPhoneNumbers", PhoneNumber=shop)
    one.stop("up")
    for name in ("kms", "simulator", "dispatcher"):
        one.role(name)
    one.api(free_port())
    for phone in PHONES:
        one.handset(phone)
    other = group("other", database_url=database, keys_from=str(one.data / "run"))
    other.role("dispatcher")
    other.api(free_port())

    expected = [f"{n}" for n in range(TEXTS_A_PAIR)]
    for times in (1, 2):
        sids = send_all(account, [one.url, other.url], callbacks.url)
        one.until(lambda times=times: all(len(bodies(one, pair)) >= times * TEXTS_A_PAIR for pair in PAIRS), 30)
        for pair in PAIRS:
            assert [body.split()[1] for body in bodies(one, pair)] == expected * times
        every = [sid for of_pair in sids.values() for sid in of_pair]
        one.until(lambda every=every: all("delivered" in callbacks.told[sid] for sid in every), 30)
        for sid in every:
            assert list(dict.fromkeys(callbacks.told[sid])) == ["sent", "delivered"]
        for name in ("kms", "api"):
            one.kill(name)
        one.role("kms")
        one.api(int(one.url.rpartition(":")[2]))
