"""What the store knows of recordings: made once, over once, deleted for everyone but the record."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.domain.call import Status
from ringfence.ports.calls import RecordingRow
from ringfence.ports.outbox import NewEvent, Settlement

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32


def recording(sid="RE1", call_sid="CA1", **more):
    fields = {
        "account": A,
        "sid": sid,
        "call_sid": call_sid,
        "status": "in-progress",
        "channels": 1,
        "source": "RecordVerb",
        "epoch": 7,
        "started_ms": NOW,
        "created_ms": NOW,
        "updated_ms": NOW,
        "content": b"sealed",
    }
    return RecordingRow(**fields | more)


def told(status, sid="RE1"):
    return NewEvent(kind=f"recording.{status}", sequence=3, at_ms=NOW, raw=sid)


def sids(rows):
    return [row.sid for row in rows]


async def test_a_recording_is_read_as_it_was_written(store):
    plain = recording()
    full = recording("RE2", channels=2, track="inbound", duration_ms=5, error_code=6, content=b"\x00\xff")
    for row in (plain, full):
        await store.add_recording(row)
        assert await store.recording(A, row.sid) == row
    await store.add_recording(replace(plain, channels=2))
    assert await store.recording(A, "RE1") == plain
    assert await store.recording(B, "RE1") is None


async def test_a_recording_moves_until_it_is_over(store):
    await store.add_recording(recording())
    paused = await store.move_recording(A, "RE1", "paused", NOW + 1)
    assert paused == replace(recording(), status="paused", updated_ms=NOW + 1)
    done = await store.move_recording(A, "RE1", "completed", NOW + 2, duration_ms=1_500)
    assert done == replace(paused, status="completed", updated_ms=NOW + 2, duration_ms=1_500)
    assert await store.move_recording(A, "RE1", "in-progress", NOW + 3) is None
    assert await store.recording(A, "RE1") == done
    assert await store.move_recording(B, "RE1", "completed", NOW) is None
    assert await store.move_recording(A, "RE9", "completed", NOW) is None


@pytest.mark.parametrize("end", ["completed", "absent"])
async def test_what_is_over_stays_over(store, end):
    await store.add_recording(recording())
    over = await store.move_recording(A, "RE1", end, NOW, error_code=13)
    for status in ("in-progress", "paused", "stopped", "processing", "completed", "absent"):
        assert await store.move_recording(A, "RE1", status, NOW + 1, error_code=14) is None
    assert await store.recording(A, "RE1") == over


async def test_its_events_are_told_with_those_of_its_call(store, ring):
    row = ring()
    await store.create_call(row, [NewEvent(kind="call.initiated", sequence=0, at_ms=NOW)])
    await store.add_recording(recording(call_sid=row.sid))
    ends = await asyncio.gather(
        *(store.move_recording(A, "RE1", "completed", NOW, events=[told("completed")]) for _ in range(4))
    )
    assert sum(end is not None for end in ends) == 1
    events = await store.events(A, row.sid)
    assert [(event.kind, event.sequence, event.raw) for event in events] == [
        ("call.initiated", 0, ""),
        ("recording.completed", 3, "RE1"),
    ]
    assert (await store.call(A, row.sid)).sequence == 1
    (first,) = await store.take_events("d", NOW, 1_000, 9)
    assert first.kind == "call.initiated"


async def test_of_a_call_that_was_deleted_nobody_is_told(store, ring):
    row = ring(status=Status.COMPLETED)
    await store.create_call(row)
    await store.add_recording(recording(call_sid=row.sid))
    await store.delete_call(A, row.sid)
    assert (await store.move_recording(A, "RE1", "completed", NOW, events=[told("completed")])).status == "completed"
    assert await store.events(A, row.sid) == []
    assert await store.take_events("d", NOW, 1_000, 9) == []


async def test_recordings_are_listed_newest_first(store):
    for n in range(5):
        await store.add_recording(recording(f"RE{n}", f"CA{n % 2}", created_ms=NOW + n))
    await store.add_recording(recording("RE9", account=B))
    assert sids(await store.recordings(A)) == ["RE4", "RE3", "RE2", "RE1", "RE0"]
    assert sids(await store.recordings(A, limit=2)) == ["RE4", "RE3"]
    assert sids(await store.recordings(A, before="RE3", limit=2)) == ["RE2", "RE1"]
    assert sids(await store.recordings(A, call_sid="CA0")) == ["RE4", "RE2", "RE0"]
    assert sids(await store.recordings(A, call_sid="CA0", before="RE2")) == ["RE0"]
    assert sids(await store.recordings(A, from_ms=NOW + 1, to_ms=NOW + 3)) == ["RE2", "RE1"]
    assert sids(await store.recordings(A, call_sid="CA1", from_ms=NOW + 2)) == ["RE3"]


async def test_a_deleted_recording_is_in_no_list_and_keeps_no_content(store):
    await store.add_recording(recording())
    await store.add_recording(recording("RE2"))
    assert await store.delete_recording(B, "RE1", NOW + 9) is False
    assert await store.delete_recording(A, "RE1", NOW + 9) is True
    assert await store.delete_recording(A, "RE1", NOW + 9) is False
    assert sids(await store.recordings(A)) == ["RE2"]
    assert sids(await store.recordings(A, call_sid="CA1")) == ["RE2"]
    assert await store.recording(A, "RE1") == replace(recording(), status="deleted", updated_ms=NOW + 9, content=b"")
    assert await store.move_recording(A, "RE1", "completed", NOW) is None


async def test_a_deleted_recording_is_listed_for_who_asks_for_those_deleted_since(store):
    for n in range(4):
        await store.add_recording(recording(f"RE{n}", created_ms=NOW + n))
    await store.add_recording(recording("RE9", account=B, created_ms=NOW))
    await store.delete_recording(A, "RE1", NOW + 100)
    await store.delete_recording(A, "RE2", NOW + 200)
    await store.delete_recording(B, "RE9", NOW + 200)
    assert sids(await store.recordings(A, deleted_from_ms=NOW + 100)) == ["RE3", "RE2", "RE1", "RE0"]
    assert sids(await store.recordings(A, deleted_from_ms=NOW + 101)) == ["RE3", "RE2", "RE0"]
    assert sids(await store.recordings(A, call_sid="CA1", deleted_from_ms=NOW + 201)) == ["RE3", "RE0"]
    assert sids(await store.recordings(A, call_sid="CA1", deleted_from_ms=NOW, before="RE3", limit=2)) == ["RE2", "RE1"]
    assert sids(await store.recordings(A, deleted_from_ms=NOW, from_ms=NOW + 1, to_ms=NOW + 3)) == ["RE2", "RE1"]


async def test_an_epoch_is_unfinished_until_its_recordings_are_over_and_told(store, ring):
    row = ring(status=Status.COMPLETED, epoch=6)
    await store.create_call(row)
    await store.add_recording(recording(call_sid=row.sid))
    await store.add_recording(recording("RE2", epoch=8))
    await store.add_recording(recording("RE3", account=B))
    await store.add_recording(recording("RE4", status="absent"))
    assert await store.unfinished(A, 7) == [("RE1", 0)]
    await store.move_recording(A, "RE1", "completed", NOW, events=[told("completed")])
    assert await store.unfinished(A, 7) == [("RE1", 0)]
    assert await store.unfinished(A, 6) == [(row.sid, 0)]
    (event,) = await store.take_events("d", NOW, 1, 9)
    await store.settle_events([Settlement(event_id=event.id, account=A, state="done")])
    assert await store.unfinished(A, 7) == []
    assert await store.unfinished(A, 6) == []
