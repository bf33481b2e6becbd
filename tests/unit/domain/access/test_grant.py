"""A grant goes one way, is answered by an approver of the tenant in person, and ends for good."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from ringfence.domain.access import grant as grants
from ringfence.domain.access.grant import (
    ANSWER_MS,
    FRESH_MS,
    OPEN,
    PUBLIC_BYTES,
    SHARED,
    SKEW_MS,
    Approver,
    Grant,
    GrantState,
    approve,
    ask,
    look,
    refuse,
    revoke,
    settled,
    share,
    show,
)
from ringfence.domain.access.matching import commitment
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.scope import Scope
from ringfence.domain.sid import new_sid

NOW_MS = 1_700_000_000_000
MINUTE_MS = 60_000
HALF_HOUR_MS = 30 * MINUTE_MS
UNTIL_MS = NOW_MS + HALF_HOUR_MS
AC, SUB, OTHER = "AC" + "a" * 32, "AC" + "b" * 32, "AC" + "c" * 32
SM1, SM2 = "SM" + "1" * 32, "SM" + "2" * 32
VALUE, ANSWER, PUBLIC = b"\x01" * 32, b"\x02" * 32, b"\x03" * PUBLIC_BYTES
NAMES = frozenset({SM1, SM2})
ALICE = Approver(member="m1", account=AC, approves=True, verified_ms=NOW_MS)
ASKED = Grant(
    sid="GR" + "1" * 32,
    tenant=AC,
    account=SUB,
    staff="s1",
    session="e1",
    public=PUBLIC,
    committed=commitment(VALUE, PUBLIC),
    scope=Scope(records=(SM1, SM2)),
    reason="a text that did not arrive",
    minutes=30,
    asked_ms=0,
)


def pending() -> Grant:
    return ask(ASKED, NOW_MS)


def looked_at(at_ms: int = NOW_MS) -> Grant:
    return look(pending(), ALICE, ANSWER, at_ms + HALF_HOUR_MS, at_ms)


def matched(at_ms: int = NOW_MS) -> Grant:
    return show(looked_at(at_ms), "e1", VALUE, at_ms)


def approved() -> Grant:
    grant = matched()
    return approve(grant, ALICE, grant.number, NAMES, NOW_MS)


def refusal(step: Any, *args: Any) -> Refusal:
    with pytest.raises(AccessRefusedError) as refused:
        step(*args)
    return refused.value.refusal


def test_asked_looked_at_matched_approved_expired() -> None:
    grant = approved()
    assert (grant.state, grant.approved_ms) == (GrantState.APPROVED, NOW_MS)
    assert grant.expires_ms == NOW_MS + 30 * MINUTE_MS
    assert settled(grant, grant.expires_ms - 1) == grant
    ended = settled(grant, grant.expires_ms)
    assert (ended.state, ended.ended_ms) == (GrantState.EXPIRED, grant.expires_ms)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reason": "too short"}, Refusal.REASON),
        ({"reason": "  short    "}, Refusal.REASON),
        ({"reason": "x" * 501}, Refusal.REASON),
        ({"reason": "a line\nand another one"}, Refusal.REASON),
        ({"minutes": 0}, Refusal.MINUTES),
        ({"minutes": 481}, Refusal.MINUTES),
        ({"public": b"\x03" * 32}, Refusal.KEY),
        ({"public": PUBLIC[:-1]}, Refusal.KEY),
        ({"public": PUBLIC[:-32] + bytes(32)}, Refusal.KEY),
        ({"committed": b""}, Refusal.KEY),
        ({"scope": Scope()}, Refusal.SCOPE),
    ],
)
def test_what_may_not_be_asked(changes: dict[str, Any], expected: Refusal) -> None:
    assert refusal(ask, replace(ASKED, **changes), NOW_MS) is expected


def test_480_minutes_may_be_asked_for() -> None:
    assert ask(replace(ASKED, minutes=480), NOW_MS).minutes == 480


def test_an_asker_cannot_bring_an_answer_along() -> None:
    forged = replace(
        ASKED,
        state=GrantState.APPROVED,
        approver="m1",
        approver_value=ANSWER,
        value=VALUE,
        expires_ms=NOW_MS * 2,
        approved_ms=NOW_MS,
    )
    assert ask(forged, NOW_MS) == pending()


@pytest.mark.parametrize("part", ["sid", "account", "staff", "session"])
def test_a_name_that_could_be_read_as_two_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="separator"):
        ask(replace(ASKED, **{part: "a|b"}), NOW_MS)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"account": OTHER}, Refusal.OTHER_TENANT),
        ({"account": SUB}, Refusal.OTHER_TENANT),
        ({"approves": False}, Refusal.NOT_APPROVER),
        ({"staff": "s1"}, Refusal.OWN_REQUEST),
        ({"member": "s1"}, Refusal.OWN_REQUEST),
    ],
)
def test_who_may_not_answer(changes: dict[str, Any], expected: Refusal) -> None:
    somebody = replace(ALICE, **changes)
    assert refusal(look, pending(), somebody, ANSWER, UNTIL_MS, NOW_MS) is expected
    assert refusal(refuse, pending(), somebody, NOW_MS) is expected
    grant = matched()
    assert refusal(approve, grant, somebody, grant.number, NAMES, NOW_MS) is expected


def test_a_colleague_among_the_staff_may_answer_as_a_member_of_the_tenant() -> None:
    assert look(pending(), replace(ALICE, staff="s2"), ANSWER, UNTIL_MS, NOW_MS).approver == "m1"


def test_who_looked_is_who_approves_and_looks_once() -> None:
    bob = replace(ALICE, member="m2")
    assert refusal(look, looked_at(), bob, ANSWER, UNTIL_MS, NOW_MS) is Refusal.OUT_OF_TURN
    grant = matched()
    assert refusal(approve, grant, bob, grant.number, NAMES, NOW_MS) is Refusal.OUT_OF_TURN
    assert refuse(grant, bob, NOW_MS).ended_by == "m2"


def test_the_value_is_shown_after_the_approvers_by_the_session_that_asked_and_is_the_promised_one() -> None:
    assert refusal(show, pending(), "e1", VALUE, NOW_MS) is Refusal.OUT_OF_TURN
    looked = looked_at()
    assert refusal(show, looked, "e2", VALUE, NOW_MS) is Refusal.OTHER_SESSION
    assert refusal(show, looked, "e1", ANSWER, NOW_MS) is Refusal.COMMITMENT
    assert refusal(show, matched(), "e1", VALUE, NOW_MS) is Refusal.OUT_OF_TURN
    assert refusal(look, pending(), ALICE, b"", UNTIL_MS, NOW_MS) is Refusal.OUT_OF_TURN


def test_the_approvers_browser_sets_the_end_and_not_far_from_what_was_asked_for() -> None:
    for off_ms in (-SKEW_MS, 1, SKEW_MS):
        looked = look(pending(), ALICE, ANSWER, UNTIL_MS + off_ms, NOW_MS)
        assert looked.expires_ms == UNTIL_MS + off_ms
        assert show(looked, "e1", VALUE, NOW_MS).number != matched().number
    for off_ms in (-SKEW_MS - 1, SKEW_MS + 1):
        assert refusal(look, pending(), ALICE, ANSWER, UNTIL_MS + off_ms, NOW_MS) is Refusal.CLOCK


def test_there_is_no_number_before_both_values_are_there() -> None:
    looked = looked_at()
    assert refusal(lambda: looked.number) is Refusal.OUT_OF_TURN
    assert refusal(approve, looked, ALICE, "000000", NAMES, NOW_MS) is Refusal.OUT_OF_TURN


def test_a_wrong_number_other_names_and_an_old_touch_approve_nothing() -> None:
    grant = matched()
    wrong = f"{(int(grant.number) + 1) % 1_000_000:06d}"
    assert refusal(approve, grant, ALICE, wrong, NAMES, NOW_MS) is Refusal.NUMBER
    for names in (frozenset(), frozenset({SM1}), NAMES | {"SM" + "3" * 32}):
        assert refusal(approve, grant, ALICE, grant.number, names, NOW_MS) is Refusal.BOXES
    late_ms = NOW_MS + FRESH_MS
    assert approve(grant, ALICE, grant.number, NAMES, late_ms).state is GrantState.APPROVED
    assert refusal(approve, grant, ALICE, grant.number, NAMES, late_ms + 1) is Refusal.STALE
    to_come = replace(ALICE, verified_ms=NOW_MS + 1)
    assert refusal(approve, grant, to_come, grant.number, NAMES, NOW_MS) is Refusal.STALE


@pytest.mark.parametrize(
    "changes",
    [
        {"sid": "GR" + "2" * 32},
        {"account": AC},
        {"staff": "s2"},
        {"session": "e2"},
        {"public": b"\x04" * PUBLIC_BYTES},
        {"expires_ms": NOW_MS},
        {"scope": Scope(records=(SM1,))},
        {"reason": "another reason, as good"},
    ],
)
def test_the_number_is_of_all_that_the_approver_reads(changes: dict[str, Any]) -> None:
    grant = matched()
    assert replace(grant, **changes).number != grant.number


def test_ten_minutes_to_answer_and_not_a_millisecond_more() -> None:
    last_ms = NOW_MS + ANSWER_MS - 1
    grant, fresh = matched(last_ms), replace(ALICE, verified_ms=last_ms)
    assert approve(grant, fresh, grant.number, NAMES, last_ms).state is GrantState.APPROVED
    late = (grant, replace(ALICE, verified_ms=last_ms + 1), grant.number, NAMES, last_ms + 1)
    assert refusal(approve, *late) is Refusal.ENDED
    assert refusal(refuse, pending(), ALICE, last_ms + 1) is Refusal.ENDED
    assert refusal(show, looked_at(), "e1", VALUE, last_ms + 1) is Refusal.ENDED
    timed_out = settled(pending(), last_ms + 1)
    assert (timed_out.state, timed_out.ended_ms) == (GrantState.TIMED_OUT, NOW_MS + ANSWER_MS)


def test_what_is_open_may_be_revoked_once() -> None:
    for grant in (pending(), matched(), approved()):
        ended = revoke(grant, "m2", NOW_MS + 5)
        assert (ended.state, ended.ended_ms, ended.ended_by) == (GrantState.REVOKED, NOW_MS + 5, "m2")
        assert refusal(revoke, ended, "m2", NOW_MS + 5) is Refusal.ENDED
    assert refusal(revoke, approved(), "m2", NOW_MS + 30 * MINUTE_MS) is Refusal.ENDED


class AnyOrder(RuleBasedStateMachine):
    """Whatever anybody tries, in any order and at any time: states follow the road, and an end stays."""

    @initialize(minutes=st.integers(1, 480))
    def begin(self, minutes: int) -> None:
        self.now_ms = NOW_MS
        self.grant = ask(replace(ASKED, minutes=minutes), NOW_MS)
        self.road = [GrantState.PENDING]
        self.touched = False

    @rule(ms=st.integers(0, 12 * MINUTE_MS))
    def wait(self, ms: int) -> None:
        self.now_ms += ms
        self._became(settled(self.grant, self.now_ms))

    @rule(step=st.sampled_from(["look", "show", "refuse", "revoke"]), member=st.sampled_from(["m1", "m2", "s1"]))
    def try_step(self, step: str, member: str) -> None:
        who = replace(ALICE, member=member)
        arguments = {
            "look": (who, ANSWER, self.now_ms + self.grant.minutes * MINUTE_MS, self.now_ms),
            "show": ("e1", VALUE, self.now_ms),
            "refuse": (who, self.now_ms),
            "revoke": (member, self.now_ms),
        }[step]
        self._try(getattr(grants, step), *arguments)

    @rule(member=st.sampled_from(["m1", "m2", "s1"]), right=st.booleans(), ago_ms=st.integers(0, 2 * FRESH_MS))
    def try_approval(self, member: str, right: bool, ago_ms: int) -> None:
        typed = self.grant.number if self.grant.value and right else "no"
        who = replace(ALICE, member=member, verified_ms=self.now_ms - ago_ms)
        before = self.grant
        self._try(approve, who, typed, NAMES, self.now_ms)
        if self.grant.state is GrantState.APPROVED and before.state is GrantState.PENDING:
            assert right
            assert member == before.approver
            assert ago_ms <= FRESH_MS
            assert self.now_ms < before.answer_by_ms

    @invariant()
    def the_road_is_one_of_those_there_are(self) -> None:
        assert self.road[: len(self.road) - 1] in ([], [GrantState.PENDING], [GrantState.PENDING, GrantState.APPROVED])
        assert all(state in OPEN for state in self.road[:-1])
        assert self.grant.public == PUBLIC
        assert self.grant.scope == ASKED.scope

    def _try(self, step: Any, *arguments: Any) -> None:
        try:
            self._became(step(self.grant, *arguments))
        except AccessRefusedError:
            self._became(settled(self.grant, self.now_ms))

    def _became(self, grant: Grant) -> None:
        if grant.state is not self.grant.state:
            self.road.append(grant.state)
        self.grant = grant


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=20, deadline=None)


@given(st.integers(0, 600 * MINUTE_MS))
def test_settling_twice_is_settling_once(later_ms: int) -> None:
    for grant in (pending(), approved()):
        once = settled(grant, NOW_MS + later_ms)
        assert settled(once, NOW_MS + later_ms + 5) in (once, settled(grant, NOW_MS + later_ms + 5))


UNASKED = replace(
    ASKED,
    sid=new_sid("GR", NOW_MS),
    account=AC,
    scope=Scope(records=(SM1,)),
    committed=b"",
    reason="",
    minutes=60,
    expires_ms=NOW_MS + 60 * MINUTE_MS,
)


def test_what_a_member_shares_is_granted_at_once_to_whoever_has_its_code() -> None:
    grant = share(UNASKED, ALICE, frozenset({SM1}), NOW_MS)
    assert grant == replace(
        UNASKED,
        staff=SHARED,
        session=SHARED,
        reason="Shared by a member of the account.",
        state=GrantState.APPROVED,
        approver="m1",
        asked_ms=NOW_MS,
        approved_ms=NOW_MS,
    )
    assert settled(grant, grant.expires_ms).state is GrantState.EXPIRED
    assert revoke(grant, "member:m1", NOW_MS + 1).state is GrantState.REVOKED


def test_a_call_is_shared_too_for_480_minutes_at_most_by_a_clock_that_is_five_minutes_wrong() -> None:
    scope, names = Scope(records=("CA" + "1" * 32,)), frozenset({"CA" + "1" * 32})
    for off_ms in (-SKEW_MS, SKEW_MS):
        wanted = replace(UNASKED, scope=scope, minutes=60, expires_ms=NOW_MS + 60 * MINUTE_MS + off_ms)
        assert share(wanted, ALICE, names, NOW_MS).expires_ms == wanted.expires_ms
    assert (
        share(replace(UNASKED, minutes=1, expires_ms=NOW_MS + MINUTE_MS), ALICE, frozenset({SM1}), NOW_MS).minutes == 1
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tenant": OTHER}, Refusal.OTHER_TENANT),
        ({"minutes": 61, "expires_ms": NOW_MS + 61 * MINUTE_MS}, Refusal.MINUTES),
        ({"account": SUB}, Refusal.OTHER_TENANT),
        ({"scope": Scope()}, Refusal.SCOPE),
        ({"scope": Scope(records=(SM1, SM2))}, Refusal.SCOPE),
        ({"scope": Scope(records=("RE" + "1" * 32,))}, Refusal.SCOPE),
        ({"scope": Scope(epochs=(1,))}, Refusal.SCOPE),
        ({"scope": Scope(records=("VE" + "1" * 32,))}, Refusal.SCOPE),
        ({"scope": Scope(records=(SM2,))}, Refusal.BOXES),
        ({"minutes": 0}, Refusal.MINUTES),
        ({"minutes": 481}, Refusal.MINUTES),
        ({"public": PUBLIC[:-1]}, Refusal.KEY),
        ({"public": PUBLIC[:-32] + bytes(32)}, Refusal.KEY),
        ({"expires_ms": UNASKED.expires_ms + SKEW_MS + 1}, Refusal.CLOCK),
        ({"expires_ms": UNASKED.expires_ms - SKEW_MS - 1}, Refusal.CLOCK),
        # It would stand before all others in every list.
        ({"sid": "GR" + "f" * 32}, Refusal.UNKNOWN),
        ({"sid": new_sid("GR", NOW_MS + 1)}, Refusal.UNKNOWN),
        ({"sid": new_sid("GR", NOW_MS - ANSWER_MS - 1)}, Refusal.UNKNOWN),
    ],
)
def test_what_may_not_be_shared(changes: dict[str, Any], expected: Refusal) -> None:
    assert refusal(share, replace(UNASKED, **changes), ALICE, frozenset({SM1}), NOW_MS) is expected


def test_its_name_may_be_ten_minutes_old() -> None:
    wanted = replace(UNASKED, sid=new_sid("GR", NOW_MS - ANSWER_MS))
    assert share(wanted, ALICE, frozenset({SM1}), NOW_MS).state is GrantState.APPROVED


def test_only_an_approver_shares() -> None:
    assert refusal(share, UNASKED, replace(ALICE, approves=False), frozenset({SM1}), NOW_MS) is Refusal.NOT_APPROVER
