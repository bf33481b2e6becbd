"""The dispatcher's loop tells calls' events: each call's in order, though its program stumbles, beside texts'."""

from collections import defaultdict
from itertools import count
from typing import Any

from ringfence.domain.call import Content, Direction, Status
from ringfence.domain.sealing.call import seal_call_with
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import CallChange, CallRow
from ringfence.ports.outbox import NewEvent

from ..usecases.webhooks.conftest import ACCOUNT, EPOCH, HANDSET, NUMBER, Installation, Program
from .test_webhooks import loop_of, running, until

STATUSES = ("initiated", "ringing", "in-progress", "completed")


async def called(installation: Installation, url: str) -> CallRow:
    """A call that has rung, was answered and is over, with an event for each."""
    sid, now_ms = new_sid("CA"), installation.clock.now_ms()
    (key,) = await installation.keys.open_records(ACCOUNT, [(EPOCH, sid)])
    assert key is not None
    events = ("initiated", "ringing", "answered", "completed")
    content = Content(to=HANDSET, sender=NUMBER, status_callback=url, status_events=events)
    row = CallRow(
        account=ACCOUNT,
        sid=sid,
        direction=Direction.OUTBOUND_API,
        status=Status.QUEUED,
        local=NUMBER,
        remote_index=b"i",
        remote_region="US",
        epoch=EPOCH,
        content=seal_call_with(key, ACCOUNT, sid, content),
        created_ms=now_ms,
        updated_ms=now_ms,
    )
    first, *rest = (NewEvent(kind=f"call.{event}", sequence=0, at_ms=now_ms) for event in events)
    await installation.store.create_call(row, [first])
    for status, event in zip((Status.RINGING, Status.IN_PROGRESS, Status.COMPLETED), rest, strict=True):
        await installation.store.move_call(ACCOUNT, sid, CallChange(status=status, at_ms=now_ms), [event])
    return row


def test_calls_are_told_in_order_beside_texts(run, installation: Installation, program: Program) -> None:
    async def scenario() -> None:
        await installation.open()
        rows = [await called(installation, program.url("call")) for _ in range(15)]
        for _ in range(15):
            await installation.outbound(program.url("text"), "sent", "delivered")
        async with running(loop_of(installation)):
            await until(lambda: len(program.seen) == 90, 20)
        by_call: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for seen in program.seen:
            assert seen.valid
            if seen.path == "call":
                by_call[seen.params["CallSid"]].append((seen.params["CallStatus"], seen.params["SequenceNumber"]))
        assert set(by_call) == {row.sid for row in rows}
        assert list(by_call.values()) == [[(status, str(n)) for n, status in enumerate(STATUSES)]] * 15

    run(scenario())


def test_what_a_program_could_not_take_comes_again_before_what_follows(
    run, installation: Installation, program: Program, monkeypatch: Any
) -> None:
    monkeypatch.setattr("ringfence.usecases.webhooks.deliver_event.next_delay_ms", lambda *_: 1)

    async def scenario() -> None:
        await installation.open()
        asked = count(1)

        def stumble() -> Any:
            import flask

            return flask.abort(503) if next(asked) == 1 else ""

        row = await called(installation, program.answer("call", stumble))
        async with running(loop_of(installation)):

            async def all_told() -> bool:
                return [event.state for event in await installation.store.events(ACCOUNT, row.sid)] == ["done"] * 4

            await until(all_told, 20)
        told = [seen.params["CallStatus"] for seen in program.seen]
        assert told == ["initiated", *STATUSES]
        assert len({seen.headers["I-Twilio-Idempotency-Token"] for seen in program.seen}) == 4

    run(scenario())
