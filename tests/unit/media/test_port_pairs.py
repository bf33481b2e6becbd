"""Sockets for legs: an even port and the next, from the range, as long as there are any."""

import pytest

from ringfence.media.port_pairs import NoPortError, PortPairs, PortRange


@pytest.mark.parametrize("text", ["", "20000", "20000-", "1000-2000", "20000-70000", "3000-2000", "20001-20002", "a-b"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        PortRange.parse(text)


@pytest.mark.parametrize(("text", "first", "pairs"), [("20000-29999", 20_000, 5_000), ("20001-20005", 20_002, 2)])
def test_a_range_begins_at_an_even_port(text: str, first: int, pairs: int) -> None:
    parsed = PortRange.parse(text)
    assert (parsed.first, parsed.pairs) == (first, pairs)


def test_pairs_are_even_and_odd_and_used_up() -> None:
    ports = PortPairs("127.0.0.1", PortRange(18_100, 18_107))
    opened = [ports.open() for _ in range(4)]
    try:
        numbers = sorted((rtp.getsockname()[1], rtcp.getsockname()[1]) for rtp, rtcp in opened)
        assert numbers == [(18_100, 18_101), (18_102, 18_103), (18_104, 18_105), (18_106, 18_107)]
        with pytest.raises(NoPortError):
            ports.open()
    finally:
        for pair in opened:
            for one in pair:
                one.close()
    for one in ports.open():
        one.close()


def test_an_address_that_is_not_ours_is_an_error_of_its_own() -> None:
    with pytest.raises(OSError):
        PortPairs("192.0.2.1", PortRange(18_110, 18_113)).open()


def test_the_public_address_is_of_the_same_family() -> None:
    ports = PortRange(18_110, 18_113)
    assert PortPairs("127.0.0.1", ports).public == ""
    assert PortPairs("10.0.0.5", ports, "203.0.113.7").public == "203.0.113.7"
    assert PortPairs("::1", ports, "2001:db8:0::7").public == "2001:db8::7"
    for wrong in ("2001:db8::7", "sip.example.org"):
        with pytest.raises(ValueError):
            PortPairs("10.0.0.5", ports, wrong)
