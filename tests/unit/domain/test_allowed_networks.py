"""From where a credential may be used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.allowed_networks import MAX_NETWORKS, admits, read_networks


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("", ""),
        ("192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        (" 192.0.2.0/24,2001:DB8::/32  ::1 ", "192.0.2.0/24 2001:db8::/32 ::1/128"),
    ],
)
def test_networks_are_kept_in_one_form(text: str, kept: str) -> None:
    assert read_networks(text) == kept
    assert read_networks(kept) == kept


@pytest.mark.parametrize("text", ["192.0.2.1/24", "300.0.0.1", "localhost", "10.0.0.0/33", "1"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected networks"):
        read_networks(text)


def test_there_is_a_bound() -> None:
    read_networks(" ".join(["192.0.2.1"] * MAX_NETWORKS))
    with pytest.raises(ValueError, match="at most"):
        read_networks(" ".join(["192.0.2.1"] * (MAX_NETWORKS + 1)))


@pytest.mark.parametrize(
    ("address", "admitted"),
    [
        ("192.0.2.255", True),
        ("::ffff:192.0.2.1", True),
        ("2001:db8:1::5%eth0", True),
        ("192.0.3.0", False),
        ("2001:db9::1", False),
        ("", False),
        ("unix", False),
    ],
)
def test_an_address_lies_within_or_not(address: str, admitted: bool) -> None:
    assert admits("192.0.2.0/24 2001:db8::/32", address) is admitted


@given(st.text())
def test_without_networks_everybody_is_admitted_and_with_one_nobody_unreadable(text: str) -> None:
    assert admits("", text)
    assert not admits("192.0.2.0/24", f"x{text}")


@given(st.ip_addresses())
def test_an_address_alone_admits_itself(address: object) -> None:
    assert admits(read_networks(str(address)), str(address))
