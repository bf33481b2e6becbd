"""Whose packets count: the described host's at once, a stranger's only in a row, and none but the first for good."""

from ringfence.media.latch import STRANGER_PACKETS, Latch

HOME, NAT, ATTACKER = ("192.0.2.1", 4_000), ("198.51.100.7", 61_000), ("203.0.113.9", 9)


def test_without_symmetry_only_the_described_address_counts() -> None:
    latch = Latch(HOME, symmetric=False)
    assert not latch.admits(NAT, 1, 1)
    assert latch.admits(HOME, 1, 1)


def test_the_described_host_is_believed_at_once_from_whatever_port() -> None:
    latch = Latch(HOME, symmetric=True)
    assert latch.admits((HOME[0], 5_555), 1, 1)
    assert latch.settled == (HOME[0], 5_555)
    assert not latch.admits(HOME, 1, 2)


def test_another_host_has_to_send_some_packets_in_a_row() -> None:
    latch = Latch(HOME, symmetric=True)
    admitted = [latch.admits(NAT, 1, 65_534 + number & 0xFFFF) for number in range(STRANGER_PACKETS)]
    assert admitted == [False] * (STRANGER_PACKETS - 1) + [True]
    assert latch.settled == NAT


def test_a_spray_of_single_packets_settles_nothing_whoever_sends_it() -> None:
    latch = Latch(HOME, symmetric=True)
    for number in range(20):
        assert not latch.admits(ATTACKER, number, 7)
        assert not latch.admits((ATTACKER[0], number), 1, number)
        assert not latch.admits(ATTACKER, 1, number * 5)
    assert latch.admits(HOME, 1, 1)


def test_once_settled_it_stays_so() -> None:
    latch = Latch(HOME, symmetric=True)
    latch.admits(HOME, 1, 1)
    assert not any(latch.admits(ATTACKER, 1, number) for number in range(2, 50))
    assert latch.settled == HOME


def test_a_stranger_gives_way_to_the_described_host_until_it_is_confirmed() -> None:
    latch = Latch(HOME, symmetric=True)
    for number in range(STRANGER_PACKETS):
        latch.admits(NAT, 1, number)
    assert (latch.settled, latch.sure) == (NAT, False)
    assert not latch.hears(ATTACKER)
    assert latch.hears(HOME)
    assert latch.admits(HOME, 2, 1)
    assert (latch.settled, latch.sure) == (HOME, True)
    assert not latch.hears(NAT)


def test_a_stranger_that_was_confirmed_stays() -> None:
    latch = Latch(HOME, symmetric=True)
    latch.confirm()
    assert not latch.sure
    for number in range(STRANGER_PACKETS):
        latch.admits(NAT, 1, number)
    latch.confirm()
    assert latch.sure
    assert not latch.hears(HOME)
    assert not latch.admits(HOME, 2, 1)


def test_an_ipv6_source_is_known_by_host_and_port() -> None:
    latch = Latch(("2001:db8::1", 4_000), symmetric=False)
    assert latch.admits(("2001:db8::1", 4_000, 0, 3), 1, 1)
