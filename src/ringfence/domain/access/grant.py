"""A grant: one request of a staff member to read something of a tenant, and what became of it.

It is asked, looked at by an approver of the tenant, matched, and approved, refused or left; an approved one is revoked
or runs out. No answer is a no. It never goes back, and an end is for good. Times are Unix milliseconds.
"""

from enum import StrEnum

import msgspec

from ringfence.domain.access.matching import VALUE_BYTES, keeps, number
from ringfence.domain.access.refusal import AccessRefusedError, Refusal
from ringfence.domain.access.scope import Scope, check_scope, is_recording
from ringfence.domain.sealing.aead import place
from ringfence.domain.sealing.grant import GrantBinding
from ringfence.domain.sealing.hpke import HYBRID_PUBLIC_BYTES, x25519_half
from ringfence.domain.sid import made_ms

MINUTES_MAX = 480
SHARED_MINUTES_MAX = 60
MINUTES = 30
"""Where nothing else is asked for."""
ANSWER_MS = 10 * 60_000
FRESH_MS = 5 * 60_000
"""So long ago at most an approver's passkey was touched."""
SKEW_MS = 5 * 60_000
"""So far at most may an approver's browser be from the time here."""
REASON_MIN, REASON_MAX = 10, 500
PUBLIC_BYTES = HYBRID_PUBLIC_BYTES
SHARED = "shared"
"""In the place of staff and session: whoever of staff has the code that a member's browser showed."""
_SHARED_REASON = "Shared by a member of the account."
_MINUTE_MS = 60_000


_ASKED = ("sid", "tenant", "account", "staff", "session", "public", "committed", "scope", "reason", "minutes")


class GrantState(StrEnum):
    """Where a grant stands. All but the first two are ends."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    REVOKED = "revoked"
    EXPIRED = "expired"


OPEN = frozenset({GrantState.PENDING, GrantState.APPROVED})


class Approver(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a tenant who answers. `staff` is the same person's ID among staff, "" for nobody of staff.

    `verified_ms` is when the passkey was last touched.
    """

    member: str
    account: str
    approves: bool
    verified_ms: int
    staff: str = ""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """`tenant` is the top-level account whose approvers answer; `account` is it or a subaccount of it.

    `public` is the X25519 public key of the session that asked; `committed` the commitment to `value`, which the asker
    shows once an approver has looked (`approver_value`). `expires_ms` is set at that look by the approver's browser,
    so that both sides see it in the number that they match and nobody between them may choose it later. `approved_ms`
    is 0 for what was never approved. Of what a member shared unasked `staff` and `session` are `SHARED`.
    """

    sid: str
    tenant: str
    account: str
    staff: str
    session: str
    public: bytes
    committed: bytes
    scope: Scope
    reason: str
    minutes: int
    asked_ms: int
    state: GrantState = GrantState.PENDING
    approver: str = ""
    approver_value: bytes = b""
    value: bytes = b""
    expires_ms: int = 0
    approved_ms: int = 0
    ended_ms: int = 0
    ended_by: str = ""

    @property
    def answer_by_ms(self) -> int:
        """From then on it is too late to answer."""
        return self.asked_ms + ANSWER_MS

    @property
    def binding(self) -> GrantBinding:
        """What the keys are bound to."""
        return GrantBinding(
            grant=self.sid,
            account=self.account,
            staff=self.staff,
            session=self.session,
            public=self.public,
            expires_ms=self.expires_ms,
        )

    @property
    def statement(self) -> bytes:
        """What both browsers state of the request, in one line of text: all that the approver reads, and the key."""
        return place("ringfence/grant/v1", *self.binding.parts, self.scope.digest, self.reason.encode().hex())

    @property
    def number(self) -> str:
        """The six digits that both sides must see. AccessRefusedError before both values are there."""
        if not self.value:
            raise AccessRefusedError(Refusal.OUT_OF_TURN)
        return number(self.value, self.approver_value, self.statement)


def ask(grant: Grant, now_ms: int) -> Grant:
    """The grant as it begins, or AccessRefusedError."""
    if not REASON_MIN <= len(grant.reason.strip()) <= len(grant.reason) <= REASON_MAX or not grant.reason.isprintable():
        raise AccessRefusedError(Refusal.REASON)
    if not 1 <= grant.minutes <= MINUTES_MAX:
        raise AccessRefusedError(Refusal.MINUTES)
    if not is_grant_key(grant.public) or len(grant.committed) != VALUE_BYTES:
        raise AccessRefusedError(Refusal.KEY)
    check_scope(grant.scope, now_ms)
    # ValueError for a name that holds the separator: nothing could be bound to it.
    place(grant.sid, grant.account, grant.staff, grant.session)
    return Grant(**{name: getattr(grant, name) for name in _ASKED}, asked_ms=now_ms)


def settled(grant: Grant, now_ms: int) -> Grant:
    """What a kept grant means now: a request past its time has timed out, an approval past its end has expired."""
    if grant.state is GrantState.PENDING and now_ms >= grant.answer_by_ms:
        return msgspec.structs.replace(grant, state=GrantState.TIMED_OUT, ended_ms=grant.answer_by_ms)
    if grant.state is GrantState.APPROVED and now_ms >= grant.expires_ms:
        return msgspec.structs.replace(grant, state=GrantState.EXPIRED, ended_ms=grant.expires_ms)
    return grant


def look(grant: Grant, approver: Approver, value: bytes, expires_ms: int, now_ms: int) -> Grant:
    """An approver opens the request; their browser draws its value and says when the time that was asked for ends.

    Only once: who looked is who answers.
    """
    grant = _pending(grant, approver, now_ms)
    if grant.approver or len(value) != VALUE_BYTES:
        raise AccessRefusedError(Refusal.OUT_OF_TURN)
    if abs(expires_ms - now_ms - grant.minutes * _MINUTE_MS) > SKEW_MS:
        raise AccessRefusedError(Refusal.CLOCK)
    return msgspec.structs.replace(grant, approver=approver.member, approver_value=value, expires_ms=expires_ms)


def show(grant: Grant, session: str, value: bytes, now_ms: int) -> Grant:
    """The asking session shows the value that it committed to, after the approver's is there."""
    grant = settled(grant, now_ms)
    if grant.state is not GrantState.PENDING:
        raise AccessRefusedError(Refusal.ENDED)
    if session != grant.session:
        raise AccessRefusedError(Refusal.OTHER_SESSION)
    if not grant.approver or grant.value:
        raise AccessRefusedError(Refusal.OUT_OF_TURN)
    if not keeps(grant.committed, value, grant.public):
        raise AccessRefusedError(Refusal.COMMITMENT)
    return msgspec.structs.replace(grant, value=value)


def approve(grant: Grant, approver: Approver, typed: str, names: frozenset[str], now_ms: int) -> Grant:
    """The approver typed the asker's number, touched the passkey, and their browser sealed keys of these names.

    The browser held the number against its own before; the console does once more. Where it is wrong, `refuse`: there
    is no second guess.
    """
    grant = _pending(grant, approver, now_ms)
    if grant.approver != approver.member or not grant.value:
        raise AccessRefusedError(Refusal.OUT_OF_TURN)
    if not 0 <= now_ms - approver.verified_ms <= FRESH_MS:
        raise AccessRefusedError(Refusal.STALE)
    if typed != grant.number:
        raise AccessRefusedError(Refusal.NUMBER)
    if names != frozenset(grant.scope.names):
        raise AccessRefusedError(Refusal.BOXES)
    return msgspec.structs.replace(grant, state=GrantState.APPROVED, approved_ms=now_ms)


def share(grant: Grant, approver: Approver, names: frozenset[str], now_ms: int) -> Grant:
    """An approver gives one text or call away unasked, to whoever of staff has the code that their browser made.

    `public` is the code's key, `names` are of the keys that the browser sealed to it. AccessRefusedError as `approve`,
    and for a SID that was not made within ten minutes.
    """
    if approver.account != grant.tenant or grant.account != grant.tenant:
        raise AccessRefusedError(Refusal.OTHER_TENANT)
    if not approver.approves:
        raise AccessRefusedError(Refusal.NOT_APPROVER)
    check_scope(grant.scope, now_ms)
    check_shared(grant.scope)
    if not 1 <= grant.minutes <= SHARED_MINUTES_MAX:
        raise AccessRefusedError(Refusal.MINUTES)
    if not is_grant_key(grant.public):
        raise AccessRefusedError(Refusal.KEY)
    if names != frozenset(grant.scope.names):
        raise AccessRefusedError(Refusal.BOXES)
    if abs(grant.expires_ms - now_ms - grant.minutes * _MINUTE_MS) > SKEW_MS:
        raise AccessRefusedError(Refusal.CLOCK)
    # Whoever could choose when it was made would stand before all others in every list, for good.
    if not 0 <= now_ms - made_ms(grant.sid) <= ANSWER_MS:
        raise AccessRefusedError(Refusal.UNKNOWN)
    return msgspec.structs.replace(
        grant,
        staff=SHARED,
        session=SHARED,
        committed=b"",
        reason=_SHARED_REASON,
        state=GrantState.APPROVED,
        approver=approver.member,
        asked_ms=now_ms,
        approved_ms=now_ms,
    )


def check_shared(scope: Scope) -> None:
    """AccessRefusedError for anything but one text or call."""
    if len(scope.records) != 1 or is_recording(scope.records[0]):
        raise AccessRefusedError(Refusal.SCOPE)


def is_grant_key(public: bytes) -> bool:
    """Whether keys may be sealed to it. All zeros are a point of small order, to which every secret is the same."""
    return len(public) == PUBLIC_BYTES and any(x25519_half(public))


def refuse(grant: Grant, approver: Approver, now_ms: int) -> Grant:
    """Any approver of the tenant may refuse, whoever looked."""
    grant = _pending(grant, approver, now_ms)
    return _ended(grant, GrantState.REFUSED, approver.member, now_ms)


def revoke(grant: Grant, by: str, now_ms: int) -> Grant:
    """End it early. Who may is the caller's to say: an approver of the tenant, the asker, or a freeze."""
    grant = settled(grant, now_ms)
    if grant.state not in OPEN:
        raise AccessRefusedError(Refusal.ENDED)
    return _ended(grant, GrantState.REVOKED, by, now_ms)


def _pending(grant: Grant, approver: Approver, now_ms: int) -> Grant:
    grant = settled(grant, now_ms)
    if approver.account != grant.tenant:
        raise AccessRefusedError(Refusal.OTHER_TENANT)
    if grant.staff in (approver.staff, approver.member):
        raise AccessRefusedError(Refusal.OWN_REQUEST)
    if not approver.approves:
        raise AccessRefusedError(Refusal.NOT_APPROVER)
    if grant.state is not GrantState.PENDING:
        raise AccessRefusedError(Refusal.ENDED)
    return grant


def _ended(grant: Grant, state: GrantState, by: str, now_ms: int) -> Grant:
    return msgspec.structs.replace(grant, state=state, ended_ms=now_ms, ended_by=by)
