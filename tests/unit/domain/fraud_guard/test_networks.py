"""Whose network an address is, by a table as it is published; a line that is wrong is named."""

import ipaddress
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.fraud_guard.networks import Network, read_networks

TABLE = """1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDY
1.0.1.0\t1.0.3.255\t0\tNone\tNot routed
1.0.4.0\t1.0.7.255\t38803\tAU\tOWL-NET
255.255.255.0\t255.255.255.255\t4294967295\tZZ\t
2001:200::\t2001:200:ffff:ffff:ffff:ffff:ffff:ffff\t2500\tJP\tWIDE-BB
2001:200:1:0:8000::\t2001:200:1:0:8000::\t1\tZZ\tINSIDE
""".splitlines(keepends=True)
LAST = TABLE.pop()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("1.0.0.0", "AS13335 CLOUDY"),
        ("1.0.0.255", "AS13335 CLOUDY"),
        ("0.255.255.255", None),
        ("1.0.1.0", None),
        ("1.0.7.255", "AS38803 OWL-NET"),
        ("1.0.8.0", None),
        ("255.255.255.255", "AS4294967295"),
        ("2001:200::", "AS2500 WIDE-BB"),
        ("2001:200:ffff:ffff:ffff:ffff:ffff:ffff", "AS2500 WIDE-BB"),
        ("2001:201::", None),
        ("2001:1ff:ffff::", None),
        ("::ffff:1.0.4.1", "AS38803 OWL-NET"),
        ("::1.0.4.1", None),
    ],
)
def test_an_address_is_in_one_range_or_in_none(address: str, network: str | None) -> None:
    found = read_networks(TABLE).of(address)
    assert (None if found is None else str(found)) == network


@given(st.data())
def test_it_finds_what_a_look_at_each_range_finds(data: st.DataObject) -> None:
    pick = random.Random(data.draw(st.integers(0, 2**32)))
    ends = sorted(pick.sample(range(2**16), 20))
    ranges = [(ends[n], ends[n + 1], n + 1) for n in range(0, 20, 2)]
    networks = read_networks(
        f"{ipaddress.ip_address(first << 112)}\t{ipaddress.ip_address(last << 112)}\t{number}\tZZ\tx"
        for first, last, number in ranges
    )
    value = data.draw(st.integers(0, 2**16 - 1))
    expected = next((number for first, last, number in ranges if first <= value <= last), None)
    found = networks.of(str(ipaddress.IPv6Address(value << 112)))
    assert (None if found is None else found.number) == expected


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (LAST, "not after the one before"),
        ("1.0.9.0\t1.0.8.0\t7\tZZ\tx", "not after|before the first"),
        ("2.0.9.0\t2.0.8.0\t7\tZZ\tx", "not after|before the first"),
        ("1.2.3.4\t1.2.3.5\t7\tZZ", "with tabs between"),
        ("1.2.3.4 1.2.3.5 7 ZZ x", "with tabs between"),
        ("", "with tabs between"),
        ("1.2.3.4\t::1\t7\tZZ\tx", "two addresses"),
        ("1.2.3\t1.2.4\t7\tZZ\tx", "two addresses"),
        ("256.0.0.1\t256.0.0.2\t7\tZZ\tx", "two addresses"),
        ("1.2.3.4\t1.2.3.5\tAS7\tZZ\tx", "AS number"),
        ("1.2.3.4\t1.2.3.5\t-7\tZZ\tx", "AS number"),
        ("1.2.3.4\t1.2.3.5\t4294967296\tZZ\tx", "AS number"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"line 6: .*({why})"):
        read_networks([*TABLE, line])


def test_a_table_without_a_network_is_none() -> None:
    for lines in ([], ["1.0.1.0\t1.0.3.255\t0\tNone\tNot routed"]):
        with pytest.raises(ValueError, match="no network"):
            read_networks(lines)


def test_a_network_without_a_name_is_its_number() -> None:
    assert str(Network(7, "")) == "AS7"
