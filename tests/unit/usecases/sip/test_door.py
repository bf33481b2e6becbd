"""Who may come in to a SIP Domain, as the store has it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from ringfence.domain.standing import (
    SipDomainConfig,
    encode_sip_domain_config,
    encode_sip_secrets,
    sip_credential_record,
    sip_domain_record,
)
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.sip_access import SipDomain, SipRow
from ringfence.ports.store import StoreFailedError
from ringfence.store.memory import MemoryStore
from ringfence.usecases.sip.door import REMEMBERED_MS, UNKNOWN_MS, SipDoor

ACCOUNT = "AC" + "a" * 32
HOST = "shop.sip.twilio.com"


class Time:
    ms = 1_000

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> int:
        return self.ms


class Door:
    """A door over a store in memory; sealed is what is written, behind its record's name."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.time = Time()
        self.asked = 0
        self.opened: list[str] = []
        self.opened_anew: list[str] = []
        self.fails: Exception | None = None
        self.door = SipDoor(self.store, self._open, self.time, sip_domain="sip.localhost", open_anew=self._open_anew)

    async def _open(self, account: str, record: str, sealed: bytes) -> bytes:
        self.opened.append(record)
        if self.fails is not None:
            raise self.fails
        name, _, value = sealed.partition(b"|")
        assert (account, record) == (ACCOUNT, name.decode())
        return value

    async def _open_anew(self, account: str, record: str, sealed: bytes) -> bytes:
        self.opened_anew.append(record)
        if self.fails is not None:
            raise self.fails
        return sealed.partition(b"|")[2]

    async def add(self, kind: Any, sid: str, **more: Any) -> None:
        row = SipRow(account=ACCOUNT, kind=kind, sid=sid, created_ms=1, updated_ms=1, **more)
        assert await self.store.create_sip(row, 100)

    async def shop(self, **more: Any) -> None:
        config = encode_sip_domain_config(SipDomainConfig(voice_url="https://shop.example/voice"))
        sealed = sip_domain_record("SD1").encode() + b"|" + config
        await self.add("domain", "SD1", name="shop", standing=sealed, **more)

    async def credential(self, username: str) -> None:
        await self.add("credential_list", "CL1")
        sealed = sip_credential_record("CR1").encode() + b"|" + encode_sip_secrets({"MD5": "00"})
        await self.add("credential", "CR1", parent="CL1", name=username, standing=sealed)


def run(story: Callable[[Door], Awaitable[None]]) -> None:
    asyncio.run(story(Door()))


def test_a_domain_without_mappings_admits_nobody() -> None:
    async def story(it: Door) -> None:
        await it.shop(secure=True, registration=True)
        expected = SipDomain(account=ACCOUNT, sid="SD1", secure=True, registration=True)
        assert await it.door.domain(HOST) == await it.door.domain("shop.sip.localhost") == expected
        assert await it.door.domain("other.sip.localhost") is None
        assert await it.door.domain("127.0.0.1") is None

    run(story)


def test_a_domain_is_put_together_from_its_mappings() -> None:
    async def story(it: Door) -> None:
        await it.shop()
        await it.add("credential_list", "CL1")
        await it.add("credential_list", "CL2")
        await it.add("ip_list", "AL1")
        await it.add("ip_list", "AL2")
        await it.add("ip_address", "IP1", parent="AL1", name="192.0.2.0/24")
        await it.add("ip_address", "IP2", parent="AL2", name="198.51.100.7/32")
        await it.add("calls", "CL1", parent="SD1")
        await it.add("calls", "AL1", parent="SD1")
        await it.add("registrations", "CL2", parent="SD1")
        domain = await it.door.domain(HOST)
        assert domain is not None
        assert (domain.by_network, domain.networks) == (True, ("192.0.2.0/24",))
        assert (domain.call_lists, domain.registration_lists) == (("CL1",), ("CL2",))

    run(story)


def test_an_empty_list_of_addresses_keeps_everybody_out() -> None:
    async def story(it: Door) -> None:
        await it.shop()
        await it.add("ip_list", "AL1")
        await it.add("calls", "AL1", parent="SD1")
        domain = await it.door.domain(HOST)
        assert domain is not None
        assert (domain.by_network, domain.networks) == (True, ())

    run(story)


def test_a_change_holds_within_two_seconds() -> None:
    async def story(it: Door) -> None:
        assert await it.door.domain(HOST) is None
        await it.shop()
        it.time.ms += REMEMBERED_MS - 1
        assert await it.door.domain(HOST) is None
        it.time.ms += 1
        assert await it.door.domain(HOST) is not None
        await it.store.delete_sip(ACCOUNT, "domain", "SD1")
        assert await it.door.domain(HOST) is not None
        it.time.ms += REMEMBERED_MS
        assert await it.door.domain(HOST) is None

    run(story)


def test_hashes_are_opened_for_the_username_alone() -> None:
    async def story(it: Door) -> None:
        await it.shop()
        await it.credential("alice")
        domain = await it.door.domain(HOST)
        assert domain is not None
        assert await it.door.secrets(domain, ["CL1"], "alice") == [{"MD5": "00"}]
        assert await it.door.secrets(domain, ["CL1"], "bob") == []
        assert await it.door.secrets(domain, [], "alice") == []

    run(story)


@pytest.mark.parametrize("failure", [KeyRefusedError("no"), ConnectionError("away"), StoreFailedError("shut")])
def test_what_cannot_be_asked_now_is_an_os_error(failure: Exception) -> None:
    async def story(it: Door) -> None:
        await it.shop()
        await it.credential("alice")
        domain = await it.door.domain(HOST)
        assert domain is not None
        it.fails = failure
        with pytest.raises(ConnectionError):
            await it.door.secrets(domain, ["CL1"], "alice")

    run(story)


def test_what_calls_run_is_opened() -> None:
    async def story(it: Door) -> None:
        await it.shop()
        program = await it.door.program(ACCOUNT, "SD1")
        assert program is not None
        assert program.voice_url == "https://shop.example/voice"
        assert await it.door.program(ACCOUNT, "SD9") is None
        assert await it.door.program("AC" + "b" * 32, "SD1") is None

    run(story)


def test_as_much_is_opened_for_a_name_that_nobody_has_as_for_one_that_somebody_has() -> None:
    async def story(it: Door) -> None:
        await it.shop()
        await it.credential("alice")
        domain = await it.door.domain(HOST)
        assert domain is not None
        assert await it.door.secrets(domain, ["CL1"], "alice") == [{"MD5": "00"}]
        assert await it.door.secrets(domain, ["CL1"], "mallory") == []
        assert it.opened == [sip_credential_record("CR1"), sip_domain_record("SD1")]

    run(story)


def test_as_many_rows_are_looked_for_and_found_for_a_name_that_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a row takes time, too."""

    async def story(it: Door) -> None:
        await it.shop()
        await it.credential("alice")
        domain = await it.door.domain(HOST)
        assert domain is not None
        found: list[int] = []

        def noted(look: Callable[..., Any]) -> Callable[..., Any]:
            async def looked(*arguments: Any) -> Any:
                rows = await look(*arguments)
                found.append(len(rows) if isinstance(rows, list) else rows is not None)
                return rows

            return looked

        for name in ("sip_credentials", "sip_row"):
            monkeypatch.setattr(it.store, name, noted(getattr(it.store, name)))
        await it.door.secrets(domain, ["CL1"], "alice")
        assert found == [1, 0]
        await it.door.secrets(domain, ["CL1"], "mallory")
        assert found == [1, 0, 0, 1]

    run(story)


def test_a_domain_that_is_gone_meanwhile_knows_nobody() -> None:
    async def story(it: Door) -> None:
        await it.shop()
        domain = await it.door.domain(HOST)
        assert domain is not None
        await it.store.delete_sip(ACCOUNT, "domain", "SD1")
        assert await it.door.secrets(domain, ["CL1"], "mallory") == []
        assert it.opened == []

    run(story)


def test_a_name_that_nobody_has_takes_the_key_service_once_a_minute_as_a_credential_does() -> None:
    """What is remembered of a credential must not be what gives it away."""

    async def story(it: Door) -> None:
        await it.shop()
        await it.credential("alice")
        domain = await it.door.domain(HOST)
        assert domain is not None
        asked = []
        for later_ms, name in (
            (0, "mallory"),
            (0, "mallory"),
            (0, "trudy"),
            (UNKNOWN_MS - 1, "mallory"),
            (1, "mallory"),
        ):
            it.time.ms += later_ms
            await it.door.secrets(domain, ["CL1"], name)
            asked.append(len(it.opened_anew))
        assert asked == [1, 1, 2, 2, 3]
        await it.door.secrets(domain, ["CL1"], "alice")
        assert len(it.opened_anew) == 3, "those are remembered by who opens them"

    run(story)


def test_few_of_the_names_that_nobody_has_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.usecases.sip.door.MAX_UNKNOWN", 2)

    async def story(it: Door) -> None:
        await it.shop()
        domain = await it.door.domain(HOST)
        assert domain is not None
        for name in ("a", "b", "c", "b", "a"):
            await it.door.secrets(domain, ["CL1"], name)
        assert len(it.opened_anew) == 4, "the oldest was forgotten"

    run(story)


def test_a_key_service_that_is_away_is_away_for_names_that_nobody_has_too() -> None:
    async def story(it: Door) -> None:
        await it.shop()
        domain = await it.door.domain(HOST)
        assert domain is not None
        it.fails = ConnectionError()
        with pytest.raises(ConnectionError):
            await it.door.secrets(domain, ["CL1"], "mallory")
        it.fails = None
        assert await it.door.secrets(domain, ["CL1"], "mallory") == []

    run(story)
