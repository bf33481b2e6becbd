"""However members invite, approve, enrol, refuse, remove and wait: nobody is in who was not meant to be."""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from ringfence.console.operator.staff import APPROVAL_MS, DELAY_MS, LINK_LIFE_MS, MISSED_MS, Staff
from ringfence.console.refusals import RefusedError
from ringfence.console.storage import ConsoleStorage
from ringfence.domain.access.staff_role import ALL_STAFF_ROLES
from ringfence.domain.clock import ManualClock
from ringfence.domain.passkeys.answers import parse_registration
from ringfence.kms.memory import memory_key_service
from ringfence.ports.passkeys import RelyingParty
from ringfence.webauthn.passkeys import WebauthnPasskeys
from software_authenticator import SoftwareAuthenticator

ORIGIN = "http://operator.localhost:8421"
PARTY = RelyingParty(id="operator.localhost", name="", origins=(ORIGIN,))


class StaffMachine(RuleBasedStateMachine):
    """The rules are asked of `Staff`; what must hold is worked out beside it, from what was done."""

    links: Any = Bundle("links")
    waiting: Any = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._loop = asyncio.new_event_loop()
        self._clock = ManualClock()
        self._storage = ConsoleStorage(Path(self._folder.name) / "console.db")
        self._run(self._storage.open())
        keys = memory_key_service(self._clock)
        self._run(keys.open())
        self._staff = Staff(self._storage, WebauthnPasskeys(), PARTY, keys, self._clock, keys)
        self._joined: dict[str, tuple[int, str, str]] = {}
        self._missed_ms = -MISSED_MS

    def teardown(self) -> None:
        self._run(self._storage.close())
        self._loop.close()
        self._folder.cleanup()

    def _run(self, work: Any) -> Any:
        return self._loop.run_until_complete(work)

    def _active(self) -> list[Any]:
        now_ms = self._clock.now_ms()
        return [each for each in self._run(self._staff.members()) if each.active_ms <= now_ms]

    @initialize(target=links)
    def begin(self) -> tuple[str, str, str, int]:
        secret = self._run(self._staff.invite_first("First"))
        return secret, "terminal", "", self._clock.now_ms()

    @rule(target=links, which=st.integers(0, 3))
    def invite(self, which: int) -> Any:
        active = self._active()
        if not active:
            return "", "", "", 0
        by = active[which % len(active)].id
        if len(active) == 1 and self._clock.now_ms() - self._missed_ms < MISSED_MS:
            with pytest.raises(RefusedError):
                self._run(self._staff.invite(by, "Another", ALL_STAFF_ROLES))
            return "", "", "", 0
        secret = self._run(self._staff.invite(by, "Another", ALL_STAFF_ROLES))
        # Without a link it waits for somebody else, unless there is nobody else.
        assert (secret is None) == (len(active) > 1)
        return secret or "", by, "", self._clock.now_ms()

    @rule(target=links, which=st.integers(0, 3), whose=st.integers(0, 3))
    def approve(self, which: int, whose: int) -> Any:
        active, pending = self._active(), self._run(self._staff.invitations())
        if not active or not pending:
            return "", "", "", 0
        by, invitation = active[which % len(active)].id, pending[whose % len(pending)]
        try:
            secret = self._run(self._staff.approve(by, invitation.id))
        except RefusedError:
            assert invitation.invited_by == by or invitation.secret_sha256 is not None
            return "", "", "", 0
        assert invitation.invited_by != by
        return secret, invitation.invited_by, by, self._clock.now_ms()

    @rule(link=consumes(links))
    def join(self, link: tuple[str, str, str, int]) -> None:
        secret, invited_by, approved_by, since_ms = link
        authenticator = SoftwareAuthenticator()
        now_ms = self._clock.now_ms()
        try:
            ceremony, options = self._run(self._staff.begin_joining(secret))
            answer = authenticator.create(options, ORIGIN)
            member = self._run(self._staff.join(ceremony, parse_registration(json.dumps(answer).encode())))
        except RefusedError:
            return
        assert secret
        assert now_ms - since_ms <= LINK_LIFE_MS
        self._joined[member.id] = (now_ms, invited_by, approved_by)
        assert self._again(secret) is None

    def _again(self, secret: str) -> Any:
        try:
            return self._run(self._staff.begin_joining(secret))
        except RefusedError:
            return None

    @rule(which=st.integers(0, 3), whose=st.integers(0, 3))
    def remove(self, which: int, whose: int) -> None:
        active, members = self._active(), self._run(self._staff.members())
        if active:
            by, member = active[which % len(active)].id, members[whose % len(members)]
            try:
                self._run(self._staff.remove(by, member.id))
            except RefusedError:
                assert [each.id for each in active] == [member.id]
                return
            if by != member.id and member in active:
                self._missed_ms = self._clock.now_ms()

    @rule(
        ms=st.sampled_from(
            [1, LINK_LIFE_MS // 2, LINK_LIFE_MS + 1, DELAY_MS // 2, DELAY_MS, APPROVAL_MS + 1, MISSED_MS]
        )
    )
    def wait(self, ms: int) -> None:
        self._clock.advance(ms)

    @invariant()
    def whoever_may_sign_in_is_the_first_or_has_waited(self) -> None:
        for member in self._active():
            joined_ms, invited_by, approved_by = self._joined[member.id]
            assert invited_by == "terminal" or self._clock.now_ms() - joined_ms >= DELAY_MS
            assert approved_by != invited_by

    @invariant()
    def somebody_can_always_sign_in_once_anybody_could(self) -> None:
        if any(invited_by == "terminal" for _, invited_by, _ in self._joined.values()):
            assert self._active()


StaffMachine.TestCase.settings = settings(max_examples=6, stateful_step_count=20, deadline=None)
TestStaff = StaffMachine.TestCase
