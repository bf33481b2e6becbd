"""Access Tokens of the official SDK are believed; forged, expired and long-lived ones are refused with its code."""

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.jwt.access_token import AccessToken as SdkToken
from twilio.jwt.access_token.grants import VoiceGrant as SdkVoiceGrant

from ringfence.domain.access_token import (
    EXPIRED,
    INVALID,
    INVALID_GRANTS,
    INVALID_HEADER,
    INVALID_ISSUER,
    INVALID_SIGNATURE,
    LIVES_TOO_LONG,
    NOT_YET_VALID,
    AccessToken,
    TokenRefusedError,
    VoiceGrant,
    read_token,
    verify_token,
)
from ringfence.domain.sealing.hmac_states import sign_sha256, states_of

ACCOUNT, KEY, APPLICATION = ("AC" + "a" * 32, "SK" + "b" * 32, "AP" + "c" * 32)
SECRET = "a secret of thirty-two characters"
STATES = states_of(SECRET.encode())
NOW = int(time.time())
HEADER = {"typ": "JWT", "alg": "HS256", "cty": "twilio-fpa;v=1"}


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def token(header: Any = None, states: bytes = STATES, **claims: Any) -> str:
    """A token of our own making; a claim that is None is left out."""
    whole = {"iss": KEY, "sub": ACCOUNT, "exp": NOW + 3_600, "grants": {"identity": "ann", "voice": {}}} | claims
    signed = f"{encoded(HEADER | (header or {}))}.{encoded({k: v for k, v in whole.items() if v is not None})}"
    signature = base64.urlsafe_b64encode(sign_sha256(states, signed.encode())).rstrip(b"=").decode()
    return f"{signed}.{signature}"


def test_a_token_of_brackets_without_end_is_none() -> None:
    part = base64.urlsafe_b64encode(b'{"a":' + b"[" * 1_500 + b"]" * 1_500 + b"}").rstrip(b"=").decode()
    for text in (f"{part}.{part}.aa", f"{encoded(HEADER)}.{part}.aa"):
        with pytest.raises(TokenRefusedError) as refused:
            read_token(text)
        assert refused.value.code == INVALID


def verified(text: str, now_s: int = NOW, states: bytes = STATES) -> AccessToken:
    return verify_token(read_token(text), states, now_s)


def code_of(text: str, now_s: int = NOW, states: bytes = STATES) -> int:
    with pytest.raises(TokenRefusedError) as refused:
        verified(text, now_s, states)
    assert text not in repr(refused.value)
    return refused.value.code


def test_the_official_sdk_s_token_is_believed() -> None:
    before_s = int(time.time())
    made = SdkToken(ACCOUNT, KEY, SECRET, ttl=3_600, identity="ann")
    made.add_grant(
        SdkVoiceGrant(
            incoming_allow=True, outgoing_application_sid=APPLICATION, outgoing_application_params={"shop": "1"}
        )
    )
    found = verified(made.to_jwt(), now_s=before_s)
    assert (found.account, found.key_sid, found.identity) == (ACCOUNT, KEY, "ann")
    assert found.voice == VoiceGrant(incoming=True, application_sid=APPLICATION, parameters=(("shop", "1"),))
    assert before_s + 3_600 <= found.expires_s <= time.time() + 3_600
    assert "ann" not in repr(found)


def test_a_grant_that_is_not_given_is_not_had() -> None:
    assert verified(token()).voice == VoiceGrant()
    assert code_of(token(grants={"identity": "ann"})) == INVALID_GRANTS
    assert code_of(token(grants=None)) == INVALID_GRANTS


@pytest.mark.parametrize(
    "grants",
    [
        {"identity": 7, "voice": {}},
        {"identity": "a" * 257, "voice": {}},
        {"voice": {"outgoing": {"application_sid": "AP1"}}},
        {"voice": {"outgoing": {"application_sid": APPLICATION, "params": []}}},
        {"voice": {"incoming": True}},
        {"voice": []},
    ],
)
def test_grants_are_what_they_should_be(grants: Any) -> None:
    assert code_of(token(grants=grants)) == INVALID_GRANTS


def test_another_s_key_signs_nothing() -> None:
    assert code_of(token(states=states_of(b"another secret"))) == INVALID_SIGNATURE
    assert code_of(token(), states=states_of(b"another secret")) == INVALID_SIGNATURE


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_whatever_is_changed_the_signature_no_longer_holds(place: int, flip: int) -> None:
    text = token()
    place %= len(text)
    changed = text[:place] + chr(ord(text[place]) ^ flip & 0x7F or 0x21) + text[place + 1 :]
    if changed != text:
        with pytest.raises(TokenRefusedError):
            verified(changed)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "RS256"},
        {"alg": "HS512"},
        {"alg": None},
        {"cty": "twilio-pkrv;v=1"},
        {"cty": None},
        {"cty": 1},
        {"typ": "JWS"},
        {"crit": ["exp"]},
    ],
)
def test_only_one_algorithm_and_one_kind_of_token_are_known(header: Any) -> None:
    assert code_of(token(header)) == INVALID_HEADER


def test_an_unsigned_token_is_refused() -> None:
    parts = token({"alg": "none"}).split(".")
    assert code_of(f"{parts[0]}.{parts[1]}.") == INVALID_HEADER
    parts = token().split(".")
    assert code_of(f"{parts[0]}.{parts[1]}.") == INVALID_SIGNATURE


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": None},
        {"iss": ACCOUNT},
        {"iss": 7},
        {"sub": None},
        {"sub": KEY},
        {"sub": "AC1"},
        {"iss": "SK" + "x" * 32},
    ],
)
def test_it_names_a_key_and_an_account(claims: Any) -> None:
    assert code_of(token(**claims)) == INVALID_ISSUER


def test_it_is_good_for_its_time_and_no_longer_than_a_day() -> None:
    assert verified(token(exp=NOW + 1)).expires_s == NOW + 1
    assert code_of(token(exp=NOW)) == EXPIRED
    assert code_of(token(exp=None)) == EXPIRED
    assert code_of(token(exp="soon")) == EXPIRED
    assert code_of(token(exp=True)) == EXPIRED
    assert verified(token(exp=NOW + 24 * 3_600)).identity == "ann"
    assert verified(token(exp=NOW + 24 * 3_600 + 60)).identity == "ann"
    assert code_of(token(exp=NOW + 24 * 3_600 + 61)) == LIVES_TOO_LONG
    assert verified(token(nbf=NOW + 60)).identity == "ann"
    assert code_of(token(nbf=NOW + 61)) == NOT_YET_VALID
    assert verified(token(nbf=NOW - 10)).identity == "ann"


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c.d", "!.!.!", "e30.e30.", "bnVsbA.e30.e30", "é.e30.e30", "a" * 9_000]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenRefusedError) as refused:
        read_token(text)
    assert refused.value.code in (INVALID, INVALID_HEADER)


def test_a_second_spelling_of_the_same_bytes_is_refused() -> None:
    head, claims, signature = token().split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # The last character of 43 holds two bits that mean nothing.
    other = alphabet[alphabet.index(signature[-1]) ^ 1]
    assert code_of(f"{head}.{claims}.{signature[:-1]}{other}") == INVALID
    assert code_of(f"{head}.{claims}.{signature}=") == INVALID


def test_a_good_token_with_more_behind_it_is_refused() -> None:
    assert code_of(token() + ".x") == INVALID
    assert code_of(token() + ".") == INVALID


def test_bounds_of_size() -> None:
    assert verified(token(grants={"identity": "a" * 256, "voice": {}})).identity == "a" * 256
    # Three bytes of padding are four characters of a token.
    short = next(text for n in range(5_500, 6_200) if len(text := token(jti="x" * n)) in (8_190, 8_191, 8_192))
    assert verified(short).identity == "ann"
    longer = next(text for n in range(5_500, 6_200) if len(text := token(jti="x" * n)) > 8_192)
    assert code_of(longer) == INVALID
