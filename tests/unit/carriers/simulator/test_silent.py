"""The simulated network vouches for a handset: the first opening of an address decides."""

import pytest

from ringfence.carriers.simulator.silent import OFFERS_KEPT, PATH, SilentOffers, token_in
from ringfence.domain.clock import ManualClock
from ringfence.ports.silent_network import Finding

SAM, EVE = "+12025550177", "+12025550188"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def offers(clock: ManualClock) -> SilentOffers:
    return SilentOffers(clock)


def offered(offers: SilentOffers, clock: ManualClock, ref: str = "VL1") -> str:
    return token_in(offers.offer(ref, SAM, clock.now_ms() + 600_000))


def test_the_numbers_own_handset_proves_it(offers, clock) -> None:
    token = offered(offers, clock)
    assert offers.finding("VL1") is Finding.PENDING
    assert offers.opened(token, SAM).finding is Finding.PROVEN
    assert offers.finding("VL1") is Finding.PROVEN


@pytest.mark.parametrize(("by", "found"), [(EVE, Finding.MISMATCH), ("", Finding.NO_NUMBER)])
def test_the_first_opening_decides(offers, clock, by, found) -> None:
    token = offered(offers, clock)
    assert offers.opened(token, by).finding is found
    assert offers.opened(token, SAM) is None
    assert offers.finding("VL1") is found


def test_it_is_opened_once(offers, clock) -> None:
    token = offered(offers, clock)
    offers.opened(token, SAM)
    assert offers.opened(token, SAM) is None
    assert offers.opened(token, EVE) is None
    assert offers.finding("VL1") is Finding.PROVEN


def test_after_its_time_it_neither_opens_nor_proves(offers, clock) -> None:
    early, late = offered(offers, clock, "VL1"), offered(offers, clock, "VL2")
    offers.opened(early, SAM)
    clock.advance(599_999)
    assert offers.finding("VL1") is Finding.PROVEN
    clock.advance(1)
    assert offers.finding("VL1") is Finding.PENDING
    assert offers.opened(late, SAM) is None


def test_an_offer_made_again_is_the_same_and_others_differ(offers, clock) -> None:
    token = offered(offers, clock)
    assert offered(offers, clock) == token
    assert offered(offers, clock, "VL2") != token
    offers.opened(token, SAM)
    assert offers.finding("VL2") is Finding.PENDING


def test_what_nobody_offered_is_pending_and_cannot_be_opened(offers) -> None:
    assert offers.finding("VL9") is Finding.PENDING
    assert offers.opened("", SAM) is None
    assert offers.opened("guessed", SAM) is None


def test_the_oldest_makes_room(offers, clock) -> None:
    first = offered(offers, clock, "first")
    second = offered(offers, clock, "second")
    for n in range(OFFERS_KEPT - 1):
        offered(offers, clock, str(n))
    assert offers.opened(first, SAM) is None
    assert offers.opened(second, SAM).finding is Finding.PROVEN


def test_clearing_forgets_all(offers, clock) -> None:
    token = offered(offers, clock)
    offers.clear()
    assert offers.opened(token, SAM) is None


def test_a_token_is_found_wherever_the_address_is_served() -> None:
    assert token_in(f"https://phones.example{PATH}abc-_1") == "abc-_1"
    assert token_in("https://phones.example/abc") == ""


def test_no_number_is_in_a_repr(offers, clock) -> None:
    offered(offers, clock)
    assert SAM not in repr(offers._offers)


def test_what_a_telephone_may_open_now_is_known(offers, clock) -> None:
    first, second = offered(offers, clock, "VL1"), offered(offers, clock, "VL2")
    assert [path for path, _ in offers.waiting(SAM)] == [PATH + first, PATH + second]
    assert offers.waiting(EVE) == []
    offers.opened(first, EVE)
    assert [path for path, _ in offers.waiting(SAM)] == [PATH + second]
    clock.advance(600_000)
    assert offers.waiting(SAM) == []


def test_only_who_opened_it_knows_the_client_token(offers, clock) -> None:
    token = token_in(offers.offer("VL1", SAM, clock.now_ms() + 600_000, with_token=True))
    told = offers.opened(token, SAM).client_token
    assert len(told) >= 32
    for shown in ("", "x", told[:-1], token, "é"):
        assert offers.finding("VL1", shown) is Finding.UNSHOWN
    assert offers.finding("VL1", told) is Finding.PROVEN


def test_a_token_makes_nothing_of_another_telephones_opening(offers, clock) -> None:
    token = token_in(offers.offer("VL1", SAM, clock.now_ms() + 600_000, with_token=True))
    told = offers.opened(token, EVE).client_token
    assert offers.finding("VL1", told) is Finding.MISMATCH
