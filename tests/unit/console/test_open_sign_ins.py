"""Anybody may begin a sign-in as often as they like: nothing is kept, and nobody else's is lost by it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.console.test_members import FRAMED, account, enrolled

from ringfence.console import open_sign_ins
from ringfence.console.ceremonies import LIFE_MS
from ringfence.console.open_sign_ins import NAME_MAX, OpenSignIns
from ringfence.console.request_signature import PublicJwk
from ringfence.domain.clock import ManualClock
from ringfence.drills.staff_browser import SessionKey
from ringfence.ports.passkeys import RelyingParty

PARTY = RelyingParty(id="localhost", name="", origins=("http://localhost",))
KEY = PublicJwk(kty="EC", crv="P-256", x="x" * 43, y="y" * 43)
CROWD = 1_100


def test_what_was_begun_is_in_its_name_and_of_one_process(clock: ManualClock) -> None:
    begun = OpenSignIns(PARTY, clock)
    name, ceremony = begun.begin(KEY)
    read = begun.read(name)
    assert read is not None
    assert (read.about, read.ceremony) == (KEY, ceremony)
    assert OpenSignIns(PARTY, clock).read(name) is None


@given(at=st.integers(0, 10_000), letter=st.sampled_from("Aa0_-.=é"))
def test_no_letter_of_a_name_can_be_another(at: int, letter: str) -> None:
    begun = OpenSignIns(PARTY, ManualClock(1_700_000_000_000))
    name, _ = begun.begin(KEY)
    changed = name[: at % len(name)] + letter + name[at % len(name) + 1 :]
    assert (begun.read(changed) is None) == (changed != name)


@pytest.mark.parametrize("name", ["", ".", "AA", "AA.AA", "é.é"])
def test_what_is_no_name_is_none(clock: ManualClock, name: str) -> None:
    assert OpenSignIns(PARTY, clock).read(name) is None


def test_a_name_has_a_thousand_letters_at_most(clock: ManualClock) -> None:
    begun = OpenSignIns(PARTY, clock)
    names = [begun.begin(PublicJwk(kty="EC", crv="P-256", x="x" * 43, y="y" * length))[0] for length in range(1_000)]
    assert {len(name) <= NAME_MAX for name in names} == {True, False}
    assert NAME_MAX in map(len, names)
    assert all((begun.read(name) is None) == (len(name) > NAME_MAX) for name in names)


def test_a_challenge_is_used_once_and_a_full_list_lets_nobody_in(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_sign_ins, "USED_MAX", 2)
    begun = OpenSignIns(PARTY, clock)
    first, second, third = (begun.begin(KEY)[1] for _ in range(3))
    assert [begun.mark_used(each) for each in (first, first, second, third)] == [True, False, True, False]
    clock.advance(LIFE_MS)
    assert begun.mark_used(begun.begin(KEY)[1])


@pytest.mark.parametrize("console", ["staff", "member"])
def test_a_crowd_that_begins_sign_ins_pushes_nobody_out(run: Any, stand: Any, console: str) -> None:
    async def story() -> None:
        async with stand() as at:
            person = await at.first() if console == "staff" else await enrolled(at, await account(at))
            keys = "http://keys.localhost:8422"
            again = (await person.ask("POST", "/verify/options")).json()
            key = SessionKey()
            asked = (await person.ask("POST", "/sign-in/options", {"key": key.jwk}, signed=False)).json()
            for _ in range(CROWD):
                await person.ask("POST", "/sign-in/options", {"key": key.jwk}, signed=False)
            if console == "staff":
                answers = [person.authenticator.get(each["options"], person.origin) for each in (again, asked)]
            else:
                answers = [person.authenticator.get(each["options"], keys, FRAMED) for each in (again, asked)]
            for path, each, answer in zip(("/verify", "/sign-in"), (again, asked), answers, strict=True):
                shown = {"ceremony": each["ceremony"], "answer": answer}
                assert (await person.ask("POST", path, shown, signed=path == "/verify")).status_code == 200
            # And what was answered rightly once is answered no more.
            assert (await person.ask("POST", "/sign-in", shown, signed=False)).status_code == 401

    run(story())
