"""How well a claim agrees with what is known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.lookups.identity import Identity, match
from ringfence.domain.lookups.packages import IdentityMatch

KNOWN = Identity(
    first_name="Zoë",
    last_name="O'Neill-Smith",
    address_line1="12 Long Street",
    address_line2="Flat 3",
    city="Austin",
    state="TX",
    postal_code="73301",
    address_country_code="US",
    national_id="123-45-6789",
    date_of_birth="19800229",
)


def test_everything_right_scores_a_hundred_whatever_the_spelling() -> None:
    claimed = Identity(
        first_name="ZOE",
        last_name="oneill smith".replace("on", "o n"),
        address_line1="12, long street, flat 3",
        city="austin",
        state="tx",
        postal_code="73301",
        address_country_code="us",
        national_id="123 45 6789",
        date_of_birth="19800229",
    )
    found = match(claimed, KNOWN)
    names = [name for name in IdentityMatch.__struct_fields__ if name.endswith("_match")]
    assert {getattr(found, name) for name in names} == {"exact_match"}
    assert (found.summary_score, found.error_code, found.error_message) == (100, None, None)


@pytest.mark.parametrize(
    ("claimed", "word", "score"),
    [
        (Identity(city="Austin"), "exact_match", 100),
        (Identity(city="Austinn"), "high_partial_match", 90),
        (Identity(city="Dustin"), "partial_match", 50),
        (Identity(city="Chicago"), "no_match", 0),
    ],
)
def test_near_is_told_from_far(claimed: Identity, word: str, score: int) -> None:
    found = match(claimed, KNOWN)
    assert (found.city_match, found.summary_score) == (word, score)
    assert found.first_name_match is None


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("state", "TY"),
        ("postal_code", "73302"),
        ("address_country_code", "UK"),
        ("national_id", "123-45-6780"),
        ("date_of_birth", "19800228"),
    ],
)
def test_of_codes_nearly_right_is_wrong(name: str, wrong: str) -> None:
    said = {"address_country_code": "address_country"}.get(name, name)
    assert getattr(match(Identity(**{name: wrong}), KNOWN), f"{said}_match") == "no_match"


def test_what_nobody_knows_counts_for_nothing() -> None:
    found = match(Identity(first_name="Zoe", city="Austin"), Identity(city="Austin"))
    assert (found.first_name_match, found.city_match, found.summary_score) == ("no_data_available", "exact_match", 100)
    assert match(Identity(first_name="Zoe"), Identity()).summary_score == 0
    assert match(Identity(), KNOWN) == IdentityMatch(summary_score=0)
    assert match(Identity(first_name="?!"), KNOWN) == IdentityMatch(summary_score=0)


WORDS = st.builds(Identity, first_name=st.text(max_size=20), last_name=st.text(max_size=20), city=st.text(max_size=20))


@given(WORDS, WORDS)
def test_a_score_is_a_percentage_and_shows_nobody(claimed: Identity, known: Identity) -> None:
    found = match(claimed, known)
    assert found.summary_score is not None
    assert 0 <= found.summary_score <= 100
    assert repr(claimed) == "Identity(…)"


@given(WORDS)
def test_who_says_what_is_known_is_right(said: Identity) -> None:
    assert match(said, said).summary_score == (100 if said.known else 0)
