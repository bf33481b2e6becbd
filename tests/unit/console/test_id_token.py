"""Whom an ID token is about, and whether they came by a key that resists phishing."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.console.tenant.sso.id_token import SHOWN_MAX, Expected, Subject, subject_of
from ringfence.console.tenant.sso.signed_token import TokenRefusedError
from ringfence.drills.openid_provider import public_jwk, signed

NOW_S = 1_700_000_000
KEY = ec.generate_private_key(ec.SECP256R1())
EXPECTED = Expected(issuer="i", client_id="us", now_s=NOW_S, nonce="n", accepted=("phr", "hwk"))
SOUND = {"iss": "i", "aud": "us", "sub": "ada-7", "iat": NOW_S, "exp": NOW_S + 300, "nonce": "n", "amr": ["hwk"]}


def subject(**changed: Any) -> Subject:
    claims = {name: value for name, value in (SOUND | changed).items() if value is not None}
    return subject_of(signed(claims, KEY), [public_jwk(KEY)], EXPECTED)


def refusal(**changed: Any) -> str:
    with pytest.raises(TokenRefusedError) as refused:
        subject(**changed)
    return str(refused.value)


def test_it_names_a_person_and_the_session_of_theirs_and_says_neither_in_a_log() -> None:
    found = subject(sid="s1", email="ada@acme.example")
    assert found == Subject(subject="ada-7", shown="ada@acme.example", sid="s1")
    assert repr(found) == "Subject(…)"
    assert subject() == Subject(subject="ada-7", shown="ada-7", sid="")


@pytest.mark.parametrize(
    ("changed", "shown"),
    [
        ({"email": "a@b.example", "preferred_username": "ada", "name": "Ada L."}, "a@b.example"),
        ({"email": " ", "preferred_username": " ada ", "name": "Ada L."}, "ada"),
        ({"email": 7, "preferred_username": "a\nb", "name": "Ada L."}, "Ada L."),
        ({"name": "x" * (SHOWN_MAX + 1)}, "x" * SHOWN_MAX),
        ({"sub": "y" * (SHOWN_MAX + 1)}, "y" * SHOWN_MAX),
    ],
)
def test_people_are_shown_by_the_first_name_that_is_one(changed: Any, shown: str) -> None:
    assert subject(**changed).shown == shown


def test_it_is_for_this_very_sign_in_and_about_somebody() -> None:
    assert [refusal(nonce=wrong) for wrong in (None, "", "N", "n2", 7, ["n"])] == ["nonce"] * 6
    assert refusal(nonce="ñ") == "nonce"
    assert refusal(sub=None) == "sub"
    assert refusal(sid=7) == "sid"
    assert refusal(iss="other") == "iss"


def test_one_of_the_accepted_ways_is_among_methods_or_is_the_class() -> None:
    for ways in ({"amr": ["pwd", "hwk"]}, {"amr": ["phr", 7]}, {"amr": None, "acr": "phr"}, {"amr": [], "acr": "hwk"}):
        assert subject(**ways).subject == "ada-7"
    for ways in ({"amr": ["pwd"]}, {"amr": "hwk"}, {"amr": None}, {"amr": None, "acr": ["phr"]}, {"amr": ["sc"]}):
        assert refusal(**ways) == "weak"
