"""What the guard lets through, judged address by address."""

import asyncio
import ipaddress
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.http import egress_guard
from ringfence.http.egress_guard import (
    LOOKUPS_OF_OWNER,
    AddressRefusedError,
    EgressGuard,
    EgressPolicy,
    SystemResolver,
    development,
    production,
)


def judged(url: str, policy: EgressPolicy, *answers: str) -> list[str]:
    async def answer(host: str) -> list[str]:
        return list(answers)

    guard = EgressGuard(policy, answer if answers else None)
    return asyncio.run(guard.addresses(parse_url(url)))


INWARD = re.findall(
    r"\S+",
    """http://127.0.0.1/ http://localhost/ http://127.1/ http://2130706433/ http://0x7f.1/ http://017700000001/
http://0/ http://0.0.0.0/ http://[::1]/ http://[::]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/
http://[64:ff9b::7f00:1]/ http://[64:ff9b:1::1]/ http://[2002:7f00:1::]/ http://[fec0::1]/ http://[::127.0.0.1]/
http://169.254.169.254/latest http://[fd00:ec2::254]/ http://100.100.100.200/ http://192.0.0.192/ http://10.0.0.1/
http://172.16.0.1/ http://172.31.255.255/ http://192.168.0.1/ http://224.0.0.1/ http://239.255.255.250/
http://255.255.255.255/ http://240.0.0.1/ http://198.18.0.1/ http://198.51.100.1/ http://203.0.113.1/
http://192.88.99.1/ http://user@8.8.8.8/ http://8.8.8.8:22/ http://8.8.8.8:25/ http://8.8.8.8:6379/
http://8.8.8.8:11211/ http://8.8.8.8:0/ gopher://8.8.8.8/ file:///etc/passwd http://a.localhost/
http://[fe80::1%25eth0]/ http://[fe80::1]/ http://[ff02::1]/ http://[fc00::1]/ http://[fdff::1]/ http://[100::1]/
http://[2001:db8::1]/ http://[2001::1]/ http://[3fff::1]/ http://[5f00::1]/ http://[4000::1]/ http://[1000::1]/
http://\u2460\u2461\u2466.0.0.1/ http://8.8.8.8\\@127.0.0.1/""",
)


@pytest.mark.parametrize("url", INWARD)
def test_nothing_inward_in_production(url: str) -> None:
    with pytest.raises((AddressRefusedError, InvalidUrlError, OSError)):
        judged(url, production())


@pytest.mark.parametrize("address", ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111"])
def test_the_public_internet_is_open(address: str) -> None:
    assert judged("https://hooks.example/", production(), address) == [address]


def test_one_forbidden_address_is_enough() -> None:
    with pytest.raises(AddressRefusedError):
        judged("http://x.example/", production(), "8.8.8.8", "10.0.0.1")
    with pytest.raises(AddressRefusedError):
        judged("http://x.example/", production(), "8.8.8.8", "::1")


def test_a_name_is_resolved_once() -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])

    async def rebinding(host: str) -> list[str]:
        return next(answers)

    guard = EgressGuard(production(), rebinding)
    assert asyncio.run(guard.addresses(parse_url("http://x.example/"))) == ["8.8.8.8"]


def test_an_answer_without_addresses_is_no_answer() -> None:
    async def nothing(host: str) -> list[str]:
        return []

    with pytest.raises(OSError, match="no address"):
        asyncio.run(EgressGuard(production(), nothing).addresses(parse_url("http://x.example/")))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:5000/", "http://[::1]:5000/", "http://10.1.2.3/", "http://[fd12::1]/"]
)
def test_development_opens_loopback_and_private(url: str) -> None:
    assert judged(url, development())


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://0.0.0.0/",
        "http://[fe80::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::2]/",
        "http://127.0.0.1:22/",
        "http://localhost:6379/",
    ],
)
def test_development_keeps_metadata_and_closed_ports_shut(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        judged(url, development())


def test_the_operator_opens_networks_addresses_hosts_and_ports() -> None:
    policy = production(["10.1.0.0/16", "169.254.169.254", "fd12::/48", "Hooks.internal"], ports=[25])
    assert judged("http://10.1.2.3/", policy)
    assert judged("http://169.254.169.254/", policy)
    assert judged("http://[fd12::5]/", policy)
    assert judged("http://hooks.internal/", policy, "192.168.7.7")
    assert judged("http://8.8.8.8:25/", policy)
    for url, answer in (
        ("http://10.2.0.1/", "10.2.0.1"),
        ("http://169.254.169.253/", "169.254.169.253"),
        ("http://other.internal/", "192.168.7.7"),
        ("http://hooks.internal/", "169.254.1.1"),
    ):
        with pytest.raises(AddressRefusedError):
            judged(url, policy, answer)


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "10.0.0.0/33", "fd12::zz"])
def test_a_mistyped_network_is_refused_when_read(entry: str) -> None:
    with pytest.raises(ValueError):
        production([entry])


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)))
def test_production_permits_nothing_that_python_calls_private(address: ipaddress.IPv4Address) -> None:
    if address.is_private or address.is_multicast or address.is_link_local or address.is_reserved:
        assert not production().permits("x", address)


@pytest.mark.parametrize(
    ("port", "open_"),
    [(80, True), (443, True), (81, False), (1023, False), (1024, True), (5000, True), (8080, True), (5432, False)],
)
def test_ports(port: int, open_: bool) -> None:
    assert production().permits_port(port) is open_
    assert development().permits_port(port) is open_


def test_a_private_host_is_noted_once_and_without_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    guard = EgressGuard(development())

    async def thrice() -> None:
        for path in ("a-secret", "a-secret", "b-secret"):
            await guard.addresses(parse_url(f"http://127.0.0.1:5000/{path}?secret"))
        await guard.addresses(parse_url("http://8.8.8.8/"))

    asyncio.run(thrice())
    shown = "".join(capsys.readouterr())
    assert shown.count("127.0.0.1") == 1
    assert "8.8.8.8" not in shown
    assert "secret" not in shown


def test_askers_of_one_name_share_one_question(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    answer = threading.Event()

    def slow(host: str) -> list[str]:
        asked.append(host)
        answer.wait(5)
        return ["8.8.8.8"]

    monkeypatch.setattr(egress_guard, "_getaddrinfo", slow)

    async def main() -> None:
        resolver = SystemResolver()
        impatient = asyncio.create_task(resolver.resolve("x"))
        patient = asyncio.create_task(resolver.resolve("x"))
        await asyncio.sleep(0.01)
        impatient.cancel()
        await asyncio.sleep(0)
        answer.set()
        assert await patient == ["8.8.8.8"]
        await asyncio.sleep(0)
        assert await resolver.resolve("x") == ["8.8.8.8"]

    asyncio.run(main())
    assert asked == ["x", "x"]


def test_one_owners_names_that_never_resolve_leave_room_for_the_others() -> None:
    asking: list[str] = []
    answer = asyncio.Event()

    async def silent(host: str) -> list[str]:
        if host == "quick.example":
            return ["8.8.8.8"]
        asking.append(host)
        await answer.wait()
        return ["8.8.8.8"]

    async def main() -> None:
        guard = EgressGuard(production(), silent)

        def ask(host: str, owner: str) -> "asyncio.Task[list[str]]":
            return asyncio.create_task(guard.addresses(parse_url(f"http://{host}/"), owner))

        slow = [ask(f"n{n}.example", "AC1") for n in range(LOOKUPS_OF_OWNER)]
        await asyncio.sleep(0.01)
        for task in slow:
            task.cancel()
        # Their askers are gone, their questions are not.
        late = ask("late.example", "AC1")
        await asyncio.sleep(0.01)
        assert len(asking) == LOOKUPS_OF_OWNER
        assert await ask("quick.example", "AC2") == ["8.8.8.8"]
        answer.set()
        assert await late == ["8.8.8.8"]

    asyncio.run(main())


def test_localhost_resolves_without_duplicates() -> None:
    addresses = asyncio.run(SystemResolver().resolve("localhost"))
    assert "127.0.0.1" in addresses or "::1" in addresses
    assert len(set(addresses)) == len(addresses)
