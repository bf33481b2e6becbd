"""What the stores have in common about attempts to bring a code."""

from ringfence.domain.verification import Attempt
from ringfence.ports.verification_attempts import AttemptCount, VerificationAttemptRow
from ringfence.ports.verifications import VerificationRow

PLACE_DIGITS = 16
"""How many digits a time has where it stands before a sid, so that both sort as one text."""


def attempt_row(row: VerificationRow, attempt: Attempt) -> VerificationAttemptRow:
    """An attempt of a verification, as it begins."""
    return VerificationAttemptRow(
        account=row.account,
        sid=attempt.sid,
        verification=row.sid,
        service=row.service,
        to_index=row.to_index,
        channel=attempt.channel,
        country=row.region,
        at_ms=attempt.at_ms,
    )


def place(row: VerificationAttemptRow) -> tuple[int, str]:
    """What attempts are ordered by, descending."""
    return row.at_ms, row.sid


def counted(seen: int, total: int, converted: int, last: str | None, *, limit: int) -> AttemptCount:
    """A part of a count, of `seen` attempts of which `last` was the oldest: time and sid in one text."""
    more = seen == limit and last is not None
    return AttemptCount(total=total, converted=converted, last=last[PLACE_DIGITS:] if more and last else "")
