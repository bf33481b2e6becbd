"""Calls at rest: their rows, orders to live ones, their timeline, and their recordings.

Part of the store (`ports.store`): an awaited write has been fsynced, every key begins with the account, and content
arrives sealed.
"""

from collections.abc import Collection, Sequence
from typing import Final, Literal, Protocol

import msgspec

from ringfence.domain.call import Direction, Status
from ringfence.ports.outbox import NewEvent
from ringfence.ports.party import Party
from ringfence.ports.retention import RetainedRow


class CallRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call at rest. `local` is the tenant's own number in it ("" where there is none): clear metadata.

    `content` is a sealed `domain.call.Content`; `remote_index` the blind index of the other end under that day's index
    key, `remote_region` its country ("" for a SIP address or a client), `remote_prefix` what of the
    number an operator sees. `parent_sid` is the call whose Dial made this
    one, or the verification whose code it brings. `sequence` counts the progress events so far. `owner` is the voice
    process that runs it. `rate_micros` is the price of a minute, as it was when the call was made.
    """

    account: str
    sid: str
    parent_sid: str | None = None
    direction: Direction
    status: Status
    local: str
    remote_index: bytes
    remote_region: str
    remote_prefix: str = ""
    epoch: int
    content: bytes
    phone_number_sid: str = ""
    created_ms: int
    updated_ms: int
    ringing_ms: int | None = None
    answered_ms: int | None = None
    ended_ms: int | None = None
    price_micros: int | None = None
    price_unit: str = "USD"
    sip_status: int | None = None
    error_code: int | None = None
    route: str = ""
    sequence: int = 0
    owner: str = ""
    rate_micros: int = 0

    @property
    def brings_code(self) -> bool:
        """It hangs on a verification, whose code it says: the tenant neither lists, changes nor records it."""
        return self.parent_sid is not None and self.parent_sid.startswith("VE")


class CallChange(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a call: applied only where `domain.call` allows the move, else ignored.

    Ringing, in-progress and final moves set `ringing_ms`, `answered_ms` and `ended_ms` to `at_ms`. A final move clears
    the owner, and writes the rated record with `price_micros` (or 0).
    """

    status: Status
    at_ms: int
    sip_status: int | None = None
    error_code: int | None = None
    price_micros: int | None = None
    route: str | None = None


class CallFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`to` and `sender` look at both ends, as `MessageFilter` does. Times bound created_ms, half open [from, to)."""

    to: Party | None = None
    sender: Party | None = None
    status: Status | None = None
    parent_sid: str | None = None
    start_from_ms: int | None = None
    start_to_ms: int | None = None
    end_from_ms: int | None = None
    end_to_ms: int | None = None


class CallOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What the tenant wants of a live call, for the voice process that runs it: `id` is the order of arrival.

    `kind` is end (hang up; a ringing call is canceled), document (its `content` is a sealed `domain.call.Order`: run
    another document), or recording.stop, .pause, .skip and .resume, with the recording's sid in `argument`, and
    recording.start, with the sid that the recording is to have in `argument` and a sealed
    `domain.call.RecordingOptions` in `content` (`domain.sealing.call.seal_order`).
    """

    id: int = 0
    account: str
    call_sid: str
    kind: str
    argument: str = ""
    content: bytes = b""
    at_ms: int


class StepRow(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened in a call, for its timeline, Events and Notifications.

    `kind` is `webhook`, `document`, `verb`, `key`, `status`, `sip`, `media`, `warning` or `error`; `detail` is a
    sealed `domain.call_step.StepDetail` under the call's record key. `code` is Twilio's where there is one.
    """

    id: int = 0
    account: str
    call_sid: str
    at_ms: int
    kind: str
    code: int | None = None
    detail: bytes = b""


RecordingStatus = Literal["in-progress", "paused", "stopped", "processing", "completed", "absent", "deleted"]


# Whose sound is complete, or as complete as it will ever be.
PLAYABLE: Final[frozenset[RecordingStatus]] = frozenset({"completed", "stopped"})


class RecordingRow(msgspec.Struct, frozen=True, kw_only=True):
    """A recording: its sealed sound is a file named by account and sid. `source` as Twilio's API has it.

    The sound is sealed under the record key of its own sid; `content`, a `domain.call.RecordingOptions`, under the
    call's (`domain.sealing.call.seal_recording_with`), like all that the call's callbacks need.
    """

    account: str
    sid: str
    call_sid: str
    status: RecordingStatus
    channels: int
    source: str
    track: str = "both"
    epoch: int
    started_ms: int
    duration_ms: int | None = None
    error_code: int | None = None
    created_ms: int
    updated_ms: int
    content: bytes = b""


class CallStore(Protocol):
    """Calls and what belongs to them."""

    async def create_call(
        self, row: CallRow, events: Sequence[NewEvent] = (), retained: RetainedRow | None = None
    ) -> bool:
        """Write a call with its outbox events. False: the sid is known already, nothing was written.

        A queued outbound call without an owner waits for a voice process to take it. The events are numbered as those
        of `move_call`. A call that is made in a final status is rated too, and `retained` is kept with it.
        """

    async def call(self, account: str, sid: str) -> CallRow | None: ...

    async def calls(
        self, account: str, wanted: CallFilter, *, before: str | None = None, limit: int = 50
    ) -> list[CallRow]:
        """Newest first; `before` is the last sid of the page before. Calls that bring codes: by their parent alone."""

    async def calls_of(self, keys: Sequence[tuple[str, str]]) -> list[CallRow | None]:
        """The calls of these (account, sid), in order; None for one that is not there."""

    async def take_calls(
        self,
        owner: str,
        now_ms: int,
        ttl_ms: int,
        limit: int,
        *,
        each: int | None = None,
        passing_over: Collection[str] = (),
    ) -> list[CallRow]:
        """Make `owner` the owner of queued outbound calls that have none, oldest first, accounts in turn.

        Of one account at most `each`, of those in `passing_over` none. It holds the owner's calls as `hold_calls` does.
        """

    async def hold_calls(self, owner: str, now_ms: int, ttl_ms: int) -> None:
        """Say that `owner` still runs its live calls: none of them is orphaned for `ttl_ms` from now.

        Begin with it: the call of an owner who never said so is an orphan.
        """

    async def orphaned_calls(self, now_ms: int, limit: int) -> list[CallRow]:
        """Live calls with an owner who has not said so for too long: their process is dead. Oldest first."""

    async def calls_owned(self, owner: str) -> list[CallRow]:
        """Live calls of this owner, oldest first: for a process that starts again under its name."""

    async def move_call(
        self,
        account: str,
        sid: str,
        change: CallChange,
        events: Sequence[NewEvent] = (),
        retained: RetainedRow | None = None,
    ) -> CallRow | None:
        """Apply a change with its outbox events in one transaction: the row as it is then; None where it was ignored.

        Each event's `sequence` is set here: the call's `sequence`, which grows by one with each. A final move forgets
        the orders that nobody took. `retained` is kept with a change that is applied.
        """

    async def rewrite_call(self, account: str, sid: str, content: bytes, *, at_ms: int) -> bool:
        """Replace the sealed content."""

    async def delete_call(self, account: str, sid: str) -> bool:
        """Erase a call that is over, with its steps, events and attempts; the rated record and recordings stay."""

    async def live_calls(self, account: str) -> int:
        """How many calls of the account are ringing or in progress."""

    async def order(self, order: CallOrder) -> bool:
        """Leave an order for a live call; False where the call is not live (any more).

        QueueFullError where a hundred wait for that call already.
        """

    async def take_orders(self, owner: str, limit: int = 100) -> list[CallOrder]:
        """Orders for calls of this owner, in order of arrival; they are gone from the store then."""

    async def add_steps(self, steps: Sequence[StepRow]) -> None:
        """Keep steps; those of a call that is gone are dropped. At most 1,000 a call are kept, the oldest."""

    async def steps(self, account: str, call_sid: str) -> list[StepRow]:
        """In the order they happened."""

    async def troubles(
        self,
        account: str,
        *,
        call_sid: str | None = None,
        warnings: bool | None = None,
        from_ms: int | None = None,
        before: tuple[int, int] | None = None,
        limit: int = 50,
    ) -> list[StepRow]:
        """Steps with a code, but for those of kind `status`, which repeat it; newest first.

        `before` is (at_ms, id) of where the page before ended. `warnings`: only those of that kind, or only others.
        """

    async def trouble(self, account: str, at_ms: int, step_id: int) -> StepRow | None:
        """One of them."""

    async def add_recording(self, row: RecordingRow) -> None:
        """Again is a no-op."""

    async def move_recording(
        self,
        account: str,
        sid: str,
        status: RecordingStatus,
        at_ms: int,
        *,
        duration_ms: int | None = None,
        error_code: int | None = None,
        events: Sequence[NewEvent] = (),
    ) -> RecordingRow | None:
        """Change a recording, with events of its call (kind `recording.<status>`, raw: its sid), numbered as they are.

        None, and nothing is written, where it is not there or is over: completed, absent or deleted. Where its call
        was deleted nobody is told.
        """

    async def recording(self, account: str, sid: str) -> RecordingRow | None: ...

    async def recordings(
        self,
        account: str,
        *,
        call_sid: str | None = None,
        from_ms: int | None = None,
        to_ms: int | None = None,
        deleted_from_ms: int | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[RecordingRow]:
        """Newest first. Times bound created_ms, half open [from, to).

        Those that were deleted are left out, but with `deleted_from_ms` those that were from then on are among them.
        """

    async def delete_recording(self, account: str, sid: str, at_ms: int) -> bool:
        """Forget it: its row stays for the record, with status deleted, `at_ms` as updated_ms and no content.

        False where there is none, or none any more.
        """
