"""What a provider signed counts when it is signed by a key of its own, for us, and now; else it is said why not."""

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jws
from joserfc.jwk import RSAKey

from ringfence.console.tenant.sso.signed_token import (
    AGE_MAX_S,
    RSA_MODULUS_MIN,
    SKEW_S,
    TOKEN_MAX,
    NoJoseError,
    TokenRefusedError,
    Wanted,
    addressed,
    claims_of,
    from_jose,
    key_of,
    session_in,
    subject_in,
    usable_keys,
)
from ringfence.drills.openid_provider import public_jwk, signed, unsigned

NOW_S = 1_700_000_000
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = public_jwk(KEY)
WANTED = Wanted(issuer="https://idp.example", client_id="us", now_s=NOW_S)
SOUND = {"iss": "https://idp.example", "aud": "us", "sub": "ada", "iat": NOW_S, "exp": NOW_S + 300}


def refusal(work: Callable[..., object], *given: Any) -> str:
    with pytest.raises(TokenRefusedError) as refused:
        work(*given)
    return str(refused.value)


def token(typ: str = "JWT", **changed: Any) -> str:
    """A sound one but for what is changed; None leaves a claim out."""
    return signed({name: value for name, value in (SOUND | changed).items() if value is not None}, KEY, typ=typ)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"aud": ["us"]},
        {"aud": "us", "azp": "us"},
        {"aud": ["us", "other"], "azp": "us"},
        {"exp": NOW_S - SKEW_S + 1},
        {"nbf": NOW_S + SKEW_S},
        {"iat": NOW_S + SKEW_S},
        {"iat": NOW_S - AGE_MAX_S - SKEW_S},
    ],
)
def test_claims_come_of_a_token_by_its_provider_for_us_and_within_a_minute_of_its_times(changed: Any) -> None:
    assert claims_of(token(**changed), [PUBLIC], WANTED) == SOUND | changed


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"iss": "https://idp.example/"}, "iss"),
        ({"iss": None}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": {"us": 1}}, "aud"),
        ({"aud": ["us", "other"]}, "azp"),
        ({"aud": "us", "azp": "other"}, "azp"),
        ({"exp": NOW_S - SKEW_S}, "exp"),
        ({"nbf": NOW_S + SKEW_S + 1}, "exp"),
        ({"iat": NOW_S + SKEW_S + 1}, "iat"),
        ({"iat": NOW_S - AGE_MAX_S - SKEW_S - 1}, "iat"),
        ({"exp": None}, "time"),
        ({"iat": None}, "time"),
        ({"nbf": "now"}, "time"),
        ({"exp": True}, "time"),
        ({"iat": float(NOW_S)}, "time"),
    ],
)
def test_a_token_of_another_for_another_or_another_time_is_refused(changed: Any, why: str) -> None:
    assert refusal(claims_of, token(**changed), [PUBLIC], WANTED) == why


def test_its_head_calls_it_what_is_wanted_or_nothing() -> None:
    for typ in ("", "JWT", "jwt", "application/JWT"):
        assert claims_of(token(typ), [PUBLIC], WANTED) == SOUND
    assert refusal(claims_of, token("logout+jwt"), [PUBLIC], WANTED) == "typ"
    wanted = Wanted(issuer="https://idp.example", client_id="us", now_s=NOW_S, types=("logout+jwt",))
    assert claims_of(token("Application/Logout+JWT"), [PUBLIC], wanted) == SOUND
    assert refusal(claims_of, token(), [PUBLIC], wanted) == "typ"


def test_it_is_signed_by_the_one_key_that_it_names() -> None:
    other = public_jwk(ec.generate_private_key(ec.SECP256R1()))
    assert claims_of(token(), [{**other, "kid": "other"}, PUBLIC], WANTED) == SOUND
    for keys, why in (
        ([], "kid"),
        ([{**PUBLIC, "kid": "other"}], "kid"),
        ([PUBLIC, other], "kid"),
        ([{**PUBLIC, "use": "enc"}], "kid"),
        ([other], "signature"),
        ([{name: value for name, value in PUBLIC.items() if name != "x"}], "signature"),
    ):
        assert refusal(claims_of, token(), keys, WANTED) == why
    assert refusal(claims_of, unsigned(SOUND), [PUBLIC], WANTED) == "signature"


def test_it_is_signed_by_an_algorithm_of_the_few_that_are_taken_and_its_head_may_call_it_nothing() -> None:
    rsa, body = RSAKey.generate_key(2_048, parameters={"kid": "rs"}), json.dumps(SOUND)
    for algorithm in ("RS256", "PS256"):
        one = jws.serialize_compact({"alg": algorithm, "kid": "rs"}, body, rsa, algorithms=[algorithm])
        assert claims_of(one, [rsa.as_dict(private=False)], WANTED) == SOUND
    for algorithm in ("RS384", "PS512"):
        one = jws.serialize_compact({"alg": algorithm, "kid": "rs"}, body, rsa, algorithms=[algorithm])
        assert refusal(claims_of, one, [rsa.as_dict(private=False)], WANTED) == "signature"


def test_a_token_is_no_longer_than_it_may_be() -> None:
    longest, longer = (next(filter(lambda one, n=n: len(one) == n, fillings())) for n in (TOKEN_MAX, TOKEN_MAX + 1))
    assert claims_of(longest, [PUBLIC], WANTED)["sub"] == "ada"
    assert addressed(longest) == ("https://idp.example", ["us"])
    assert refusal(claims_of, longer, [PUBLIC], WANTED) == refusal(addressed, longer) == "form"


def fillings() -> Iterator[str]:
    """Sound tokens of every length about the longest."""
    return (token(typ, x="x" * n) for n in range(12_060, 12_080) for typ in ("JWT", "jwt", "", "application/jwt"))


@pytest.mark.parametrize("text", ["", "a.b.c", "e30.e30", "é.e30.e30", "\ud800.e30.e30"])
def test_what_has_not_the_form_of_a_token_names_no_key_and_nobody(text: str) -> None:
    assert refusal(key_of, text) == refusal(addressed, text) == refusal(claims_of, text, [], WANTED) == "form"


def test_a_token_names_its_key_by_a_word() -> None:
    assert key_of(signed(SOUND, KEY, "k1")) == "k1"
    for name in (None, 7):
        assert refusal(key_of, signed(SOUND, KEY, name)) == "kid"  # type: ignore[arg-type]


def test_a_token_says_by_whom_and_for_whom_it_is_before_it_is_believed() -> None:
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert addressed(signed(SOUND, stranger)) == ("https://idp.example", ["us"])
    assert addressed(token(aud=["a", "b"])) == ("https://idp.example", ["a", "b"])
    for changed in ({"iss": None}, {"aud": None}, {"iss": 7}, {"aud": [7]}):
        assert refusal(addressed, token(**changed)) == "form"


def test_a_persons_name_has_1_to_255_characters_and_a_sessions_may_be_left_out() -> None:
    for name in ("a", "a" * 255):
        assert (subject_in({"sub": name}), session_in({"sid": name})) == (name, name)
    assert session_in({}) == session_in({"sid": ""}) == ""
    for wrong in (7, None, "a" * 256, "a\nb"):
        assert refusal(subject_in, {"sub": wrong}) == "sub"
        assert refusal(session_in, {"sid": wrong}) == "sid"
    assert refusal(subject_in, {}) == refusal(subject_in, {"sub": ""}) == "sub"


def test_a_provider_signs_by_rsa_of_2048_bits_or_p256_and_by_no_key_for_something_else() -> None:
    rsa = {"kty": "RSA", "n": "A" * RSA_MODULUS_MIN, "e": "AQAB"}
    good: list[dict[str, Any]] = [rsa, rsa | {"use": "sig"}, {"kty": "EC", "crv": "P-256"}, PUBLIC]
    assert usable_keys(good) == good
    for wrong in (
        {},
        {"kty": "oct", "k": "AA"},
        rsa | {"n": "A" * (RSA_MODULUS_MIN - 1)},
        rsa | {"n": ["A"] * RSA_MODULUS_MIN},
        rsa | {"use": "enc"},
        rsa | {"kty": "oct"},
        PUBLIC | {"crv": "P-384"},
        PUBLIC | {"kty": "OKP"},
        PUBLIC | {"use": "enc"},
    ):
        assert usable_keys([wrong]) == []


def test_without_what_checks_signatures_nothing_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    from_jose()
    monkeypatch.setitem(sys.modules, "joserfc", None)
    for work in (from_jose, lambda: key_of(token()), lambda: addressed(token())):
        with pytest.raises(NoJoseError):
            work()
