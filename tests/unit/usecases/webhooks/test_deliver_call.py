"""A call's events told to a stock Flask program: those it asked for, in order, signed, and tried again."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from ringfence.domain.call import Content, Direction, RecordingOptions, Status
from ringfence.domain.sealing.call import seal_call_with, seal_recording_with
from ringfence.domain.sealing.medium import decode_capability
from ringfence.domain.sealing.record import open_field
from ringfence.domain.sealing.recording import recording_key
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import CallChange, CallRow, RecordingRow
from ringfence.ports.outbox import NewEvent
from ringfence.usecases.webhooks.opened_event import OpenedEvent

from .conftest import ACCOUNT, EPOCH, HANDSET, NUMBER, Installation, Program

ALL = ("initiated", "ringing", "answered", "completed")


def told(kind: str, at_ms: int, raw: str = "", sequence: int = 0) -> NewEvent:
    return NewEvent(kind=kind, sequence=sequence, at_ms=at_ms, raw=raw)


async def key_of(installation: Installation, sid: str) -> bytes:
    (key,) = await installation.keys.open_records(ACCOUNT, [(EPOCH, sid)])
    assert key is not None
    return key


async def call(installation: Installation, **content: Any) -> CallRow:
    """A queued call with its first event."""
    sid, now_ms = new_sid("CA"), installation.clock.now_ms()
    sealed = Content(to=HANDSET, sender=NUMBER, **content)
    row = CallRow(
        account=ACCOUNT,
        sid=sid,
        direction=Direction.OUTBOUND_API,
        status=Status.QUEUED,
        local=NUMBER,
        remote_index=b"i",
        remote_region="US",
        epoch=EPOCH,
        content=seal_call_with(await key_of(installation, sid), ACCOUNT, sid, sealed),
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    await installation.store.create_call(row, [told("call.initiated", now_ms)])
    return row


async def move(installation: Installation, row: CallRow, status: Status, kind: str, after_ms: int = 0) -> None:
    at_ms = row.created_ms + after_ms
    change = CallChange(status=status, at_ms=at_ms, sip_status=200)
    assert await installation.store.move_call(row.account, row.sid, change, [told(kind, row.created_ms)])


async def talked(installation: Installation, row: CallRow) -> None:
    await move(installation, row, Status.RINGING, "call.ringing")
    await move(installation, row, Status.IN_PROGRESS, "call.answered")
    await move(installation, row, Status.COMPLETED, "call.completed", after_ms=2_500)


async def recording(installation: Installation, row: CallRow, source: str, **options: Any) -> RecordingRow:
    sid = new_sid("RE")
    made = RecordingRow(
        account=ACCOUNT,
        sid=sid,
        call_sid=row.sid,
        status="in-progress",
        channels=1,
        source=source,
        epoch=EPOCH,
        started_ms=row.created_ms,
        created_ms=row.created_ms,
        updated_ms=row.created_ms,
        content=seal_recording_with(
            await key_of(installation, row.sid), ACCOUNT, row.sid, sid, RecordingOptions(**options)
        ),
    )
    await installation.store.add_recording(made)
    return made


async def deliver_all(installation: Installation) -> list[str]:
    """Every event that is due, one after the other; the states they ended in."""
    states = []
    while await installation.take():
        await installation.store.release_events("d1", installation.clock.now_ms())
        states.append((await installation.attempt()).state)
    return states


def test_each_event_that_was_asked_for_is_told_in_order(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation, status_callback=program.url("status?shop=1"), status_events=ALL)
        await talked(installation, row)
        assert await deliver_all(installation) == ["done"] * 4
        assert all(seen.valid and seen.method == "POST" for seen in program.seen)
        assert [(seen.params["CallStatus"], seen.params["SequenceNumber"]) for seen in program.seen] == [
            ("initiated", "0"),
            ("ringing", "1"),
            ("in-progress", "2"),
            ("completed", "3"),
        ]
        last = program.seen[-1].params
        assert (last["CallSid"], last["To"], last["From"], last["shop"]) == (row.sid, HANDSET, NUMBER, "1")
        assert (last["CallDuration"], last["Duration"], last["SipResponseCode"]) == ("3", "1", "200")
        assert len({seen.headers["I-Twilio-Idempotency-Token"] for seen in program.seen}) == 4

    run(scenario())


def test_without_events_only_the_end_is_told(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await talked(installation, await call(installation, status_callback=program.url("status")))
        assert await deliver_all(installation) == ["done"] * 4
        assert [seen.params["CallStatus"] for seen in program.seen] == ["completed"]

    run(scenario())


@pytest.mark.parametrize("end", ["busy", "failed", "no-answer", "canceled"])
def test_who_asks_for_completed_is_told_of_every_end(
    run, installation: Installation, program: Program, end: str
) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation, status_callback=program.url("status"), status_events=("completed",))
        await move(installation, row, Status(end), f"call.{end}")
        await deliver_all(installation)
        assert [seen.params["CallStatus"] for seen in program.seen] == [end]

    run(scenario())


def test_without_a_callback_nobody_is_told(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await call(installation)
        assert await deliver_all(installation) == ["done"]
        assert program.seen == []

    run(scenario())


def test_a_callback_by_get_has_its_fields_in_the_url(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        url = program.url("status?shop=1")
        await call(installation, status_callback=url, status_method="GET", status_events=ALL)
        assert await deliver_all(installation) == ["done"]
        (seen,) = program.seen
        assert (seen.method, seen.valid_raw) == ("GET", True)
        assert (seen.params["CallStatus"], seen.params["shop"]) == ("initiated", "1")

    run(scenario())


def test_what_fails_is_tried_again_before_what_comes_next(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation, status_callback=program.answer("status", status=503), status_events=ALL)
        await talked(installation, row)
        settlement = await installation.attempt()
        assert (settlement.state, settlement.error_code) == ("pending", 11200)
        assert await installation.take() == []
        assert [seen.params["CallStatus"] for seen in program.seen] == ["initiated"]

    run(scenario())


def test_what_was_said_is_sealed_under_the_call_s_key(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation, status_callback=program.url("status"), status_events=ALL)
        with capture_logs() as logs:
            await deliver_all(installation)
        (attempt,) = await installation.store.attempts(ACCOUNT, row.sid)
        assert HANDSET.encode() not in attempt.detail
        key = await key_of(installation, row.sid)
        opened = open_field(key, ACCOUNT, row.sid, f"attempt:{attempt.event_id}", attempt.detail)
        assert b"CallStatus=initiated" in opened
        assert HANDSET not in repr(logs)

    run(scenario())


def test_the_end_tells_where_the_recording_of_the_whole_call_is(
    run, installation: Installation, program: Program
) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation, status_callback=program.url("status"), record=True)
        await recording(installation, row, "RecordVerb")
        whole = await recording(installation, row, "OutboundAPI")
        await installation.store.move_recording(ACCOUNT, whole.sid, "completed", row.created_ms, duration_ms=2_400)
        await talked(installation, row)
        await deliver_all(installation)
        (seen,) = program.seen
        assert seen.params["RecordingSid"] == whole.sid
        assert seen.params["RecordingDuration"] == "3"
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{whole.sid}"
        url, _, token = seen.params["RecordingUrl"].partition("?Capability=")
        assert url == f"http://localhost:8420{path}"
        capability = decode_capability(token)
        assert capability is not None
        record_key = await key_of(installation, whole.sid)
        assert capability.key == recording_key(record_key, whole.sid)
        *_, attempt = [one for one in await installation.store.attempts(ACCOUNT, row.sid) if one.detail]
        key = await key_of(installation, row.sid)
        told = open_field(key, ACCOUNT, row.sid, f"attempt:{attempt.event_id}", attempt.detail)
        assert token.encode() not in told
        assert b"Capability%3D(left-out)" in told

    run(scenario())


def test_without_a_key_it_is_where_whoever_has_a_credential_finds_it(
    run, installation: Installation, program: Program
) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation, status_callback=program.url("status"), record=True)
        whole = await recording(installation, row, "OutboundAPI")
        await installation.store.move_recording(ACCOUNT, whole.sid, "completed", row.created_ms, duration_ms=2_400)
        await talked(installation, row)
        installation.keys.closed.add(whole.sid)
        await deliver_all(installation)
        (seen,) = program.seen
        path = f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{whole.sid}"
        assert seen.params["RecordingUrl"] == f"http://localhost:8420{path}"

    run(scenario())


def test_a_recording_that_came_to_nothing_is_not_named(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation, status_callback=program.url("status"), record=True)
        absent = await recording(installation, row, "OutboundAPI")
        await installation.store.move_recording(ACCOUNT, absent.sid, "absent", row.created_ms)
        await talked(installation, row)
        await deliver_all(installation)
        assert "RecordingSid" not in program.seen[0].params

    run(scenario())


def test_a_recording_callback_goes_where_its_options_say(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation)
        made = await recording(
            installation, row, "DialVerb", callback=program.url("done"), method="GET", events=("completed", "absent")
        )
        at_ms = row.created_ms
        for status in ("in-progress", "completed"):
            events = [told(f"recording.{status}", at_ms, raw=made.sid)]
            assert await installation.store.move_recording(
                ACCOUNT, made.sid, status, at_ms, duration_ms=1_000, events=events
            )
        assert await deliver_all(installation) == ["done"] * 3
        (seen,) = program.seen
        assert (seen.method, seen.path, seen.valid_raw) == ("GET", "done", True)
        assert (seen.params["RecordingStatus"], seen.params["RecordingSid"]) == ("completed", made.sid)
        assert (seen.params["RecordingSource"], seen.params["RecordingDuration"]) == ("DialVerb", "1")

    run(scenario())


def test_of_a_deleted_recording_nothing_can_be_told(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation)
        made = await recording(installation, row, "RecordVerb", callback=program.url("done"))
        await installation.store.move_recording(
            ACCOUNT, made.sid, "completed", row.created_ms, events=[told("recording.completed", 0, raw=made.sid)]
        )
        await installation.store.delete_recording(ACCOUNT, made.sid, installation.clock.now_ms())
        assert await deliver_all(installation) == ["done", "dead"]
        assert program.seen == []

    run(scenario())


def test_content_that_no_longer_opens_leaves_the_event_dead(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        row = await call(installation, status_callback=program.url("status"), status_events=ALL)
        installation.keys.closed.add(row.sid)
        assert await deliver_all(installation) == ["dead"]
        other = await call(installation, status_callback=program.url("status"), status_events=ALL)
        await installation.store.rewrite_call(ACCOUNT, other.sid, row.content, at_ms=0)
        assert await deliver_all(installation) == ["dead"]
        assert program.seen == []

    run(scenario())


def test_texts_and_calls_are_opened_together(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        await installation.outbound(program.url("text"), "sent")
        await call(installation, status_callback=program.url("call"), status_events=ALL)
        events = await installation.take()
        opened = await installation.delivery.open(events)
        assert all(isinstance(each, OpenedEvent) for each in opened)
        for each in opened:
            await installation.delivery.deliver(each)
        assert sorted(program.paths()) == ["call", "text"]
        installation.keys.away = True
        assert [type(each) for each in await installation.delivery.open(events)] == [ConnectionError] * 2

    run(scenario())
