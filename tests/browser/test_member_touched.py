"""Whom somebody touched, as a tenant's member learns it: the numbers of what the ledger says was opened, no others."""

import asyncio
import csv
import io
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import Browser, Page, expect
from tests.browser.key_origin import browser as browser
from tests.browser.key_origin import key_origin
from tests.browser.member_console import AC, SHOP, MemberConsole, member_console, with_authenticator
from tests.browser.test_member_console import enrolled, signed_in

from ringfence.console.blast_notices import BlastNotice, BlastNotices
from ringfence.console.tenant.ledger_routes import proven_json
from ringfence.domain.call import Content as Called
from ringfence.domain.call import Direction as CallDirection
from ringfence.domain.call import Status as CallStatus
from ringfence.domain.ledger.blast import Reach
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing.call import seal_call
from ringfence.domain.sealing.content import seal_content
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.verification import seal_verification
from ringfence.domain.sid import new_sid
from ringfence.domain.verification import Attempt, Secret
from ringfence.domain.verification import Status as VerificationStatus
from ringfence.drills.blast_exam import by_grants
from ringfence.drills.grant_room import Room
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.ledger.records import FolderRecords
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import Caller, SealingKey
from ringfence.ports.ledger import AccessEntry
from ringfence.ports.store import AccountRow, CredentialRow, MessageRow
from ringfence.ports.verifications import VerificationRow
from ringfence.store.sqlite import SqliteStore

pytestmark = pytest.mark.browser
SESSION, OTHER_SESSION = new_sid("CS"), new_sid("CS")


@pytest.fixture(scope="module")
def stand() -> Iterator[MemberConsole]:
    with member_console() as stand:
        yield stand


def opened(stand: MemberConsole, session: str, *names: str, at_ms: int | None = None) -> int:
    """Write that a session of staff took keys of these names by a grant; when."""
    now_ms = stand.clock.now_ms() if at_ms is None else at_ms
    scope = (f"session:{session}", "grant:GR1", *names)
    entry = AccessEntry(at_ms=now_ms, account=AC, actor="staff:ST1", verb="grant_open", scope=scope)
    stand.wait(stand.ledger.append([entry]))
    return now_ms


async def signed(stand: MemberConsole) -> None:
    """Return once all that the ledger has is under its checkpoint."""
    reader = LedgerReader(stand.folder, stand.ledger.keys)
    size = sum(1 for _ in reader.lines())
    async with asyncio.timeout(20):
        while (checkpoint := reader.checkpoint()) is None or checkpoint.size < size:
            await asyncio.sleep(0.05)


def told(stand: MemberConsole, who: str, first_ms: int, last_ms: int) -> None:
    notice = BlastNotice(account=AC, who=who, objects=4, first_ms=first_ms, last_ms=last_ms, told_ms=last_ms)
    assert stand.wait(BlastNotices(stand.storage).tell([notice])) == 1
    stand.wait(signed(stand))


def ms(iso: str) -> int:
    return round(datetime.fromisoformat(iso).timestamp() * 1_000)


def saved(page: Page, name: str) -> list[list[str]]:
    frame = page.frame_locator("#keys")
    with page.expect_download() as download:
        frame.get_by_role("button", name=name).click()
    data = download.value.path().read_text("utf-8")
    assert data.startswith("\ufeff")
    return list(csv.reader(io.StringIO(data.removeprefix("\ufeff"))))


def test_the_numbers_of_what_was_opened_and_no_others(browser: Browser, stand: MemberConsole) -> None:
    context = browser.new_context()
    context.set_default_timeout(15_000)
    page = context.new_page()
    with_authenticator(context, page)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    enrolled(page, stand)
    signed_in(page, stand)

    one, hour, not_touched, gone, lost = (stand.text(f"text {n}", to=f"+1202555010{n}") for n in range(5))
    formula = stand.text("text", to="=cmd|' /C calc'!A0")
    row = stand.wait(stand.texts.message(AC, hour))
    assert row is not None
    first_ms = opened(stand, SESSION, one, gone)
    opened(stand, OTHER_SESSION, not_touched)
    last_ms = opened(stand, SESSION, one, formula, lost)
    assert stand.wait(stand.texts.delete_message(AC, gone))
    # What another generation of keys sealed: nobody has those.
    stand.wait(stand.texts.rewrite(AC, lost, b"\x01" * 64, at_ms=1, redacted=False))
    told(stand, f"session {SESSION}", first_ms, last_ms)

    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Whom it touched").click()
    page.get_by_role("button", name="Find whom it touched").click()
    frame = page.frame_locator("#keys")
    expect(frame.get_by_role("status")).to_contain_text(f"Numbers touched by session {SESSION}: 2.")
    expect(frame.locator("li")).to_have_count(3)
    heads, *numbers = saved(page, "Save the numbers as CSV")
    assert heads == ["number", "first_touched_utc", "last_touched_utc", "objects", "kinds"]
    assert [[cells[0], *cells[3:]] for cells in numbers] == [
        ["+12025550100", "1", "text"],
        ["'=cmd|' /C calc'!A0", "1", "text"],
    ]
    assert [ms(numbers[0][1]), ms(numbers[0][2]), ms(numbers[1][1])] == [first_ms, last_ms, last_ms]
    _, *objects = saved(page, "Save each record as CSV")
    assert {cells[0]: (cells[7], cells[8]) for cells in objects} == {
        one: ("record", "opened"),
        formula: ("record", "opened"),
        lost: ("record", "not open"),
        gone: ("record", "deleted"),
    }

    # A key that opened the hour had all of it within reach, but for what was made after the last time.
    sealing = stand.wait(stand.keys.sealing_key(stand.caller, AC))
    opened_ms = stand.clock.now_ms()
    stand.wait(stand.keys.open_epochs(stand.caller, AC, [sealing.epoch]))
    later = replace(row, sid=new_sid("SM"), created_ms=opened_ms + 120_000, updated_ms=opened_ms)
    elsewhere = replace(row, sid=new_sid("SM"), epoch=row.epoch - 256)
    for each in (later, elsewhere):
        stand.wait(stand.texts.accept(each))
    verified, called = stand.wait(others(stand, sealing))
    told(stand, f"key {AC}", opened_ms, stand.clock.now_ms())
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Whom it touched").first.click()
    page.get_by_role("button", name="Find whom it touched").click()
    expect(frame.get_by_role("status")).to_contain_text(f"Numbers touched by key {AC}: 6.")
    _, *objects = saved(page, "Save each record as CSV")
    states = {cells[0]: (cells[1], cells[3], cells[8]) for cells in objects}
    assert states.pop(later.sid)[2] == "made later"
    assert states[verified] == ("verification", "+12025550160", "opened")
    assert states[called] == ("call", "+12025550161", "opened")
    assert states[lost][2] == "not open"
    assert set(states) == {one, hour, not_touched, formula, lost, verified, called}
    _, *numbers = saved(page, "Save the numbers as CSV")
    assert len(numbers) == 6
    assert complaints == []
    context.close()


async def others(stand: MemberConsole, sealing: SealingKey) -> tuple[str, str]:
    """A verification and a call of the hour."""
    sealer, now_ms = RecordSealer(sealing.epoch_key, AC), stand.clock.now_ms()
    verified, called, attempt = new_sid("VE"), new_sid("CA"), new_sid("VL")
    await stand.texts.begin_verification(
        VerificationRow(
            account=AC,
            sid=verified,
            service="VA1",
            to_index=b"1",
            channel="sms",
            status=VerificationStatus.PENDING,
            region="US",
            epoch=sealing.epoch,
            content=seal_verification(sealer, verified, Secret(to="+12025550160")),
            attempts=(Attempt(sid=attempt, channel="sms", at_ms=now_ms),),
            created_ms=now_ms,
            updated_ms=now_ms,
            expires_ms=now_ms + 600_000,
        )
    )
    await stand.texts.create_call(
        CallRow(
            account=AC,
            sid=called,
            direction=CallDirection.INBOUND,
            status=CallStatus.COMPLETED,
            local=SHOP,
            remote_index=b"",
            remote_region="US",
            epoch=sealing.epoch,
            content=seal_call(sealer, called, Called(to=SHOP, sender="+12025550161")),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
    )
    return verified, called


FOUND = """async (brought) => {
  const { provenEntries } = await import("/bundle/ledger_proof.js");
  const { Reach } = await import("/bundle/reach.js");
  const told = {};
  for (const { account, name, first_ms, last_ms, ledger, records } of brought) {
    const reach = new Reach({ by: "session", name, first_ms, last_ms });
    const { rows } = await provenEntries(account, ledger);
    for (const row of [...rows, ...rows]) reach.add(row);
    const touched = records.map((record) => [record.sid, reach.of(record)]).filter(([, found]) => found?.times.length);
    told[account] = {
      entries: reach.entries,
      objects: [...reach.records.keys(), ...[...reach.hours.keys()].map((hour) => `epoch:${hour}`)].sort(),
      touched: Object.fromEntries(touched.map(([sid, { times }]) => [sid, [times[0], times.at(-1)]])),
    };
  }
  return told;
}"""


def test_it_is_what_the_drills_own_list_says(browser: Browser, run: Any, tmp_path: Path) -> None:
    """D15: a stolen session reads by random grants, others read too; the drill keeps its own list."""

    async def scene() -> tuple[Room, dict[str, Reach], list[dict[str, Any]]]:
        ledger = LedgerWriter(tmp_path)
        room = Room(tmp_path, ledger)
        await ledger.open(room.clock.now_ms())
        await room.open()
        await room.seed(12, 6)
        stolen, truth = await by_grants(room, 10)
        await room.close()
        await ledger.close()

        async def allow(caller: Caller, account: str) -> None:
            return

        records = FolderRecords(tmp_path, allow, ledger.keys)
        brought = []
        for tenant in room.tenants:
            found = await records.entries_by(tenant.account, "session", stolen, -1, 1_000)
            reach = truth.get(tenant.account)
            asked = {
                "account": tenant.account,
                "name": stolen,
                "first_ms": 0 if reach is None else reach.first_ms,
                "last_ms": room.clock.now_ms() if reach is None else reach.last_ms,
                "ledger": await proven_json(records, found, 0),
                "records": [{"sid": text.sid, "epoch": text.epoch, "created_ms": 0} for text in tenant.texts],
            }
            brought.append(asked)
        return room, truth, brought

    # Chromium's driver has a loop in this thread.
    with ThreadPoolExecutor(1) as elsewhere:
        room, truth, brought = elsewhere.submit(run, scene()).result()
    with key_origin("http://console.localhost") as origin:
        page = browser.new_page()
        page.goto(f"{origin}/installation.json")
        told = page.evaluate(FOUND, brought)
        page.close()
    assert len(truth) == 10
    for tenant in room.tenants:
        found, reach = told[tenant.account], truth.get(tenant.account)
        names = set() if reach is None else {name.removeprefix("grant_open:") for name in reach.objects}
        assert found["entries"] == (0 if reach is None else reach.openings)
        assert set(found["objects"]) == names
        expected = {text.sid for text in tenant.texts if text.sid in names or f"epoch:{text.epoch}" in names}
        assert set(found["touched"]) == expected
        if reach is not None:
            times = list(found["touched"].values())
            assert min(first for first, _ in times) == reach.first_ms
            assert max(last for _, last in times) == reach.last_ms


class OpenedStore(SqliteStore):
    """A store on disk that is open once there is an account."""

    async def create_account(self, row: AccountRow, credential: CredentialRow) -> None:
        await self.open()
        await super().create_account(row, credential)


async def texts_of_an_hour(stand: MemberConsole, count: int) -> tuple[int, int]:
    """So many, each to a number of its own; from when to when their hour was opened."""
    sealing = await stand.keys.sealing_key(stand.caller, AC)
    sealer, now_ms = RecordSealer(sealing.epoch_key, AC), stand.clock.now_ms()
    for first in range(0, count, 2_000):
        rows = []
        for n in range(first, min(count, first + 2_000)):
            sid = f"SM{n:032x}"
            rows.append(
                MessageRow(
                    account=AC,
                    sid=sid,
                    direction=Direction.OUTBOUND_API,
                    status=Status.DELIVERED,
                    local=SHOP,
                    remote_index=b"",
                    remote_region="US",
                    epoch=sealing.epoch,
                    content=seal_content(sealer, sid, Content(remote=f"+1202{n:07d}", body="x" * 60)),
                    num_segments=1,
                    created_ms=now_ms,
                    updated_ms=now_ms,
                )
            )
        await asyncio.gather(*map(stand.texts.accept, rows))
    opened_ms = stand.clock.now_ms()
    await stand.keys.open_epochs(stand.caller, AC, [sealing.epoch])
    return opened_ms, stand.clock.now_ms()


@pytest.mark.long
def test_however_many_records_it_holds_a_line_of_each(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as RINGFENCE_TOUCHED says, 20,000 otherwise; how long it took and its memory are printed."""
    count = int(os.environ.get("RINGFENCE_TOUCHED", "20000"))
    monkeypatch.setattr("tests.browser.member_console.MemoryStore", lambda: OpenedStore(tmp_path / "ringfence.db"))
    with member_console() as stand:
        context = browser.new_context()
        page = context.new_page()
        with_authenticator(context, page)
        enrolled(page, stand)
        signed_in(page, stand)
        filled = asyncio.run_coroutine_threadsafe(texts_of_an_hour(stand, count), stand._loop).result(600)
        told(stand, f"key {AC}", *filled)
        page.get_by_role("link", name="Overview").click()
        page.get_by_role("link", name="Whom it touched").click()
        begun_s = time.monotonic()
        page.get_by_role("button", name="Find whom it touched").click()
        status = page.frame_locator("#keys").get_by_role("status")
        expect(status).to_contain_text("Numbers touched by", timeout=10_000 + 20 * count)
        taken_s = time.monotonic() - begun_s
        frame = next(frame for frame in page.frames if frame.url.startswith(stand.key_origin))
        heap_mb = frame.evaluate("performance.memory.usedJSHeapSize") / 1e6
        print(f"{count:,} records in {taken_s:.0f} s, {heap_mb:.0f} MB of script memory at the end")
        assert len(saved(page, "Save the numbers as CSV")) == count + 1
        assert len(saved(page, "Save each record as CSV")) == count + 1
        assert heap_mb < 50 + count / 500
        context.close()
