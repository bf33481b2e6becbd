"""Tokens name the operator's ICE servers, with credentials that a TURN server can check by itself."""

import base64
import hashlib
import hmac
import time
from typing import Any

import pytest


def test_a_token_signs_in_to_turn_for_a_while(tenant: Any) -> None:
    token = tenant.client().tokens.create(ttl=600)
    stun, turn = token.ice_servers
    assert stun == {"url": "stun:stun.example:3478", "urls": "stun:stun.example:3478"}
    assert (turn["urls"], turn["username"], turn["credential"]) == (
        "turn:turn.example:3478",
        token.username,
        token.password,
    )
    expires, _, who = token.username.partition(":")
    assert who == tenant.sid
    assert 590 <= int(expires) - time.time() <= 610
    expected = hmac.new(b"shared", token.username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(token.password) == expected
    assert token.ttl == "600"


def test_a_token_lives_a_day_unless_it_says_otherwise(tenant: Any) -> None:
    assert tenant.client().tokens.create().ttl == "86400"


@pytest.mark.parametrize("ttl", ["0", "-1", "86401", "soon"])
def test_a_token_lives_no_longer(tenant: Any, ttl: str) -> None:
    assert tenant.ask("POST", "/Tokens.json", data={"Ttl": ttl}).json()["code"] == 20001
