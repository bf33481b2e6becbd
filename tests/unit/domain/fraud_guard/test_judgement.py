"""Pumping has few neighbouring ranges full of codes that nobody brings back; people bring theirs back."""

import heapq
import random
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.fraud_guard.blocks import (
    CONVERTED_HALF_LIFE_MS,
    UNANSWERED_HALF_LIFE_MS,
    Block,
    blocks_of,
)
from ringfence.domain.fraud_guard.judgement import ALLOWED, HOT_MS, heated, judge
from ringfence.store.fraud_moves import CameBack, Known, Sent, make_moves

T0 = 1_700_000_000_000
NUMBER = "+447900123456"
NAMES = blocks_of(NUMBER, "GB")


def fresh(**fields: float) -> list[Block]:
    """Blocks of a number of which nothing is known, but the narrowest has these fields."""
    first = Block(at_ms=T0, **fields)  # type: ignore[arg-type]
    return [first, *(Block(at_ms=T0) for _ in NAMES[1:])]


class TestBlocks:
    def test_a_number_is_in_blocks_without_its_last_digits_and_in_its_country(self) -> None:
        assert NAMES == ("+44790012", "+4479001", "+447900", "+44790", "country:GB")

    def test_no_block_names_a_subscriber(self) -> None:
        assert all(len(name) <= len(NUMBER) - 4 for name in NAMES[:-1])

    def test_a_short_number_has_fewer(self) -> None:
        assert blocks_of("+2901234", "SH") == ("+290", "+29", "country:SH")

    @given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 10**9))
    def test_what_is_remembered_only_fades(self, unanswered: float, converted: float, passed_ms: int) -> None:
        block = Block(unanswered=unanswered, converted=converted, at_ms=T0)
        faded = block.faded(T0 + passed_ms)
        assert 0 <= faded.unanswered <= unanswered
        assert 0 <= faded.converted <= converted
        assert faded.at_ms == T0 + passed_ms

    def test_half_fades_in_a_half_life(self) -> None:
        block = Block(unanswered=8, converted=8, at_ms=T0)
        assert block.faded(T0 + UNANSWERED_HALF_LIFE_MS).unanswered == 4
        assert block.faded(T0 + CONVERTED_HALF_LIFE_MS).converted == 4

    def test_a_clock_that_went_back_changes_nothing(self) -> None:
        block = Block(unanswered=8, converted=8, hot_until_ms=5, at_ms=T0)
        assert block.faded(T0 - 1) == block

    def test_a_code_that_comes_back_is_no_longer_out(self) -> None:
        assert Block().sent().answered() == Block(unanswered=0, converted=1)
        assert Block().answered() == Block(unanswered=0, converted=1)

    def test_heat_is_never_shortened(self) -> None:
        assert Block(hot_until_ms=9).heated(5).hot_until_ms == 9
        assert Block(hot_until_ms=9).heated(10).hot_until_ms == 10


class TestJudgement:
    @pytest.mark.parametrize(("level", "allowed"), [("max", 2), ("standard", 4), ("basic", 8)])
    def test_a_block_of_which_nothing_is_known_may_have_a_few_codes_out(self, level: str, allowed: int) -> None:
        assert judge(NAMES, fresh(unanswered=allowed - 1), T0, level) == ALLOWED  # type: ignore[arg-type]
        refused = judge(NAMES, fresh(unanswered=allowed), T0, level)  # type: ignore[arg-type]
        assert (refused.rule, refused.block) == ("block", "+44790012")
        assert (refused.unanswered, refused.converted, refused.allowed) == (allowed, 0, allowed)

    def test_more_where_codes_were_brought_back(self) -> None:
        assert judge(NAMES, fresh(unanswered=10, converted=10), T0, "standard") == ALLOWED
        assert judge(NAMES, fresh(unanswered=11, converted=10), T0, "standard").rule == "block"

    @pytest.mark.parametrize(("place", "limit"), [(1, 9), (2, 22)])
    def test_a_wide_block_has_a_measure_of_its_own(self, place: int, limit: int) -> None:
        blocks = fresh()
        blocks[place] = Block(unanswered=limit - 1, at_ms=T0)
        assert not judge(NAMES, blocks, T0, "standard")
        blocks[place] = Block(unanswered=limit, at_ms=T0)
        refused = judge(NAMES, blocks, T0, "standard")
        assert (refused.rule, refused.block) == ("neighbours", NAMES[place])

    def test_so_has_a_country(self) -> None:
        blocks = fresh()
        blocks[-1] = Block(unanswered=400, converted=0, at_ms=T0)
        assert judge(NAMES, blocks, T0, "standard").rule == "country"
        blocks[-1] = Block(unanswered=400, converted=1, at_ms=T0)
        assert not judge(NAMES, blocks, T0, "standard")

    def test_ten_million_numbers_of_which_nobody_answers_stand_out_where_others_do(self) -> None:
        blocks = fresh()
        blocks[3] = Block(unanswered=60, at_ms=T0)
        blocks[-1] = Block(converted=49, at_ms=T0)
        assert not judge(NAMES, blocks, T0, "standard")
        blocks[-1] = Block(converted=50, at_ms=T0)
        refused = judge(NAMES, blocks, T0, "standard")
        assert (refused.rule, refused.block, refused.allowed) == ("neighbours", "+44790", 60)
        blocks[3] = Block(unanswered=60, converted=1, at_ms=T0)
        assert not judge(NAMES, blocks, T0, "standard")

    def test_ten_million_numbers_that_are_hot_leave_their_narrow_blocks_alone(self) -> None:
        blocks = fresh(unanswered=3)
        blocks[3] = Block(hot_until_ms=T0 + 1, at_ms=T0)
        assert not judge(NAMES, blocks, T0, "standard")
        blocks[3] = Block(unanswered=15, hot_until_ms=T0 + 1, at_ms=T0)
        blocks[-1] = Block(converted=50, at_ms=T0)
        assert judge(NAMES, blocks, T0, "standard").block == "+44790"

    @pytest.mark.parametrize(("origin", "allowed", "more"), [("address:aa", 30, 31.5), ("device:aa", 6, 7)])
    def test_an_address_and_a_device_have_measures_of_their_own(self, origin: str, allowed: int, more: float) -> None:
        names = (*NAMES, origin)
        assert not judge(names, [*fresh(), Block(unanswered=allowed - 1, at_ms=T0)], T0, "standard")
        refused = judge(names, [*fresh(), Block(unanswered=allowed, at_ms=T0)], T0, "standard")
        assert (refused.rule, refused.block, refused.allowed) == ("origin", origin, allowed)
        answered = Block(unanswered=more - 1, converted=1, at_ms=T0)
        assert not judge(names, [*fresh(), answered], T0, "standard")

    def test_a_network_has_a_countrys_measure_until_the_accounts_codes_come_back(self) -> None:
        names, blocks = (*NAMES, "network:aa"), fresh()
        assert not judge(names, [*blocks, Block(unanswered=399, at_ms=T0)], T0, "standard")
        assert judge(names, [*blocks, Block(unanswered=400, at_ms=T0)], T0, "standard").block == "network:aa"
        blocks[-1] = Block(converted=50, at_ms=T0)
        assert not judge(names, [*blocks, Block(unanswered=149, at_ms=T0)], T0, "standard")
        full = [*blocks, Block(unanswered=150, at_ms=T0)]
        refused = judge(names, full, T0, "standard")
        assert (refused.rule, refused.block, refused.allowed) == ("origin", "network:aa", 150)
        assert not judge(names, [*blocks, Block(unanswered=151, converted=1, at_ms=T0)], T0, "standard")
        after = heated(refused, names, full, T0)
        assert [block.hot_until_ms for block in after] == [0, 0, 0, 0, 0, T0 + HOT_MS]
        assert judge(names, [*blocks, Block(unanswered=37, hot_until_ms=T0 + 1, at_ms=T0)], T0, "standard")

    def test_in_a_hot_block_a_narrow_one_gets_one_code(self) -> None:
        blocks = fresh()
        blocks[1] = Block(hot_until_ms=T0 + 1, at_ms=T0)
        assert not judge(NAMES, blocks, T0, "standard")
        blocks[0] = Block(unanswered=1, at_ms=T0)
        assert judge(NAMES, blocks, T0, "standard").rule == "neighbours"
        assert not judge(NAMES, blocks, T0 + 1, "standard")

    def test_people_of_a_narrow_block_that_brings_codes_back_still_get_theirs(self) -> None:
        blocks = fresh(unanswered=3, converted=5)
        blocks[1] = Block(hot_until_ms=T0 + 1, at_ms=T0)
        assert not judge(NAMES, blocks, T0, "standard")

    def test_a_hot_block_itself_has_a_quarter(self) -> None:
        blocks = fresh()
        blocks[1] = Block(unanswered=2, hot_until_ms=T0 + 1, at_ms=T0)
        assert judge(NAMES, blocks, T0, "standard").block == NAMES[1]
        assert not judge(NAMES, blocks, T0 + 1, "standard")

    def test_a_wide_block_that_was_refused_is_hot_and_stays_so_while_it_is_tried(self) -> None:
        blocks = fresh()
        blocks[1] = Block(unanswered=9, at_ms=T0)
        after = heated(judge(NAMES, blocks, T0, "standard"), NAMES, blocks, T0)
        assert [block.hot_until_ms for block in after] == [0, T0 + HOT_MS, 0, 0, 0]
        later_ms = T0 + HOT_MS - 1
        again = heated(judge(NAMES, after, later_ms, "standard"), NAMES, after, later_ms)
        assert again[1].hot_until_ms == later_ms + HOT_MS

    def test_a_narrow_block_and_a_country_heat_nothing(self) -> None:
        blocks = fresh(unanswered=4)
        assert heated(judge(NAMES, blocks, T0, "standard"), NAMES, blocks, T0) == blocks
        blocks = fresh()
        blocks[-1] = Block(unanswered=400, at_ms=T0)
        assert heated(judge(NAMES, blocks, T0, "standard"), NAMES, blocks, T0) == blocks


def network_of(number: int, networks: int, *, mine: bool) -> str:
    """Fraud comes from so many networks; people from thirty, of which one has four in ten of them."""
    if mine:
        return f"network:fraud-{number % networks}"
    return f"network:{number % 30 if number % 10 > 3 else 0}"


class Campaign:
    """Codes to ranges that are pumped, among those of people, in the order of time, as a store counts them."""

    def __init__(
        self,
        seed: int,
        *,
        span_s: int = 1_800,
        burst_s: int = 0,
        hidden: int = 4,
        people: int = 5_000,
        share: float = 0.85,
        warm: int = 0,
        everywhere: bool = False,
        networks: int = 0,
    ):
        self.known: Known = {}
        self.sent = {"fraud": 0, "people": 0}
        self.refused = {"fraud": 0, "people": 0}
        pick = random.Random(seed)
        ties = count()
        first = 7_900_000_000 // 10**hidden + 10 * pick.randrange(3)
        happenings = [
            (
                pick.random() * (burst_s or span_s),
                next(ties),
                "fraud",
                pick.randrange(10**10, 10**11)
                if everywhere
                else (first + pick.randrange(10)) * 10**hidden + pick.randrange(10**hidden),
            )
            for _ in range(10_000)
        ]
        happenings += [
            (pick.random() * span_s, next(ties), "people", 7_400_000_000 + pick.randrange(10**8)) for _ in range(people)
        ]
        happenings += [
            (-3_600 * pick.random(), next(ties), "people", 7_400_000_000 + pick.randrange(10**8)) for _ in range(warm)
        ]
        heapq.heapify(happenings)
        while happenings:
            at_s, _, who, number = heapq.heappop(happenings)
            names, at_ms = blocks_of(f"+44{number}", "GB"), T0 + int(at_s * 1_000)
            if everywhere and who == "fraud":
                # A number of any country's: of which country it is, is told by its first digits.
                names = blocks_of(f"+{number}", f"{number}"[:2])
            if networks:
                names = (*names, network_of(number, networks, mine=who == "fraud"))
            if who == "back":
                make_moves([CameBack("AC", names, at_ms)], self.known, {})
            elif make_moves([Sent("AC", names, at_ms, "standard")], self.known, {})[0]:
                self.refused[who] += 1
            else:
                self.sent[who] += 1
                if who == "people" and pick.random() < share:
                    heapq.heappush(happenings, (at_s + 5 + pick.expovariate(1 / 35), next(ties), "back", number))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"hidden": 3},
        {"hidden": 5},
        {"burst_s": 5},
        {"span_s": 300},
        {"span_s": 86_400},
        {"share": 0.6},
    ],
    ids=str,
)
def test_a_campaign_gets_25_codes_at_most_and_one_person_in_a_thousand_is_refused(
    seed: int, how: dict[str, int]
) -> None:
    campaign = Campaign(seed, **how)  # type: ignore[arg-type]
    assert campaign.sent["fraud"] <= 25
    assert campaign.refused["people"] <= 5
    assert campaign.sent["people"] + campaign.refused["people"] == 5_000


def test_without_people_about_it_is_no_different() -> None:
    assert Campaign(1, people=0).sent["fraud"] <= 25


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("how", "fraud"), [({}, 60), ({"burst_s": 5}, 60), ({"share": 0.6}, 60), ({"span_s": 86_400}, 1_050)], ids=str
)
def test_ten_ranges_of_a_million_get_60_at_once_where_the_accounts_codes_come_back(
    seed: int, how: dict[str, int], fraud: int
) -> None:
    campaign = Campaign(seed, hidden=6, warm=500, **how)  # type: ignore[arg-type]
    assert campaign.sent["fraud"] <= fraud
    assert campaign.refused["people"] <= 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_people_of_a_new_account_are_not_what_stands_out(seed: int) -> None:
    campaign = Campaign(seed, hidden=6)
    assert campaign.refused["people"] <= 5
    assert campaign.sent["fraud"] <= 220


def test_from_three_networks_to_numbers_of_everywhere_few_hundred_each_arrive() -> None:
    """No range of numbers stands out, and no country: without networks all ten thousand would."""
    campaign = Campaign(1, everywhere=True, networks=3, warm=500)
    assert campaign.sent["fraud"] <= 1_400
    assert campaign.refused["people"] <= 5


def test_of_people_who_come_all_at_once_by_their_providers_networks_no_more_are_refused() -> None:
    campaign = Campaign(1, networks=3, span_s=300)
    assert campaign.refused["people"] <= 5
    assert campaign.sent["fraud"] <= 25
