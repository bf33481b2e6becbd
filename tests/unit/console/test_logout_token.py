"""Whom a logout token signs out, and that nothing else is taken for one."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.console.tenant.sso.logout_token import EVENT, Leaves, leaves_by
from ringfence.console.tenant.sso.signed_token import TokenRefusedError
from ringfence.drills.openid_provider import public_jwk, signed

NOW_S = 1_700_000_000
KEY = ec.generate_private_key(ec.SECP256R1())
SOUND = {
    "iss": "i",
    "aud": "us",
    "sub": "ada",
    "sid": "s1",
    "jti": "t1",
    "iat": NOW_S - 5,
    "exp": NOW_S + 300,
    "events": {EVENT: {}},
}


def leaves(typ: str = "logout+jwt", **changed: Any) -> Leaves:
    claims = {name: value for name, value in (SOUND | changed).items() if value is not None}
    token = signed(claims, KEY, typ=typ)
    return leaves_by(token, [public_jwk(KEY)], issuer="i", client_id="us", now_s=NOW_S)


def refusal(typ: str = "logout+jwt", **changed: Any) -> str:
    with pytest.raises(TokenRefusedError) as refused:
        leaves(typ, **changed)
    return str(refused.value)


def test_it_names_a_person_a_session_or_both_and_says_neither_in_a_log() -> None:
    both = leaves()
    assert both == Leaves(jti="t1", subject="ada", sid="s1", at_s=NOW_S - 5)
    assert repr(both) == "Leaves(…)"
    assert leaves(sid=None) == Leaves(jti="t1", subject="ada", sid="", at_s=NOW_S - 5)
    assert leaves(sub=None) == Leaves(jti="t1", subject="", sid="s1", at_s=NOW_S - 5)
    assert refusal(sub=None, sid=None) == refusal(sub=None, sid="") == refusal(sub="") == "sub"
    assert refusal(sid=7) == "sid"


def test_it_is_about_signing_out_and_nothing_else() -> None:
    assert leaves(events={EVENT: {}, "other": {}}).subject == "ada"
    for events in (None, [EVENT], EVENT, {}, {"other": {}}, {EVENT: None}, {EVENT: []}):
        assert refusal(events=events) == "events"
    assert refusal(nonce="") == refusal(nonce="n") == "nonce"


def test_it_has_a_name_of_its_own_of_1_to_255_characters() -> None:
    assert (leaves(jti="t").jti, leaves(jti="t" * 255).jti) == ("t", "t" * 255)
    for name in (None, "", "t" * 256, 7):
        assert refusal(jti=name) == "jti"


def test_its_head_calls_it_a_logout_token_a_jwt_or_nothing() -> None:
    for typ in ("logout+jwt", "Application/Logout+JWT", "JWT", ""):
        assert leaves(typ).subject == "ada"
    assert refusal("at+jwt") == "typ"


def test_it_is_of_its_issuer_for_us_and_now() -> None:
    assert (refusal(iss="other"), refusal(aud="other"), refusal(exp=1)) == ("iss", "aud", "exp")
