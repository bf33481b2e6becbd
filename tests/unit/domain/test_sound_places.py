"""Sound goes to telephones: not to this machine, its link or a group because a description says so."""

import msgspec
import pytest

from ringfence.domain.media_ends import IceEnd, RemoteEnd
from ringfence.domain.sound_places import NOWHERE, within_reason

PHONE = RemoteEnd(address="192.0.2.5", port=8_125, rtcp_port=8_126, encoding="PCMU", payload_type=0)


def at(address: str) -> RemoteEnd:
    return msgspec.structs.replace(PHONE, address=address)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "127.9.9.9", "::1", "169.254.169.254", "fe80::1", "224.0.0.1", "ff02::1", "255.255.255.255"],
)
def test_a_stranger_does_not_have_sound_sent_to_us_or_to_a_group(address: str) -> None:
    assert within_reason(at(address), "198.51.100.7").address == "198.51.100.7"
    assert within_reason(at(address), "").address == NOWHERE
    mapped = f"::ffff:{address}"
    if ":" not in address:
        assert within_reason(at(mapped), "198.51.100.7").address == "198.51.100.7"


@pytest.mark.parametrize("address", ["192.0.2.5", "10.0.0.5", "fd00::5", "2001:db8::5", NOWHERE, "::"])
def test_telephones_have_it_where_they_say(address: str) -> None:
    assert within_reason(at(address), "198.51.100.7") == at(address)


def test_a_telephone_on_this_machine_has_it_here() -> None:
    for signalled in ("127.0.0.1", "::1"):
        assert within_reason(at("127.0.0.1"), signalled) == at("127.0.0.1")


def test_no_check_of_ice_goes_there_either() -> None:
    places = ("127.0.0.1", "10.0.0.5", "169.254.169.254", "name.local", "192.0.2.5")
    candidates = tuple(f"1 1 udp 2130706431 {place} 6000 typ host" for place in places)
    ice = IceEnd(ufrag="abcd", password="p" * 22, fingerprint="", setup="actpass", candidates=(*candidates, "short"))
    browser = msgspec.structs.replace(PHONE, ice=ice)
    left = within_reason(browser, "198.51.100.7").ice
    assert left is not None
    assert left.candidates == (candidates[1], candidates[3], candidates[4], "short")
    assert within_reason(browser, "127.0.0.1") == browser
