"""What many outcomes, one after the other, make of messages: worked out at once, to be written at once."""

from collections.abc import Mapping

from msgspec.structs import replace

from ringfence.domain.carrier_trail import MAX_CHARACTERS
from ringfence.ports.store import Lease, NewEvent, Outcome, RatedRow
from ringfence.store.day_tally import DayTally
from ringfence.store.progress import Change, Progress, change_by, event_of, in_queue_of, rated_of

Key = tuple[str, str]


class Moves:
    """Folds outcomes over the messages they are about. What it holds is for one transaction.

    `changes` has the last of each message, `events` and `rated` are in the order of the outcomes; `tally` is what they
    change of the counts by day.
    """

    def __init__(self, messages: Mapping[Key, Progress]) -> None:
        """`messages` by (account, sid), as they are now; one that is missing is not there."""
        self._messages = dict(messages)
        self.changes: dict[Key, Change] = {}
        self.events: list[tuple[str, str, NewEvent]] = []
        self.rated: list[RatedRow] = []
        self.tally = DayTally()
        self._ignored: dict[Key, str] = {}

    @property
    def ignored(self) -> list[tuple[str, str, str]]:
        """What the carrier said where nothing changed any more: (account, sid, trail)."""
        return [(*key, trail) for key, trail in sorted(self._ignored.items())]

    def apply(self, lease: Lease | None, outcome: Outcome) -> bool:
        """True where the outcome changed its message. With a lease, only messages of that queue."""
        key = outcome.account, outcome.sid
        before = self._messages.get(key)
        if before is None or (lease is not None and not in_queue_of(lease, before)):
            return False
        change = change_by(before, outcome)
        if change is None:
            self._keep_trail(key, outcome.trail)
            return False
        event = event_of(before, change, outcome)
        if event is not None:
            self.events.append((*key, event))
        rated = rated_of(before, change.status, change.price_micros, outcome.at_ms)
        if rated is not None:
            self.rated.append(rated)
        change = replace(change, trail=self._ignored.pop(key, "") + change.trail)
        earlier = self.changes.get(key)
        if earlier is not None:
            change = replace(change, queued=change.queued and earlier.queued, trail=earlier.trail + change.trail)
        self.changes[key] = change
        after = self._messages[key] = replace(
            before,
            status=change.status,
            sent_ms=change.sent_ms,
            error_code=change.error_code,
            carrier_ref=change.carrier_ref,
            price_micros=change.price_micros,
            sequence=change.sequence,
            trail_characters=before.trail_characters + len(outcome.trail),
        )
        self.tally.add_text(before, -1)
        self.tally.add_text(after)
        return True

    def _keep_trail(self, key: Key, trail: str) -> None:
        before = self._messages[key]
        characters = before.trail_characters + len(trail)
        if not trail or characters > MAX_CHARACTERS:
            return
        self._messages[key] = replace(before, trail_characters=characters)
        earlier = self.changes.get(key)
        if earlier is not None:
            self.changes[key] = replace(earlier, trail=earlier.trail + trail)
        else:
            self._ignored[key] = self._ignored.get(key, "") + trail
