"""A call as the voice process leaves it behind, for a member's console to show."""

import asyncio

from tests.browser.member_console import AC, REMOTE, SHOP, MemberConsole

from ringfence.domain.attempt import Attempt, Exchange
from ringfence.domain.call import Content, Direction, Status
from ringfence.domain.call_step import StepDetail
from ringfence.domain.sealing.attempt import seal_attempt
from ringfence.domain.sealing.call import seal_call, seal_step_with
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.recording import End, Header, RecordingSealer, recording_key
from ringfence.domain.sid import new_sid
from ringfence.ports.calls import CallChange, CallRow, RecordingRow, StepRow
from ringfence.ports.outbox import NewEvent, Settlement

# µ-law has silence as 0xff.
SECOND = b"\xff" * 16_000


async def a_call(
    stand: MemberConsole,
    *,
    status: Status = Status.COMPLETED,
    asked_for: str = "https://shop.example/menu",
    account: str = AC,
) -> str:
    """An inbound call with a document and a webhook that its program did not take."""
    await asyncio.sleep(0.002)
    sealing = await stand.keys.sealing_key(stand.caller, account)
    sid, now_ms = new_sid("CA"), stand.clock.now_ms()
    sealer = RecordSealer(sealing.epoch_key, account)
    key = sealer.key(sid)
    answered = status is Status.COMPLETED
    row = CallRow(
        account=account,
        sid=sid,
        direction=Direction.INBOUND,
        status=Status.IN_PROGRESS if answered else Status.RINGING,
        local=SHOP,
        remote_index=b"",
        remote_region="US",
        epoch=sealing.epoch,
        content=seal_call(sealer, sid, Content(to=SHOP, sender=REMOTE)),
        created_ms=now_ms,
        updated_ms=now_ms,
        answered_ms=now_ms if answered else None,
    )
    store = stand.texts
    await store.create_call(row)
    told = [NewEvent(kind=f"call.{status.value}", sequence=0, at_ms=now_ms + 2_000)]
    await store.move_call(account, sid, CallChange(status=status, at_ms=now_ms + 2_000, price_micros=-8_500), told)
    document = StepDetail(text=f"<Response><Say>{stand.canary}</Say></Response>", url=asked_for)
    await store.add_steps(
        [
            StepRow(
                account=account,
                call_sid=sid,
                at_ms=now_ms,
                kind=kind,
                code=code,
                detail=seal_step_with(key, account, sid, detail),
            )
            for kind, code, detail in (
                ("document", None, document),
                ("warning", 13_520, StepDetail(text="a voice that nobody has", line=1, column=11)),
            )
        ]
    )
    (event,) = await store.events(account, sid)
    exchange = Exchange(
        at_ms=now_ms + 2_000,
        method="POST",
        url="https://shop.example/status",
        body=f"From={REMOTE}".encode(),
        status=500,
        answer=b"It broke: " + stand.canary.encode(),
        answer_bytes=10 + len(stand.canary),
        dns_ms=1.5,
        tcp_ms=2.0,
        tls_ms=8.25,
        first_byte_ms=30.0,
        total_ms=42.0,
    )
    await store.settle_events(
        [
            Settlement(
                event_id=event.id,
                account=account,
                state="dead",
                http_status=500,
                error_code=11_200,
                duration_ms=42,
                at_ms=now_ms + 2_000,
                detail=seal_attempt(key, account, sid, event.id, Attempt(exchanges=(exchange,))),
            )
        ]
    )
    return sid


async def a_recording(stand: MemberConsole, call_sid: str, *, cut: bool = False, account: str = AC) -> str:
    """Two seconds of silence in two channels, of which the middle one is to be heard, as a media worker leaves them."""
    sealing = await stand.keys.sealing_key(stand.caller, account)
    sid, now_ms = new_sid("RE"), stand.clock.now_ms()
    key = recording_key(RecordSealer(sealing.epoch_key, account).key(sid), sid)
    sealer = RecordingSealer(key, Header(account=account, sid=sid, channels=2))
    chunks = [sealer.chunk(SECOND), sealer.chunk(SECOND)]
    end = sealer.end(End(samples=16_000, heard_from=4_000, heard_to=12_000, cause="stopped"))
    folder = stand.recordings / account
    folder.mkdir(parents=True, exist_ok=True)
    (folder / sid).write_bytes(b"".join([sealer.header, *chunks, b"" if cut else end]))
    await stand.texts.add_recording(
        RecordingRow(
            account=account,
            sid=sid,
            call_sid=call_sid,
            status="completed",
            channels=2,
            source="RecordVerb",
            epoch=sealing.epoch,
            started_ms=now_ms,
            duration_ms=1_000,
            created_ms=now_ms,
            updated_ms=now_ms,
        )
    )
    return sid
