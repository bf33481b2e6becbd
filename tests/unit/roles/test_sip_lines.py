"""SIP lines as settings have them."""

import asyncio
import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import uvloop
from tests.unit.carriers.sip.desk import Access, Desk, Tokens

from ringfence.carriers.sip.locator import Target
from ringfence.domain.clock import SystemClock
from ringfence.http import egress_guard
from ringfence.ports.line import Destination
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings, decode, encode
from ringfence.roles.settings_sources import load_settings
from ringfence.roles.sip_lines import compose_lines, open_lines, sip_host

TRUNK = """
[[trunk]]
name = "carrier"
host = "127.0.0.1"
password = "env:CARRIER_PASSWORD"
"""


def settings_of(folder: Path, text: str = "", **more: object) -> Settings:
    (folder / "ringfence.toml").write_text(text)
    settings = load_settings(folder / "ringfence.toml", {}, data_dir=folder, **more)
    make_private(settings.run_dir)
    return settings


def opened(settings: Settings) -> list[str]:
    async def story() -> list[str]:
        lines = compose_lines(settings, Desk(), Access(), Tokens(), SystemClock())
        listens = await open_lines(settings, lines)
        await lines.close()
        return [str(listen) for listen in listens]

    # As roles run.
    return uvloop.run(story())


def test_what_is_open_is_written_down(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, sip_listen=("udp:127.0.0.1:0", "tcp:127.0.0.1:0", "ws:127.0.0.1:0"))
    listens = opened(settings)
    assert json.loads((settings.run_dir / "sip.json").read_text()) == listens
    assert [listen.rpartition(":")[0] for listen in listens] == ["udp:127.0.0.1", "tcp:127.0.0.1", "ws:127.0.0.1"]


def test_in_development_a_port_that_is_taken_gives_way(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listen = f"tcp:127.0.0.1:{taken.getsockname()[1]}"
        assert opened(settings_of(tmp_path, sip_listen=(listen,))) != [listen]
        production = {"mode": "production", "base_url": "https://calls.example"}
        with pytest.raises(RefusalError, match="sip_listen"):
            opened(settings_of(tmp_path, sip_listen=(listen,), **production))


def test_a_datagram_port_that_is_taken_gives_way_too(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        listen = f"udp:127.0.0.1:{taken.getsockname()[1]}"
        assert opened(settings_of(tmp_path, sip_listen=(listen,))) != [listen]


def test_a_trunk_travels_to_its_role_and_needs_its_password_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path, TRUNK, sip_listen=("udp:127.0.0.1:0",))
    assert decode(encode(settings)).trunk == settings.trunk
    with pytest.raises(RefusalError, match="CARRIER_PASSWORD"):
        opened(settings)
    monkeypatch.setenv("CARRIER_PASSWORD", "x")
    assert opened(settings)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('sip_listen = ["5060"]', "sip_listen: '5060' is not like"),
        ('sip_listen = ["udp:127.0.0.1:70000"]', "sip_listen"),
        ('sip_listen = ["tls:127.0.0.1:0"]', "sip_certificate: needed"),
        ('sip_listen = ["udp:0.0.0.0:5060"]', "sip_host: needed"),
        ('sip_listen = ["udp:[::]:5060"]', "sip_host: needed"),
        (TRUNK + TRUNK, "two trunks are called carrier"),
        (TRUNK.replace("env:", ""), "env:VARIABLE"),
        (TRUNK + 'nonsense = "x"', "trunk: "),
    ],
)
def test_what_cannot_be_served_is_refused(tmp_path: Path, text: str, cause: str) -> None:
    with pytest.raises(RefusalError) as refused:
        settings_of(tmp_path, text)
    assert cause in refused.value.cause


def test_others_reach_sip_by_its_first_address_or_the_one_given(tmp_path: Path) -> None:
    assert sip_host(settings_of(tmp_path, sip_listen=("udp:192.0.2.7:5060",))) == "192.0.2.7"
    assert sip_host(settings_of(tmp_path, sip_host="sip.example")) == "sip.example"


def test_names_that_hang_hold_up_neither_trunks_nor_other_accounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tenant's SIP addresses name hosts whose name servers never answer, as many as it likes."""
    answer = threading.Event()

    def slow(host: str) -> list[str]:
        if host.startswith("slow"):
            answer.wait()
        return ["8.8.8.8"]

    monkeypatch.setattr(egress_guard, "_getaddrinfo", slow)
    monkeypatch.setenv("CARRIER_PASSWORD", "x")
    settings = settings_of(tmp_path, TRUNK, sip_listen=("udp:127.0.0.1:0",))

    async def story() -> None:
        lines = compose_lines(settings, Desk(), Access(), Tokens(), SystemClock())

        def call(account: str, host: str) -> "asyncio.Task[Sequence[Target]]":
            to = Destination(account=account, kind="sip", address=f"sip:a@{host}:5060")
            return asyncio.create_task(lines._targets(to, None))  # type: ignore[arg-type]

        hanging = [call("AC1", f"slow{number}.example") for number in range(200)]
        await asyncio.sleep(0.05)
        assert [one.place for one in await call("AC2", "pbx.example")] == [("8.8.8.8", 5060)]
        assert await lines._place_locator.targets("pbx.example", 5060, None, owner="AC2")
        assert await lines._locator.targets("carrier.example", 5060, None)
        assert not any(task.done() for task in hanging)
        answer.set()
        for task in hanging:
            task.cancel()
        await lines.close()

    try:
        uvloop.run(story())
    finally:
        answer.set()


@pytest.mark.parametrize(
    ("port", "permitted"), [(5060, True), (5061, True), (5080, True), (25, False), (6379, False), (11211, False)]
)
def test_sip_addresses_lead_to_ports_that_webhooks_reach_and_to_those_of_sip(
    tmp_path: Path, port: int, permitted: bool
) -> None:
    production = {"mode": "production", "base_url": "https://calls.example", "sip_listen": ("udp:127.0.0.1:0",)}
    for settings in (
        settings_of(tmp_path, sip_listen=("udp:127.0.0.1:0",)),
        settings_of(tmp_path, **production),
    ):
        lines = compose_lines(settings, Desk(), Access(), Tokens(), SystemClock())
        assert lines._may_reach("8.8.8.8", port) is permitted
    opened_up = settings_of(tmp_path, egress_ports=(port,), **production)
    assert compose_lines(opened_up, Desk(), Access(), Tokens(), SystemClock())._may_reach("8.8.8.8", port)
