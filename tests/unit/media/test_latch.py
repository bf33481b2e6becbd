"""Whose packets count: named hosts' at once, a stranger's after a while, and none but the first for good."""

import pytest

from ringfence.media.latch import DOUBTED_TICKS, STRANGER_PACKETS, STRANGER_TICKS, Address, Latch

HOME, NAT, ATTACKER = ("192.0.2.1", 4_000), ("198.51.100.7", 61_000), ("203.0.113.9", 9)


def insists(latch: Latch, source: Address, *, first_tick: int = 0, ticks: int = STRANGER_TICKS) -> list[bool]:
    """Whether each of a source's packets counts, one a tick, the last after so many ticks."""
    return [latch.admits(source, 1, 65_534 + tick & 0xFFFF, first_tick + tick) for tick in range(ticks + 1)]


def test_without_symmetry_only_the_described_address_counts() -> None:
    latch = Latch(HOME, symmetric=False, signalled=NAT[0])
    assert not latch.admits(NAT, 1, 1, 0)
    assert latch.admits(HOME, 1, 1, 0)


@pytest.mark.parametrize("host", [HOME[0], NAT[0]], ids=["described", "signalled"])
def test_a_host_that_is_named_is_believed_at_once_from_whatever_port(host: str) -> None:
    latch = Latch(HOME, symmetric=True, signalled=NAT[0])
    assert latch.admits((host, 5_555), 1, 1, 0)
    assert (latch.settled, latch.sure) == ((host, 5_555), True)
    assert not latch.admits(HOME, 1, 2, 0)
    assert not latch.admits(NAT, 1, 2, 0)


def test_where_nothing_is_known_of_signalling_no_host_is_named_by_it() -> None:
    assert not Latch(HOME, symmetric=True).admits(("", 1), 1, 1, 0)


def test_another_host_has_to_send_in_a_row_for_a_while() -> None:
    latch = Latch(HOME, symmetric=True)
    assert insists(latch, NAT, first_tick=7) == [False] * STRANGER_TICKS + [True]
    assert (latch.settled, latch.sure) == (NAT, False)


def test_packets_that_come_all_at_once_are_no_while_and_few_packets_are_not_enough() -> None:
    latch = Latch(HOME, symmetric=True)
    assert not any(latch.admits(NAT, 1, number, 5) for number in range(300))
    slow = Latch(HOME, symmetric=True)
    told = [slow.admits(NAT, 1, number, STRANGER_TICKS * number) for number in range(STRANGER_PACKETS)]
    assert told == [False] * (STRANGER_PACKETS - 1) + [True]


def test_whoever_leaves_one_out_begins_anew() -> None:
    latch = Latch(HOME, symmetric=True)
    assert not any(insists(latch, NAT, ticks=STRANGER_TICKS - 1))
    assert not latch.admits(NAT, 1, 9_999, STRANGER_TICKS)
    assert not latch.admits(NAT, 1, 10_000, STRANGER_TICKS + 1)


def test_a_spray_of_single_packets_settles_nothing_whoever_sends_it() -> None:
    latch = Latch(HOME, symmetric=True)
    for number in range(20):
        assert not latch.admits(ATTACKER, number, 7, number)
        assert not latch.admits((ATTACKER[0], number), 1, number, number)
        assert not latch.admits(ATTACKER, 1, number * 5, number)
    assert latch.admits(HOME, 1, 1, 20)


def test_sources_that_take_turns_in_one_stream_of_numbers_are_no_source() -> None:
    latch = Latch(HOME, symmetric=True)
    for tick in range(30):
        assert not latch.admits((ATTACKER[0], tick % 2), 1, tick, tick)
    for tick in range(30, 60):
        assert not latch.admits(ATTACKER, tick % 2, tick, tick)


def test_once_settled_it_stays_so() -> None:
    latch = Latch(HOME, symmetric=True)
    latch.admits(HOME, 1, 1, 0)
    assert not any(insists(latch, ATTACKER, ticks=50))
    assert latch.settled == HOME


@pytest.mark.parametrize("host", [HOME[0], "198.51.100.200"], ids=["described", "signalled"])
def test_a_stranger_gives_way_to_a_named_host_until_it_has_had_it_for_long(host: str) -> None:
    latch = Latch(HOME, symmetric=True, signalled="198.51.100.200")
    insists(latch, NAT)
    assert not latch.hears(ATTACKER)
    assert latch.hears((host, 4_000))
    assert latch.admits((host, 4_000), 2, 1, STRANGER_TICKS + 5)
    assert (latch.settled, latch.sure) == ((host, 4_000), True)
    assert not latch.hears(NAT)


def test_a_stranger_that_has_had_it_for_long_keeps_it() -> None:
    latch = Latch(HOME, symmetric=True)
    assert not latch.ripen(DOUBTED_TICKS)
    insists(latch, NAT)
    assert not latch.ripen(STRANGER_TICKS + DOUBTED_TICKS - 1)
    assert not latch.sure
    assert latch.ripen(STRANGER_TICKS + DOUBTED_TICKS)
    assert latch.sure
    assert not latch.hears(HOME)
    assert not latch.admits(HOME, 2, 1, 999)
    assert not latch.ripen(10 * DOUBTED_TICKS)


def test_an_ipv6_source_is_known_by_host_and_port() -> None:
    source = ("2001:db8::1", 4_000, 0, 3)
    latch = Latch(("2001:db8::1", 4_000), symmetric=False)
    assert latch.hears(source)
    assert latch.admits(source, 1, 1, 0)
    symmetric = Latch(("2001:db8::1", 9), symmetric=True)
    for _ in range(2):
        assert symmetric.admits(source, 1, 1, 0)
        assert symmetric.hears(source)
    assert symmetric.admits(("2001:db8::1", 4_000), 1, 1, 0)
    assert not symmetric.hears(("2001:db8::1", 4_001, 0, 3))
