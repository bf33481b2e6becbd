"""A trunk as an operator writes it down."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.carriers.sip.trunk import Trunk, TrunkError, check_trunks


def trunk(**more: object) -> Trunk:
    return Trunk(name="carrier", host="sip.example", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "number", "written"),
    [
        ((), "+493012345678", "+493012345678"),
        (("+=",), "+493012345678", "493012345678"),
        (("+=00", "+49=0"), "+493012345678", "03012345678"),
        (("+=00", "+49=0"), "+12025550123", "0012025550123"),
    ],
)
def test_numbers_are_written_by_the_longest_rule_that_fits(rules: tuple[str, ...], number: str, written: str) -> None:
    assert trunk(dial=rules).written(number) == written


@pytest.mark.parametrize(
    ("rules", "user", "read"),
    [
        ((), "+493012345678", "+493012345678"),
        ((), "493012345678", "+493012345678"),
        (("00=+", "0=+49"), "03012345678", "+493012345678"),
        (("00=+", "0=+49"), "0012025550123", "+12025550123"),
        ((), "+1 (202) 555-0123;npdi", "+12025550123"),
        ((), "alice", None),
        ((), "110", None),
        ((), "", None),
    ],
)
def test_numbers_are_read_as_e164(rules: tuple[str, ...], user: str, read: str | None) -> None:
    assert trunk(receive=rules).read(user) == read


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_what_is_written_is_read_back(number: str) -> None:
    rules = trunk(dial=("+=00", "+49=0"), receive=("00=+", "0=+49"))
    # A national number that begins with a zero of its own is what the rules of a country exclude.
    if not number.startswith("+490"):
        assert rules.read(rules.written(number)) == number


def test_a_password_lies_in_a_variable_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARRIER_PASSWORD", "from-variable")
    (tmp_path / "password").write_text("from-file\n")
    assert trunk(password="env:CARRIER_PASSWORD").secret() == "from-variable"
    assert trunk(password=f"file:{tmp_path}/password").secret() == "from-file"
    assert trunk().secret() == ""


@pytest.mark.parametrize(
    ("trunks", "cause"),
    [
        ([trunk(), trunk()], "two trunks"),
        ([trunk(allow=("10.0.0.1/8",))], "allow"),
        ([trunk(dial=("49",))], "no rule"),
        ([trunk(receive=("x=+",))], "no rule"),
        ([trunk(password="hunter2")], "env:VARIABLE"),
        ([trunk(register=True)], "username"),
        ([trunk(calls_by_password=True, username="x", password="env:X")], "from_domain"),
        ([trunk(outbound_proxy="sip:proxy")], "outbound_proxy"),
    ],
)
def test_what_cannot_work_is_refused_without_a_word_of_the_password(trunks: list[Trunk], cause: str) -> None:
    with pytest.raises(TrunkError, match=cause) as refused:
        check_trunks(trunks)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in repr(trunks)


@pytest.mark.parametrize(
    ("password", "cause"),
    [
        ("env:NOBODY_SET_THIS", "NOBODY_SET_THIS"),
        ("file:/nonexistent/password", "cannot be read"),
        ("x", "env:VARIABLE"),
    ],
)
def test_a_password_that_is_not_there_is_told_by_its_place(password: str, cause: str) -> None:
    with pytest.raises(TrunkError, match=cause):
        trunk(password=password).secret()
