"""Which rows a grant covers, and what may be asked for: by SID, or by hours that have ended, two hundred at a time."""

from typing import Any

import pytest

from ringfence.console.operator.grant_scopes import HOURS_MAX, LATEST, READ_AT_ONCE, RECORDS_MAX, Behind, GrantScopes
from ringfence.console.refusals import RefusedError
from ringfence.domain import call, message
from ringfence.domain.access.scope import Scope, epoch_name
from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.epoch import CLOSE_AFTER_MS, HOUR_MS, first_epoch
from ringfence.ports.calls import CallRow, RecordingRow
from ringfence.ports.grants import BOXES_AT_ONCE
from ringfence.ports.store import MessageRow
from ringfence.store.memory import MemoryStore

AC, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
START_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS
HOUR = first_epoch(START_MS)
NOW_MS = START_MS + 2 * HOUR_MS


class Kept:
    """A store of an account's records, sealed by nobody, and what may be asked for of them."""

    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.store = MemoryStore()
        self.scopes = GrantScopes(self.store, ManualClock(now_ms))
        self._made = 0

    def _common(self, prefix: str, at_ms: int, epoch: int | None) -> dict[str, Any]:
        self._made += 1
        return {
            "account": AC,
            "sid": f"{prefix}{self._made:032x}",
            "epoch": first_epoch(at_ms) if epoch is None else epoch,
            "created_ms": at_ms,
            "updated_ms": at_ms,
        }

    async def text(self, at_ms: int = START_MS, epoch: int | None = None, prefix: str = "SM") -> str:
        row = self._common(prefix, at_ms, epoch) | {
            "direction": message.Direction.OUTBOUND_API,
            "status": message.Status.DELIVERED,
            "local": "+12025550123",
            "remote_index": b"",
            "remote_region": "US",
            "content": b"",
            "num_segments": 1,
        }
        await self.store.accept(MessageRow(**row))
        return str(row["sid"])

    async def call(self, at_ms: int = START_MS, epoch: int | None = None, parent: str | None = None) -> str:
        row = self._common("CA", at_ms, epoch) | {
            "direction": call.Direction.OUTBOUND_API,
            "status": call.Status.COMPLETED,
            "local": "+12025550123",
            "remote_index": b"",
            "remote_region": "US",
            "content": b"",
            "parent_sid": parent,
        }
        await self.store.create_call(CallRow(**row))
        return str(row["sid"])

    async def recording(
        self, of: str, at_ms: int = START_MS, epoch: int | None = None, status: Any = "completed"
    ) -> str:
        row = self._common("RE", at_ms, epoch) | {
            "call_sid": of,
            "status": status,
            "channels": 1,
            "source": "RecordVerb",
            "started_ms": at_ms,
        }
        await self.store.add_recording(RecordingRow(**row))
        return str(row["sid"])


@pytest.fixture
def kept() -> Kept:
    return Kept()


async def refusal(work: Any) -> tuple[str, int]:
    with pytest.raises(RefusedError) as refused:
        await work
    return refused.value.text, refused.value.status


def test_records_are_asked_for_by_1_to_50_sids(run: Any, kept: Kept) -> None:
    async def story() -> None:
        sids = [await kept.text() for _ in range(RECORDS_MAX)]
        assert await kept.scopes.of_records(AC, sids) == Scope(records=tuple(sids))
        assert await kept.scopes.of_records(AC, sids[:1]) == Scope(records=(sids[0],))
        many = ("Name 1 to 50 texts, calls or recordings by their SIDs, or whole hours.", 409)
        assert await refusal(kept.scopes.of_records(AC, [])) == many
        assert await refusal(kept.scopes.of_records(AC, [*sids, sids[0]])) == many

    run(story())


def test_a_record_that_is_not_the_accounts_or_brings_a_code_is_none(run: Any, kept: Kept) -> None:
    async def story() -> None:
        sms, brings = await kept.text(), await kept.call(parent="VE" + "1" * 32)
        phone = await kept.call()
        none = ("One of those is no text, call or recording of that account.", 404)
        for sid in (
            "x",
            "SM" + "f" * 32,
            "CA" + "f" * 32,
            "RE" + "f" * 32,
            await kept.text(prefix="VL"),
            brings,
            await kept.recording(brings),
            await kept.recording(phone, status="in-progress"),
        ):
            assert await refusal(kept.scopes.of_records(AC, [sms, sid])) == none, sid
        for sid in (sms, phone, await kept.recording(phone), await kept.recording("CA" + "e" * 32)):
            assert await refusal(kept.scopes.of_records(OTHER, [sid])) == none
            assert await kept.scopes.of_records(AC, [sid]) == Scope(records=(sid,))

    run(story())


def test_hours_are_asked_for_from_the_one_that_holds_the_time_once_they_ended(run: Any, kept: Kept) -> None:
    async def story() -> None:
        await kept.text()
        scope, empty = await kept.scopes.of_hours(AC, START_MS + HOUR_MS - 1, 1)
        assert (scope, list(empty)) == (Scope(epochs=(HOUR,)), [])
        # To the moment in which the last of them ends.
        scope, empty = await kept.scopes.of_hours(AC, START_MS - HOUR_MS, 3)
        assert (scope, list(empty)) == (Scope(epochs=(HOUR,)), [START_MS - HOUR_MS, START_MS + HOUR_MS])
        goes_on, before = ("An hour can be asked for once it has ended.", 409), Kept(NOW_MS - 1).scopes
        assert await refusal(before.of_hours(AC, START_MS - HOUR_MS, 3)) == goes_on
        assert await refusal(before.of_hours(AC, NOW_MS - 1, 1)) == goes_on
        assert await refusal(kept.scopes.of_hours(AC, NOW_MS, 1)) == goes_on
        bounds = ("Name 1 to 24 hours that have ended.", 409)
        for from_ms, hours in ((NOW_MS + 1, 1), (-1, 1), (START_MS, 0), (START_MS, -1), (0, HOURS_MAX + 1)):
            assert await refusal(kept.scopes.of_hours(AC, from_ms, hours)) == bounds
        nothing = ("There is nothing of that account in those hours.", 404)
        assert await refusal(kept.scopes.of_hours(AC, 0, HOURS_MAX)) == nothing
        assert await refusal(kept.scopes.of_hours(OTHER, START_MS, 1)) == nothing

    run(story())


@pytest.mark.parametrize("what", ["text", "call", "recording"])
def test_an_hours_keys_are_those_up_to_the_last_that_sealed_something_in_it(run: Any, kept: Kept, what: str) -> None:
    async def seal(at_ms: int, epoch: int | None = None) -> None:
        match what:
            case "text":
                await kept.text(at_ms, epoch)
            case "call":
                await kept.call(at_ms, epoch)
            case _:
                await kept.recording("CA" + "1" * 32, at_ms, epoch)

    async def story() -> None:
        await seal(START_MS, HOUR + 1)
        assert (await kept.scopes.of_hours(AC, START_MS, 1))[0] == Scope(epochs=(HOUR, HOUR + 1))
        await seal(START_MS + HOUR_MS - 1, HOUR + 3)
        # Of the hours before and after, and of what was sealed in these and is written down in it.
        await seal(START_MS - 1, HOUR + 4)
        await seal(START_MS + HOUR_MS, HOUR + 5)
        await seal(START_MS, HOUR + 256)
        await seal(START_MS, HOUR - 1)
        assert (await kept.scopes.of_hours(AC, START_MS, 1))[0] == Scope(epochs=(HOUR, HOUR + 1, HOUR + 2, HOUR + 3))
        await seal(START_MS, HOUR + 255)
        assert len((await kept.scopes.of_hours(AC, START_MS, 1))[0].epochs) == 256

    run(story())


def test_what_is_no_recording_any_more_or_not_yet_fills_no_hour(run: Any, kept: Kept) -> None:
    async def story() -> None:
        for status in ("in-progress", "deleted", "absent"):
            await kept.recording("CA" + "1" * 32, status=status)
        nothing = ("There is nothing of that account in those hours.", 404)
        assert await refusal(kept.scopes.of_hours(AC, START_MS, 1)) == nothing

    run(story())


def test_no_more_keys_are_asked_for_than_are_opened_at_once(run: Any, kept: Kept) -> None:
    async def story() -> None:
        await kept.text(START_MS, HOUR + 255)
        await kept.text(START_MS + HOUR_MS, HOUR + 256 + BOXES_AT_ONCE - 256 - 1)
        scope, _ = await kept.scopes.of_hours(AC, START_MS, 2)
        assert len(scope.epochs) == BOXES_AT_ONCE
        await kept.text(START_MS + HOUR_MS, HOUR + BOXES_AT_ONCE)
        too_many = ("That is too much at once: ask for fewer hours.", 409)
        assert await refusal(kept.scopes.of_hours(AC, START_MS, 2)) == too_many

    run(story())


def test_of_records_those_are_read_that_are_there_still_and_recordings_are_opened_one_by_one(
    run: Any, kept: Kept
) -> None:
    async def story() -> None:
        sms, phone = await kept.text(), await kept.call()
        sound = await kept.recording(phone)
        scope = Scope(records=(sound, phone, sms, "SM" + "f" * 32))
        found = await kept.scopes.covered(AC, scope, Behind())
        assert list(found.names) == [phone, sms]
        assert [row.sid for row in found.texts] == [sms]
        assert [row.sid for row in found.calls] == [phone]
        assert [row.sid for row in found.recordings] == [sound]
        assert found.behind is None

    run(story())


def test_of_hours_what_their_keys_open_is_read_also_where_it_was_written_down_a_little_later(
    run: Any, kept: Kept
) -> None:
    async def story() -> None:
        late_ms, scope = START_MS + HOUR_MS + CLOSE_AFTER_MS - 1, Scope(epochs=(HOUR, HOUR + 1))
        phone, brings = await kept.call(), await kept.call(parent="VE" + "1" * 32)
        texts = [await kept.text(), await kept.text(START_MS + 1, HOUR + 1), await kept.text(late_ms, HOUR)]
        calls = [phone, await kept.call(late_ms, HOUR)]
        recordings = [await kept.recording(phone), await kept.recording(phone, late_ms, HOUR)]
        for at_ms, epoch in ((START_MS - 1, HOUR), (START_MS, HOUR + 2), (late_ms + 1, HOUR)):
            await kept.text(at_ms, epoch)
            await kept.call(at_ms, epoch)
            await kept.recording(phone, at_ms, epoch)
        await kept.recording(phone, status="in-progress")
        found = await kept.scopes.covered(AC, scope, Behind())
        assert list(found.names) == [epoch_name(HOUR), epoch_name(HOUR + 1)]
        assert [row.sid for row in found.texts] == texts[::-1]
        assert [row.sid for row in found.calls] == calls[::-1]
        assert brings not in calls
        assert [row.sid for row in found.recordings] == recordings[::-1]
        assert found.behind is None

    run(story())


@pytest.mark.parametrize("what", ["texts", "calls", "recordings"])
def test_what_is_more_than_two_hundred_is_read_on_from_where_it_ended(run: Any, kept: Kept, what: str) -> None:
    async def story() -> None:
        phone, sms = await kept.call(), await kept.text()
        sound = await kept.recording(phone)
        scope, made = Scope(epochs=(HOUR,)), {"texts": [sms], "calls": [phone], "recordings": [sound]}
        makes = {"texts": kept.text, "calls": kept.call, "recordings": lambda: kept.recording(phone)}
        while len(made[what]) < READ_AT_ONCE + 1:
            made[what].append(await makes[what]())
        first = await kept.scopes.covered(AC, scope, Behind())
        assert first.behind is not None
        rest = await kept.scopes.covered(AC, scope, first.behind)
        assert rest.behind is None
        for name, sids in made.items():
            found = [row.sid for each in (first, rest) for row in getattr(each, name)]
            assert found == sids[::-1], name
        last = {"texts": first.behind.text, "calls": first.behind.call, "recordings": first.behind.recording}
        assert last == {name: sids[-READ_AT_ONCE:][0] for name, sids in made.items()}

    run(story())


def test_where_two_kinds_go_on_the_one_that_is_read_to_its_end_stays_where_it_was(run: Any, kept: Kept) -> None:
    async def story() -> None:
        phone, scope = await kept.call(), Scope(epochs=(HOUR,))
        for _ in range(2 * READ_AT_ONCE):
            await kept.text()
        first = await kept.scopes.covered(AC, scope, Behind())
        assert first.behind is not None
        second = await kept.scopes.covered(AC, scope, first.behind)
        assert second.behind is not None
        assert (list(second.calls), second.behind.call, second.behind.recording) == ([], phone, "")
        third = await kept.scopes.covered(AC, scope, second.behind)
        assert (list(third.texts), list(third.calls), third.behind) == ([], [], None)

    run(story())


def test_a_recording_is_opened_by_its_own_key_or_by_that_of_its_hour(run: Any, kept: Kept) -> None:
    async def story() -> None:
        phone = await kept.call()
        sound = await kept.recording(phone)
        row = await kept.store.recording(AC, sound)
        by_itself, by_hour = Scope(records=(sound,)), Scope(epochs=(HOUR, HOUR + 1))
        assert await kept.scopes.recording(AC, by_itself, sound) == (row, sound)
        assert await kept.scopes.recording(AC, by_hour, sound) == (row, epoch_name(HOUR))
        none = ("There is no such recording among what was granted.", 404)
        for account, scope, sid in (
            (OTHER, by_itself, sound),
            (AC, Scope(epochs=(HOUR + 1,)), sound),
            (AC, by_itself, "RE" + "f" * 32),
            (AC, by_hour, await kept.recording(await kept.call(parent="VE" + "1" * 32))),
            (AC, by_hour, await kept.recording(phone, status="in-progress")),
        ):
            assert await refusal(kept.scopes.recording(account, scope, sid)) == none

    run(story())


def test_of_each_kind_the_latest_of_an_hour_say_which_key_was_its_last(run: Any, kept: Kept) -> None:
    async def story() -> None:
        await kept.text(START_MS, HOUR + 9)
        for _ in range(LATEST - 1):
            await kept.text()
        assert len((await kept.scopes.of_hours(AC, START_MS, 1))[0].epochs) == 10
        await kept.text()
        assert (await kept.scopes.of_hours(AC, START_MS, 1))[0] == Scope(epochs=(HOUR,))

    run(story())
