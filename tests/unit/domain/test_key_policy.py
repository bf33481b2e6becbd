"""What a restricted key may do."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.errors import ApiError
from ringfence.domain.key_policy import MAX_PERMISSIONS, KeyPolicy, read_policy

SEND, READ = "/twilio/messaging/messages/create", "/twilio/messaging/messages/read"


def test_what_is_named_is_allowed_and_nothing_else() -> None:
    policy = read_policy(json.dumps({"allow": [SEND, "/twilio/voice/calls/*", SEND]}))
    assert policy.allow == (SEND, "/twilio/voice/calls/*")
    assert policy.allows(SEND)
    assert policy.allows("/twilio/voice/calls/delete")
    for other in (READ, "/twilio/voice/calls.recordings/read", "/twilio/voice/calls", "/twilio/messaging/messages/*"):
        assert not policy.allows(other), other


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"allow": []}', '{"allow": "x"}', '{"allow": [1]}', '{"deny": ["/twilio/voice/calls/*"]}']
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ApiError) as refused:
        read_policy(text)
    assert refused.value.code == 20001


def test_at_most_a_hundred_permissions() -> None:
    read_policy(json.dumps({"allow": [f"/twilio/voice/calls.x{n}/read" for n in range(MAX_PERMISSIONS)]}))
    with pytest.raises(ApiError, match="20001"):
        read_policy(json.dumps({"allow": [f"/twilio/voice/calls.x{n}/read" for n in range(MAX_PERMISSIONS + 1)]}))


@pytest.mark.parametrize(
    "permission",
    [
        "/twilio/*/*",
        "/*",
        "*",
        "/twilio/voice/calls",
        "/twilio/voice/calls/write",
        f"{READ} ",
        f"{READ}\n",
        "/aws/s3/x/read",
    ],
)
def test_what_is_no_permission_is_refused(permission: str) -> None:
    with pytest.raises(ApiError) as refused:
        read_policy(json.dumps({"allow": [READ, permission]}))
    assert refused.value.code == 70002
    assert permission not in refused.value.message or permission == "*"


@pytest.mark.parametrize(
    ("allow", "opens"),
    [
        ((SEND,), False),
        ((SEND, "/twilio/messaging/messages/delete", "/twilio/voice/calls/create"), False),
        ((SEND, READ), True),
        (("/twilio/messaging/messages/list",), True),
        (("/twilio/messaging/messages/update",), True),
        (("/twilio/messaging/messages/*",), True),
        # What these make, they answer with what was there.
        (("/twilio/verify/verification-check/create",), True),
        (("/twilio/voice/calls.recordings/create",), True),
    ],
)
def test_a_key_that_only_writes_opens_nothing(allow: tuple[str, ...], opens: bool) -> None:
    assert KeyPolicy(allow).opens is opens


@given(
    st.lists(st.from_regex(r"/twilio/[a-z]{1,8}/[a-z.]{1,8}/(read|create|\*)", fullmatch=True), min_size=1, max_size=9)
)
def test_a_policy_reads_back_from_how_it_is_kept(allow: list[str]) -> None:
    policy = read_policy(json.dumps({"allow": allow}))
    assert KeyPolicy(tuple(" ".join(policy.allow).split())) == policy
    assert all(policy.allows(permission) for permission in allow)
