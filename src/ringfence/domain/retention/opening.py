"""How what a duty kept is opened: somebody asks, two officers agree, each on their own machine, and it opens once.

A request names one tenant and some days, and brings the public half of a key made for it. An officer's answer is the
officer's halves of the duty's key, sealed to that key, and a signature over the whole request: for another tenant,
other days or another asker it is worth nothing.
"""

import datetime
import hashlib
from collections.abc import Sequence

import msgspec

from ringfence.domain.retention.declaration import Declaration, Share, check_words, join, open_half
from ringfence.domain.retention.officer import OfficerKey
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError, place
from ringfence.domain.sealing.epoch import DAY_MS, first_epoch, last_epoch
from ringfence.domain.sealing.hpke import Recipient
from ringfence.domain.sid import is_sid

GOOD_FOR_MS = 72 * 3_600_000
DAYS_AT_ONCE = 92
AHEAD_MS = 60_000
_SIGNED = b"ringfence/duty-answer/v1|"
_HALF = "ringfence/duty-half/v1"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: everything that duty `duty` kept of `account` on these days (UTC, both included).

    `reference` is the order or case, in the words that the tenant's ledger will have. `shown` is the digest of what
    officers are shown of the duty (`Declaration.shown`): who shows them another gets nothing for it. `session` is the
    public half of the asker's key, `asked_ms` when it was asked, Unix milliseconds.
    """

    duty: int
    account: str
    first_day: datetime.date
    last_day: datetime.date
    reference: str
    shown: bytes
    session: bytes
    asked_ms: int

    @property
    def digest(self) -> bytes:
        """SHA-256 of what is asked: what an officer's signature and sealed halves are bound to."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).digest()

    @property
    def signed(self) -> bytes:
        """What an officer who agrees signs."""
        return _SIGNED + self.digest

    @property
    def epochs(self) -> tuple[int, int]:
        """The first and the last epoch of these days."""
        return first_epoch(_midnight_ms(self.first_day)), last_epoch(_midnight_ms(self.last_day) + DAY_MS - 1)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What an officer who agrees gives back: nobody but the asker opens the halves."""

    officer: str
    signature: bytes
    halves: tuple[Share, ...]


def check_request(request: Request, now_ms: int) -> None:
    """ValueError, which says why, for what cannot be asked, or was asked too long ago."""
    if not is_sid(request.account, "AC"):
        raise ValueError("what is asked for is one account's: AC and 32 digits")
    if request.last_day < request.first_day:
        raise ValueError("the last day is before the first")
    if (request.last_day - request.first_day).days >= DAYS_AT_ONCE:
        raise ValueError(f"at most {DAYS_AT_ONCE} days are asked for at once")
    check_words(request.reference, "the reference")
    if not request.asked_ms - AHEAD_MS <= now_ms < request.asked_ms + GOOD_FOR_MS:
        raise ValueError("a request is good for 72 hours: ask again")


def check_shown(request: Request, declaration: Declaration) -> None:
    """ValueError where it is of another declaration than this one."""
    if request.shown != declaration.shown:
        raise ValueError("what is asked is of another declaration than the one that is shown")


def answer(request: Request, declaration: Declaration, key: OfficerKey) -> Answer:
    """What the officer who agrees gives back. UnsealError for a key that is none of this duty's officers.

    ValueError where what is shown is not what is asked of.
    """
    check_shown(request, declaration)
    name = key.officer.name
    if declaration.officer(name) != key.officer:
        raise UnsealError
    halves = [
        Share(
            officer=name,
            other=share.other,
            sealed=hpke.seal(
                request.session, open_half(declaration, key, share.other), _where(request, name, share.other)
            ),
        )
        for share in declaration.shares_of(name)
    ]
    return Answer(officer=name, signature=key.sign(request.signed), halves=tuple(halves))


def agreed(request: Request, declaration: Declaration, signatures: Sequence[tuple[str, bytes]]) -> tuple[str, str]:
    """The two officers who signed this request. ValueError, which says why, unless exactly two of this duty's did."""
    check_shown(request, declaration)
    if len(signatures) != 2 or signatures[0][0] == signatures[1][0]:
        raise ValueError("two officers open what was kept, no more and no fewer")
    for name, signature in signatures:
        officer = declaration.officer(name)
        if officer is None:
            raise ValueError(f"{name} is no officer of this duty")
        if not officer.signed(signature, request.signed):
            raise ValueError(f"{name} did not agree to this request")
    return signatures[0][0], signatures[1][0]


def joined(request: Request, declaration: Declaration, answers: tuple[Answer, Answer], session: Recipient) -> Recipient:
    """The duty's private key, of two answers. UnsealError where their halves are not of this request or these two."""
    one, another = answers
    return join(
        declaration,
        _half(request, one, another.officer, session),
        _half(request, another, one.officer, session),
    )


def _half(request: Request, given: Answer, other: str, session: Recipient) -> bytes:
    for half in given.halves:
        if half.officer == given.officer and half.other == other:
            return session.unseal(half.sealed, _where(request, given.officer, other))
    raise UnsealError


def _where(request: Request, officer: str, other: str) -> bytes:
    return place(_HALF, request.digest.hex(), officer, other)


def _midnight_ms(day: datetime.date) -> int:
    return (day - datetime.date(1970, 1, 1)).days * DAY_MS
