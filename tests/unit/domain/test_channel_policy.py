"""Policies: read as they are written, and never a weaker way without saying from which one it steps down."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.channel_policy import CODE_CHANNELS, FACTOR_TYPES, read_policy, step_to, strongest

NAMES = (*FACTOR_TYPES, *CODE_CHANNELS)
POLICIES = st.lists(st.sampled_from(NAMES), unique=True, min_size=1)
HAD = st.sets(st.sampled_from(NAMES))


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("passkeys,push,totp,sms,call,email", ("passkeys", "push", "totp", "sms", "call", "email")),
        ("passkey > push > sms", ("passkeys", "push", "sms")),
        (" SMS , Email ", ("sms", "email")),
    ],
)
def test_a_policy_is_read_as_it_is_written(text: str, policy: tuple[str, ...]) -> None:
    assert read_policy(text) == policy


@pytest.mark.parametrize("text", ["", "sms,", "sms,sms", "passkey,passkeys", "fax", "auto"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_policy(text)


@given(POLICIES, HAD)
def test_the_strongest_stands_before_all_else_that_somebody_has(policy: list[str], has: set[str]) -> None:
    found = strongest(policy, has)
    before = policy if found is None else policy[: policy.index(found)]
    assert not has & set(before)
    assert found is None or found in has


@given(POLICIES, HAD, st.sampled_from(NAMES))
def test_a_step_says_which_stronger_way_there_was(policy: list[str], has: set[str], wanted: str) -> None:
    step = step_to(policy, has, wanted)
    assert (step is None) is (wanted not in policy)
    if step is not None:
        stronger = [name for name in policy[: policy.index(wanted)] if name in has]
        assert (step.channel, step.stepped_from) == (wanted, stronger[0] if stronger else "")
