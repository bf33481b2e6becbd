"""What is written down of a recovery kit comes back, and what is written down wrong is noticed, and where."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ringfence.domain.recovery_kit import (
    WrittenWrongError,
    new_recovery_secret,
    read_recovery_secret,
    recovery_credential,
    write_recovery_secret,
)

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KNOWN = [
    "000GC",
    "40R4Y",
    "0M301",
    "E209M",
    "185G2",
    "R38EE",
    "1W810",
    "24GKG",
    "2GAH0",
    "C5RR1",
    "34D1A",
    "P70XT",
    "3RFGY",
]
SECRETS = st.binary(min_size=32, max_size=32)


@given(SECRETS)
def test_it_comes_back_in_whatever_way_it_is_typed(secret: bytes) -> None:
    groups = write_recovery_secret(secret)
    assert [len(group) for group in groups] == [5] * 13
    for text in ("-".join(groups), " ".join(groups).lower(), "".join(groups), "\n".join(groups) + "\n"):
        assert read_recovery_secret(text) == secret
    assert read_recovery_secret("-".join(groups).replace("0", "O").replace("1", "l")) == secret


@given(SECRETS, st.integers(0, 64), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed_in_its_group(secret: bytes, at: int, wrong: str) -> None:
    text = "".join(write_recovery_secret(secret))
    assume(text[at] != wrong)
    with pytest.raises(WrittenWrongError, match=f"group {at // 5 + 1} of 13"):
        read_recovery_secret(text[:at] + wrong + text[at + 1 :])


@given(SECRETS, st.integers(0, 63))
def test_two_swapped_neighbours_are_noticed(secret: bytes, at: int) -> None:
    text = "".join(write_recovery_secret(secret))
    assume(text[at] != text[at + 1])
    with pytest.raises(WrittenWrongError):
        read_recovery_secret(text[:at] + text[at + 1] + text[at] + text[at + 2 :])


@given(SECRETS, st.integers(0, 12), st.integers(0, 12))
def test_two_swapped_groups_are_noticed(secret: bytes, one: int, other: int) -> None:
    groups = write_recovery_secret(secret)
    assume(groups[one] != groups[other])
    groups[one], groups[other] = groups[other], groups[one]
    with pytest.raises(WrittenWrongError):
        read_recovery_secret("".join(groups))


@pytest.mark.parametrize("text", ["", "0" * 64, "0" * 66, "U" * 65, "é" * 65])
def test_what_is_no_kit_is_refused(text: str) -> None:
    with pytest.raises(WrittenWrongError):
        read_recovery_secret(text)


def test_a_message_holds_nothing_of_the_secret() -> None:
    groups = write_recovery_secret(new_recovery_secret())
    with pytest.raises(WrittenWrongError) as refused:
        read_recovery_secret("".join(groups)[:-1])
    assert not any(group in str(refused.value) for group in groups)


def test_a_known_secret_is_written_as_ever() -> None:
    """So that a kit on paper is read by every later version."""
    assert write_recovery_secret(bytes(range(32))) == KNOWN


def test_secrets_are_new_each_time_and_of_32_bytes() -> None:
    assert len({new_recovery_secret() for _ in range(100)}) == 100
    with pytest.raises(ValueError, match="32 bytes"):
        write_recovery_secret(bytes(31))


def test_its_credential_is_the_accounts() -> None:
    assert recovery_credential("AC" + "a" * 32) == "RK" + "a" * 32
