"""What webhooks of Verify are told: a row and an outbox entry, together, and the keys that they still need."""

from msgspec.structs import replace

from ringfence.ports.store import Settlement
from ringfence.ports.verify_events import TellingRow

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
FACTOR, CHALLENGE = "YF" + "1" * 32, "YC" + "2" * 32


def telling(n=1, account=A, subject=FACTOR, kind="factor.created", epoch=7):
    return TellingRow(
        account=account,
        sid=f"EV{n:032x}",
        service="VA" + "3" * 32,
        webhook="YW" + "4" * 32,
        subject=subject,
        kind=kind,
        epoch=epoch,
        content=b"\x00sealed",
        at_ms=NOW,
    )


async def test_what_is_told_is_read_as_it_was_written(store):
    await store.add_tellings([telling(1), telling(2, account=B)])
    wanted = [(A, telling(1).sid), (A, telling(2).sid), (B, telling(2).sid)]
    assert await store.tellings_of(wanted) == [telling(1), None, telling(2, account=B)]
    assert await store.tellings_of([]) == []


async def test_nothing_is_written_of_nothing(store):
    await store.add_tellings([])
    assert await store.take_events("d1", NOW, 1_000, 9) == []


async def test_each_has_an_event_that_waits_for_no_other(store):
    rows = [telling(1), telling(2), telling(3, kind="challenge.denied", subject=CHALLENGE)]
    await store.add_tellings(rows)
    taken = await store.take_events("d1", NOW, 1_000, 9)
    assert [(event.account, event.message_sid, event.kind) for event in taken] == [
        (row.account, row.sid, row.kind) for row in rows
    ]
    assert {(event.sequence, event.at_ms, event.due_ms) for event in taken} == {(0, NOW, NOW)}


async def test_those_of_a_subject_come_in_the_order_it_happened(store):
    await store.add_tellings([telling(2, kind="factor.verified"), telling(1), telling(3, subject=CHALLENGE)])
    await store.add_tellings([telling(4, account=B)])
    assert await store.tellings(A, FACTOR) == [telling(1), telling(2, kind="factor.verified")]
    assert await store.tellings(A, CHALLENGE) == [telling(3, subject=CHALLENGE)]
    assert await store.tellings(B, CHALLENGE) == []


async def test_one_that_is_there_stays_as_it_is(store):
    await store.add_tellings([telling(1)])
    await store.add_tellings([replace(telling(1), content=b"other"), telling(2)])
    assert await store.tellings_of([(A, telling(1).sid), (A, telling(2).sid)]) == [telling(1), telling(2)]
    assert len(await store.events(A, telling(1).sid)) == 1


async def test_one_that_is_not_told_yet_keeps_its_key(store):
    await store.add_tellings([telling(1), telling(2), telling(3, epoch=8)])
    (first, *_) = await store.take_events("d1", NOW, 1_000, 9)
    assert await store.unfinished(A, 7) == [(telling(1).sid, 0), (telling(2).sid, 0)]
    await store.settle_events([Settlement(event_id=first.id, account=A, state="done")])
    assert await store.unfinished(A, 7) == [(telling(2).sid, 0)]
    assert await store.unfinished(A, 8) == [(telling(3).sid, 0)]
    assert await store.unfinished(B, 7) == []
