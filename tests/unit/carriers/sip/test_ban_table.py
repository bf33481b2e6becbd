"""Three bad packets, a minute's silence, and longer each time."""

import pytest

from ringfence.carriers.sip.ban_table import FIRST_BAN_MS, FORGIVEN_AFTER_MS, LONGEST_BAN_MS, MAX_FORGIVEN, BanTable


class Clock:
    now_ms = 1_000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


def table(clock: Clock, told: list[int] | None = None, **options: int) -> BanTable:
    return BanTable(lambda: clock.now_ms, None if told is None else told.append, **options)


def test_the_third_bad_packet_bans(clock: Clock) -> None:
    told: list[int] = []
    bans = table(clock, told)
    for expected in (False, False, True):
        bans.count("a")
        assert bans.is_banned("a") is expected
    assert (bans.is_banned("b"), told) == (False, [FIRST_BAN_MS])


def test_a_scanner_by_its_own_word_is_banned_at_once(clock: Clock) -> None:
    bans = table(clock)
    bans.count("a", 3)
    assert bans.is_banned("a")


def test_each_ban_is_four_times_as_long_up_to_a_day(clock: Clock) -> None:
    told: list[int] = []
    bans = table(clock, told)
    for _ in range(8):
        bans.count("a", 3)
        bans.count("a", 3)
        clock.now_ms += told[-1]
        assert not bans.is_banned("a")
    assert told[:3] == [FIRST_BAN_MS, FIRST_BAN_MS * 4, FIRST_BAN_MS * 16]
    assert told[-1] == LONGEST_BAN_MS


def test_bad_packets_far_apart_do_not_add_up(clock: Clock) -> None:
    bans = table(clock)
    for _ in range(6):
        bans.count("a")
        clock.now_ms += FORGIVEN_AFTER_MS + 1
    assert not bans.is_banned("a")


def test_who_proves_itself_is_forgiven(clock: Clock) -> None:
    bans = table(clock)
    bans.count("a", 2)
    bans.forgive("a")
    bans.count("a", 2)
    assert not bans.is_banned("a")


def test_who_has_one_password_does_not_guess_others_for_long(clock: Clock) -> None:
    told: list[int] = []
    bans = table(clock, told)
    for _ in range(200):
        bans.count("a", 2)
        bans.forgive("a")
        clock.now_ms += 1_000
    assert bans.is_banned("a")
    assert told[:3] == [FIRST_BAN_MS, FIRST_BAN_MS * 4]


def test_a_good_day_makes_up_for_a_bad_one(clock: Clock) -> None:
    bans = table(clock)
    for _ in range(MAX_FORGIVEN + 5):
        bans.count("a", 2)
        bans.forgive("a")
        clock.now_ms += LONGEST_BAN_MS + 1
    bans.count("a", 2)
    assert not bans.is_banned("a")


def test_memory_is_bounded_and_the_oldest_goes_first(clock: Clock) -> None:
    bans = table(clock, most=3)
    for address in "abcd":
        bans.count(address, 3)
    assert (len(bans), bans.is_banned("a"), bans.is_banned("d")) == (3, False, True)
    assert "abcd"[-1] not in repr(bans).removeprefix("BanTable(3 addresses)")
