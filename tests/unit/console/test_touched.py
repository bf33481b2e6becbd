"""Records that somebody's keys open, found by the hour and by name: all of those, sealed, and no others."""

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.console.test_members import AC, OTHER, Member, account, enrolled, text

from ringfence.console.blast_notices import BlastNotice, BlastNotices
from ringfence.console.refusals import RefusedError
from ringfence.console.tenant.touched import EPOCHS_MAX, KINDS, NAMES_MAX, PAGE_RECORDS, TouchedRecords
from ringfence.domain.base64url import decode_base64url
from ringfence.domain.call import Direction as CallDirection
from ringfence.domain.call import Status as CallStatus
from ringfence.domain.message import Direction, Status
from ringfence.domain.sealing.epoch import HOUR_MS, first_epoch
from ringfence.domain.verification import Attempt
from ringfence.domain.verification import Status as VerificationStatus
from ringfence.ports.calls import CallRow, RecordingRow
from ringfence.ports.ledger import AccessEntry
from ringfence.ports.store import MessageRow
from ringfence.ports.verifications import VerificationRow
from ringfence.store.memory import MemoryStore

HOUR = 1_700_000_000_000 // HOUR_MS * HOUR_MS
EPOCH = first_epoch(HOUR)


def text_row(n: int, at_ms: int, epoch: int = EPOCH, owner: str = AC) -> MessageRow:
    return MessageRow(
        account=owner,
        sid=f"SM{n:032x}",
        direction=Direction.OUTBOUND_API,
        status=Status.DELIVERED,
        local="+12025550123",
        remote_index=b"",
        remote_region="US",
        epoch=epoch,
        content=b"text",
        num_segments=1,
        created_ms=at_ms,
        updated_ms=at_ms,
    )


def call_row(n: int, at_ms: int, epoch: int = EPOCH) -> CallRow:
    return CallRow(
        account=AC,
        sid=f"CA{n:032x}",
        direction=CallDirection.INBOUND,
        status=CallStatus.COMPLETED,
        local="+12025550123",
        remote_index=b"",
        remote_region="US",
        epoch=epoch,
        content=b"call",
        created_ms=at_ms,
        updated_ms=at_ms,
    )


def recording_row(n: int, call: str, at_ms: int, epoch: int = EPOCH) -> RecordingRow:
    return RecordingRow(
        account=AC,
        sid=f"RE{n:032x}",
        call_sid=call,
        status="completed",
        channels=1,
        source="DialVerb",
        epoch=epoch,
        started_ms=at_ms,
        created_ms=at_ms,
        updated_ms=at_ms,
    )


def verification_row(n: int, at_ms: int, epoch: int = EPOCH) -> VerificationRow:
    return VerificationRow(
        account=AC,
        sid=f"VE{n:032x}",
        service="VA1",
        to_index=n.to_bytes(4),
        channel="sms",
        status=VerificationStatus.APPROVED,
        region="US",
        epoch=epoch,
        content=b"verification",
        attempts=(Attempt(sid=f"VL{n:032x}", channel="sms", at_ms=at_ms),),
        created_ms=at_ms,
        updated_ms=at_ms,
        expires_ms=at_ms + 600_000,
    )


async def everything(touched: TouchedRecords, epochs: Sequence[int]) -> dict[str, tuple[str, bytes, int]]:
    """By SID: what the number is in, sealed, and of which hour; over all pages of all kinds."""
    found = {}
    for kind in KINDS:
        before = None
        while True:
            records, before = await touched.page(AC, kind, epochs, before)
            for record in records:
                assert (record.kind, record.sid in found) == (kind, False)
                found[record.sid] = (record.of, decode_base64url(record.content), record.of_epoch)
            if before is None:
                break
    return found


def test_records_of_an_hour_are_those_whose_key_is_that_hours(run: Any) -> None:
    async def story() -> None:
        store = MemoryStore()
        touched = TouchedRecords(store, store, store)
        end = HOUR + HOUR_MS
        # Made within a minute of the hour's end, by who held its key; and the other way round.
        texts = [(1, HOUR, EPOCH), (2, end + 59_000, EPOCH), (3, end - 1, EPOCH + 1), (4, HOUR - 1, EPOCH - 256)]
        for n, at_ms, epoch in texts:
            await store.accept(text_row(n, at_ms, epoch))
        await store.accept(text_row(5, HOUR, owner=OTHER))
        await store.create_call(call_row(1, end + 1))
        await store.create_call(call_row(2, end + 1, EPOCH + 256))
        await store.add_recording(recording_row(1, f"CA{2:032x}", end + 5))
        await store.add_recording(recording_row(2, "CA" + "0" * 32, end + 6))
        await store.begin_verification(verification_row(1, HOUR))
        await store.begin_verification(verification_row(2, HOUR, EPOCH - 256))
        assert await everything(touched, [EPOCH]) == {
            f"SM{1:032x}": (f"SM{1:032x}", b"text", EPOCH),
            f"SM{2:032x}": (f"SM{2:032x}", b"text", EPOCH),
            f"CA{1:032x}": (f"CA{1:032x}", b"call", EPOCH),
            # The number of a recording is its call's, of another hour here; or nobody knows it any more.
            f"RE{1:032x}": (f"CA{2:032x}", b"call", EPOCH + 256),
            f"RE{2:032x}": ("CA" + "0" * 32, b"", EPOCH),
            f"VE{1:032x}": (f"VE{1:032x}", b"verification", EPOCH),
        }
        assert set(await everything(touched, [EPOCH + 1, EPOCH - 256])) == {f"SM{3:032x}", f"SM{4:032x}", f"VE{2:032x}"}

    run(story())


def test_long_hours_come_in_pages_and_nothing_twice(run: Any) -> None:
    async def story() -> None:
        store = MemoryStore()
        count = 2 * PAGE_RECORDS + 3
        for n in range(count):
            await store.accept(text_row(n, HOUR + n, EPOCH + n % 2))
            await store.begin_verification(verification_row(n, HOUR + n))
        found = await everything(TouchedRecords(store, store, store), [EPOCH])
        assert len([sid for sid in found if sid.startswith("VE")]) == count
        assert len([sid for sid in found if sid.startswith("SM")]) == PAGE_RECORDS + 2

    run(story())


def test_records_are_found_by_name_as_far_as_they_are_there(run: Any) -> None:
    async def story() -> None:
        store = MemoryStore()
        touched = TouchedRecords(store, store, store)
        await store.accept(text_row(1, HOUR))
        await store.accept(text_row(2, HOUR, owner=OTHER))
        await store.create_call(call_row(1, HOUR))
        await store.add_recording(recording_row(1, f"CA{1:032x}", HOUR))
        names = [f"SM{1:032x}", f"SM{2:032x}", f"CA{1:032x}", f"RE{1:032x}", "SM" + "f" * 32, "x"]
        found = await touched.named(AC, names)
        assert [(each.kind, each.sid[:2], each.of[:2]) for each in found] == [
            ("text", "SM", "SM"),
            ("call", "CA", "CA"),
            ("recording", "RE", "CA"),
        ]
        for wrong in ([], ["x"] * (NAMES_MAX + 1)):
            with pytest.raises(RefusedError):
                await touched.named(AC, wrong)
        for hours in ([], [EPOCH] * (EPOCHS_MAX + 1)):
            with pytest.raises(RefusedError):
                await touched.page(AC, "text", hours, None)

    run(story())


def test_a_member_gets_what_their_own_account_was_told_of(run: Any, stand: Any) -> None:
    async def scene() -> None:
        async with stand() as it:
            caller = await account(it)
            await account(it, OTHER)
            member = await enrolled(it, caller)
            await text(it, caller, "hello")
            now_ms = it.clock.now_ms()
            entries = [
                AccessEntry(
                    at_ms=now_ms, account=owner, actor="staff:ST1", verb="grant_open", scope=(f"session:{session}", sid)
                )
                for owner, session, sid in ((AC, "CS1", "SM1"), (OTHER, "CS1", "SM2"), (AC, "CS2", "SM3"))
            ]
            await it.ledger.append(entries)
            notice = BlastNotice(
                account=AC, who="session CS1", objects=1, first_ms=now_ms, last_ms=now_ms, told_ms=now_ms
            )
            others = replace(notice, account=OTHER, who="staff member ST1")
            await BlastNotices(it.storage).tell([notice, others])
            own = f"/touched/session CS1/{now_ms}/{now_ms}"
            assert (await member.ask("GET", own)).status_code == 200
            for strange in (
                f"/touched/staff member ST1/{now_ms}/{now_ms}",
                f"/touched/session CS1/{now_ms}/{now_ms + 1}",
                f"/touched/session CS1/{now_ms}/{10**30}",
            ):
                assert (await member.ask("GET", strange)).status_code == 404
                assert (await member.ask("POST", f"{strange}/entries", {})).status_code == 404
            scopes = await entries_told(member, it, own)
            assert scopes == [["session:CS1", "SM1"]]
            opened = await member.ask(
                "POST", "/touched/named", {"names": [f"SM{1:032x}"], "credential": member.opened_by}
            )
            (record,) = opened.json()["records"]
            assert (record["kind"], list(opened.json()["epochs"])) == ("text", [str(record["epoch"])])
            asked = {"kind": "text", "epochs": [record["epoch"]], "credential": member.opened_by}
            assert (await member.ask("POST", "/touched/sealed", asked)).json()["records"] == [record]
            last = it.ledger.entries[-1]
            assert (last.verb, last.actor, last.scope[-1]) == ("open_epochs", member.opened_by, str(record["epoch"]))
            for wrong in ({**asked, "kind": "factor"}, {**asked, "epochs": []}, {**asked, "epochs": ["1"]}):
                assert (await member.ask("POST", "/touched/sealed", wrong)).status_code == 400

    run(scene())


async def entries_told(member: Member, it: Any, address: str) -> list[list[str]]:
    """What is told, once a checkpoint covers it."""
    while True:
        page = await member.ask("POST", f"{address}/entries", {})
        if page.status_code == 200 and page.json()["entries"]:
            found = [json.loads(base64.b64decode(each["body"])) for each in page.json()["entries"]]
            assert {each["account"] for each in found} == {AC}
            return [each["scope"] for each in found]
        it.clock.advance(1)
        await asyncio.sleep(0.05)
