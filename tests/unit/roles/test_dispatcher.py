"""Where the dispatcher's webhooks may go follows the operator's settings."""

import ipaddress

import pytest

from ringfence.roles.dispatcher import egress_policy
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


def permits(settings: Settings, host: str, address: str) -> bool:
    return egress_policy(settings).permits(host, ipaddress.ip_address(address))


def test_private_networks_are_open_in_development_alone() -> None:
    assert permits(Settings(), "localhost", "127.0.0.1")
    assert not permits(Settings(mode="production"), "localhost", "127.0.0.1")
    assert permits(Settings(mode="production"), "shop.example", "8.8.8.8")


def test_the_operator_opens_networks_hosts_and_ports() -> None:
    settings = Settings(mode="production", egress_allow=("10.1.0.0/16", "hooks.internal"), egress_ports=(25,))
    assert permits(settings, "a.example", "10.1.2.3")
    assert not permits(settings, "a.example", "10.2.2.3")
    assert permits(settings, "hooks.internal", "10.2.2.3")
    assert egress_policy(settings).permits_port(25)
    assert not egress_policy(Settings()).permits_port(25)


def test_metadata_addresses_stay_closed_even_in_development() -> None:
    assert not permits(Settings(), "a.example", "169.254.169.254")
    assert permits(Settings(egress_allow=("169.254.169.254",)), "a.example", "169.254.169.254")


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "10.0.0.1/8", "::zz"])
def test_an_entry_that_is_no_network_is_refused(entry: str) -> None:
    with pytest.raises(RefusalError, match="egress_allow"):
        egress_policy(Settings(egress_allow=(entry,)))
