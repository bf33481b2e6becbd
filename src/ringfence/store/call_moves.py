"""What a change does to a call, and what comes with it: one pure rule, the same in every store."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from ringfence.domain.call import FINAL, LIVE, Direction, Status, may_become
from ringfence.domain.call_duration import billed_minutes
from ringfence.ports.calls import CallChange, CallRow, RecordingRow, RecordingStatus, StepRow
from ringfence.ports.outbox import NewEvent
from ringfence.ports.store import RatedRow
from ringfence.store.day_tally import DayTally

Key = tuple[str, str]
Event = tuple[str, str, NewEvent]

ORDERS_KEPT = 100
"""Orders that may wait for one call."""

OWNER_KEPT_MS = 24 * 3_600_000
"""How long an owner without calls is remembered."""

STEPS_KEPT = 1_000
"""Steps of one call that are kept."""

MINUTE_MS = 60_000
SPEND_KEPT_MS = 32 * 24 * 3_600_000
"""How long it is known what calls cost by the minute."""

RECORDING_OVER: frozenset[RecordingStatus] = frozenset({"completed", "absent", "deleted"})


class CallMoves:
    """Folds changes over the calls they are about. What it holds is for one transaction.

    `changed` has each call as it is in the end, `events` and `rated` are in the order of the changes;
    `tally` is what they change of the counts by day.
    """

    def __init__(self, calls: Mapping[Key, CallRow]) -> None:
        """`calls` by (account, sid), as they are now; one that is missing is not there."""
        self._calls = dict(calls)
        self.changed: dict[Key, CallRow] = {}
        self.events: list[Event] = []
        self.rated: list[RatedRow] = []
        self.tally = DayTally()

    @property
    def ended(self) -> list[Key]:
        """The calls that are final now."""
        return [key for key, row in self.changed.items() if row.status in FINAL]

    def apply(self, account: str, sid: str, change: CallChange, events: Sequence[NewEvent]) -> CallRow | None:
        """The call as it is then; None where the table of moves does not allow the change."""
        before = self._calls.get((account, sid))
        after = None if before is None else changed_by(before, change)
        if before is None or after is None:
            return None
        self.events += numbered(after, events)
        after = replace(after, sequence=after.sequence + len(events))
        rated = rated_of(after)
        if rated is not None:
            self.rated.append(rated)
        self.tally.add_call(before, -1)
        self.tally.add_call(after)
        self._calls[account, sid] = self.changed[account, sid] = after
        return after


def made(row: CallRow, events: Sequence[NewEvent]) -> tuple[CallRow, list[Event]]:
    """A new call as it is written, and its first events. Nobody runs one that is over."""
    owner = "" if row.status in FINAL else row.owner
    return replace(row, sequence=row.sequence + len(events), owner=owner), numbered(row, events)


def changed_by(row: CallRow, change: CallChange) -> CallRow | None:
    """What `change` makes of a call; None where it is not allowed."""
    if not may_become(row.status, change.status):
        return None
    final = change.status in FINAL
    return replace(
        row,
        status=change.status,
        updated_ms=change.at_ms,
        ringing_ms=change.at_ms if change.status is Status.RINGING else row.ringing_ms,
        answered_ms=change.at_ms if change.status is Status.IN_PROGRESS else row.answered_ms,
        ended_ms=change.at_ms if final else row.ended_ms,
        sip_status=row.sip_status if change.sip_status is None else change.sip_status,
        error_code=row.error_code if change.error_code is None else change.error_code,
        price_micros=row.price_micros if change.price_micros is None else change.price_micros,
        route=row.route if change.route is None else change.route,
        owner="" if final else row.owner,
    )


def numbered(row: CallRow, events: Sequence[NewEvent]) -> list[Event]:
    """Events of a call, each with its place in the call's life."""
    return [(row.account, row.sid, replace(event, sequence=row.sequence + n)) for n, event in enumerate(events)]


def rated_of(row: CallRow) -> RatedRow | None:
    """The rated record of a call; None while it is live. A call without a price costs 0."""
    if row.status not in FINAL:
        return None
    return RatedRow(
        account=row.account,
        sid=row.sid,
        price_micros=row.price_micros or 0,
        price_unit=row.price_unit,
        segments=billed_minutes(row.answered_ms, row.ended_ms),
        status=row.status.value,
        at_ms=row.updated_ms,
    )


def spend_of(rated: RatedRow) -> tuple[str, int, int]:
    """What a call cost, under the account and the minute that it ended in."""
    return rated.account, rated.at_ms // MINUTE_MS * MINUTE_MS, rated.price_micros


def destination_of(row: CallRow) -> tuple[str, str, int] | None:
    """The region that a call goes to, under its account, and when; None for one that comes in, or goes to no number."""
    if row.direction is Direction.INBOUND or not row.remote_region:
        return None
    return row.account, row.remote_region, row.created_ms


def values_of(row: CallRow) -> tuple[object, ...]:
    """What a change of a call may have changed, after its key."""
    return (
        row.account,
        row.sid,
        row.status.value,
        row.updated_ms,
        row.ringing_ms,
        row.answered_ms,
        row.ended_ms,
        row.price_micros,
        row.sip_status,
        row.error_code,
        row.route,
        row.sequence,
        row.owner,
    )


def is_waiting(row: CallRow) -> bool:
    """True for a call that a voice process is to take."""
    return row.status is Status.QUEUED and row.direction is Direction.OUTBOUND_API and not row.owner


def is_live(row: CallRow) -> bool:
    """True until the call is final."""
    return row.status in LIVE


class RecordingMoving(msgspec.Struct, frozen=True):
    """What `move_recording` is asked."""

    account: str
    sid: str
    status: RecordingStatus
    at_ms: int
    duration_ms: int | None
    error_code: int | None
    events: Sequence[NewEvent]


def recording_moved(row: RecordingRow, moving: RecordingMoving) -> RecordingRow | None:
    """The recording in its new status; None where it is over."""
    if row.status in RECORDING_OVER:
        return None
    return replace(
        row,
        status=moving.status,
        updated_ms=moving.at_ms,
        duration_ms=row.duration_ms if moving.duration_ms is None else moving.duration_ms,
        error_code=row.error_code if moving.error_code is None else moving.error_code,
    )


def by_call(requests: Sequence[Sequence[StepRow]]) -> dict[Key, list[StepRow]]:
    """Steps by the call they are of, in their order; the calls in order of their key, in which everybody locks them."""
    found: dict[Key, list[StepRow]] = {}
    for step in (step for steps in requests for step in steps):
        found.setdefault((step.account, step.call_sid), []).append(step)
    return dict(sorted(found.items()))


def room_for(kept: int) -> int:
    """How many more steps a call takes that has `kept`."""
    return max(0, STEPS_KEPT - kept)
