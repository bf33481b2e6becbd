"""A declared duty: told to every tenant before it holds, opened by two officers alone, and gone when its days are."""

import asyncio
import contextlib
import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.retention.declaration import Declaration, declare
from ringfence.domain.retention.facts import FIELDS, Facts
from ringfence.domain.retention.officer import OfficerKey
from ringfence.domain.retention.opening import Request, answer, joined
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.duty_box import lift_lid, open_box
from ringfence.domain.sealing.hpke import Recipient
from ringfence.domain.sealing.retained import START, open_retained, record_key
from ringfence.kms.key_files import KeyFileError, KeyFiles
from ringfence.kms.service import KeyService
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.retention import Duty, RetainedRow
from ringfence.usecases.retention.retain import retained_row

from .conftest import DAY_MS, HOUR_MS, NOON_MS, Credential, MemoryLedger, Opener

ACCOUNT, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
SID = "SM" + "1" * 32
TODAY = datetime.date(2023, 12, 9)
FACTS = Facts(kind="text", direction="outbound", local="+15550100", remote="+15550199", accepted_at=1_702_123_200)
ANN, BOB, EVE = (OfficerKey(name, bytes([n]) * 32) for n, name in enumerate(("ann", "bob", "eve"), start=1))
OFFICERS = (ANN, BOB, EVE)
BASIS = "Telecommunications Act, section 113b"
SESSION = Recipient(bytes([9]) * 32)


def declared(fields: Sequence[str] = FIELDS, days: int = 30) -> Declaration:
    return declare(fields, days, BASIS, [key.officer for key in OFFICERS])


async def asked(service: KeyService, clock: ManualClock, duty: int = 1, **changed: object) -> Request:
    return asked_of(await service.declaration(duty), clock, duty=duty, **changed)


def asked_of(declaration: Declaration, clock: ManualClock, **changed: object) -> Request:
    request = Request(
        duty=1,
        account=ACCOUNT,
        first_day=TODAY,
        last_day=TODAY,
        reference="Order 7 of the district court",
        shown=declaration.shown,
        session=SESSION.public,
        asked_ms=clock.now_ms(),
    )
    return msgspec.structs.replace(request, **changed)


def signed(request: Request, *keys: OfficerKey) -> list[tuple[str, bytes]]:
    return [(key.officer.name, key.sign(request.signed)) for key in keys]


async def two_accounts(service: KeyService) -> None:
    for account in (ACCOUNT, OTHER):
        await service.create_account(account, [Credential(account, account).slot])


async def sent(service: KeyService, sid: str = SID, facts: Facts = FACTS) -> RetainedRow | None:
    """What is kept of a record that the dispatcher seals."""
    key = await service.seal_record(ACCOUNT, sid, facts.remote or "")
    return retained_row(key.retention, ACCOUNT, sid, facts)


def opened(row: RetainedRow, duty_key: Recipient, boxes: Sequence[tuple[int, bytes]]) -> Facts:
    """What two officers read, by what the key service gave them."""
    for inner in (inner for epoch, inner in boxes if epoch == row.epoch):
        key = open_box(duty_key, row.account, row.duty, row.epoch, inner)
        with contextlib.suppress(UnsealError):
            return open_retained(record_key(key, row.sid, row.part), row.account, row.sid, row.part, row.sealed)
    raise UnsealError


def test_two_officers_open_what_was_kept_and_the_tenants_ledger_has_it_first(
    service_at: Opener, at_noon: ManualClock, ledger: MemoryLedger
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            declaration = declared()
            assert await service.declare_duty(declaration) == 1
            row = await sent(service)
            assert row is not None
            request = await asked(service, at_noon)
            boxes = await service.open_duty(request, signed(request, ANN, EVE), after=0)
            last = ledger.entries[-1]
            assert (last.account, last.actor, last.verb) == (ACCOUNT, "operator", "open_duty")
            assert last.scope == (
                "duty:1",
                "officer:ann",
                "officer:eve",
                "days:2023-12-09..2023-12-09",
                "reference:Order 7 of the district court",
            )
            answers = (answer(request, declaration, ANN), answer(request, declaration, EVE))
            duty_key = joined(request, declaration, answers, SESSION)
            assert opened(row, duty_key, boxes) == FACTS

    asyncio.run(scene())


def test_undeclared_keeps_nothing(service_at: Opener) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            assert await sent(service) is None
            assert await service.retention_of(ACCOUNT, SID) is None
            assert await service.duties() == []
            with pytest.raises(KeyRefusedError, match="no duty stands"):
                await service.end_duty(erase=False)

    asyncio.run(scene())


def test_every_account_is_told_before_anything_is_kept_and_a_later_one_too(
    service_at: Opener, ledger: MemoryLedger
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            ledger.full = True
            with pytest.raises(ConnectionError):
                await service.declare_duty(declared(["remote"], days=7))
            ledger.full = False
            assert await sent(service) is None
            assert await service.duties() == []
            with pytest.raises(KeyRefusedError, match="still being told"):
                await service.declare_duty(declared())
            await service.tidy()
            told = [entry for entry in ledger.entries if entry.verb == "duty.declare"]
            assert [entry.account for entry in told] == ["", ACCOUNT, OTHER]
            assert told[1].scope == (
                "duty:1",
                "fields:remote",
                "days:7",
                "officers:ann,bob,eve",
                f"basis:{BASIS}",
            )
            row = await sent(service)
            assert row is not None
            later = "AC" + "c" * 32
            await service.create_account(later, [Credential(later, later).slot])
            assert [entry.account for entry in ledger.entries if entry.verb == "duty.declare"][3:] == [later]

    asyncio.run(scene())


def test_a_duty_holds_after_a_restart_and_for_the_api_too(service_at: Opener, at_noon: ManualClock) -> None:
    async def scene() -> None:
        async with service_at() as service:
            owner = Credential(ACCOUNT, ACCOUNT)
            await service.create_account(ACCOUNT, [owner.slot])
            declaration = declared()
            await service.declare_duty(declaration)
            before = await sent(service)
        async with service_at() as service:
            sealing = await service.sealing_key(owner.caller, ACCOUNT)
            assert sealing.retention is not None
            after = retained_row(sealing.retention.of("SM2"), ACCOUNT, "SM2", FACTS)
            request = await asked(service, at_noon)
            boxes = await service.open_duty(request, signed(request, BOB, ANN), after=0)
            duty_key = joined(
                request, declaration, (answer(request, declaration, BOB), answer(request, declaration, ANN)), SESSION
            )
            for row in (before, after):
                assert row is not None
                assert opened(row, duty_key, boxes) == FACTS

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("keys", "cause"),
    [
        ((ANN,), "two officers open"),
        ((ANN, ANN), "two officers open"),
        ((ANN, BOB, EVE), "two officers open"),
        ((ANN, OfficerKey("mallory", bytes([7]) * 32)), "mallory is no officer"),
        ((ANN, OfficerKey("bob", bytes([7]) * 32)), "bob did not agree"),
    ],
)
def test_fewer_than_two_officers_or_others_are_refused_and_written_down(
    service_at: Opener, at_noon: ManualClock, ledger: MemoryLedger, keys: tuple[OfficerKey, ...], cause: str
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            await sent(service)
            request = await asked(service, at_noon)
            with pytest.raises(ValueError, match=cause):
                await service.open_duty(request, signed(request, *keys), after=0)
            (refused,) = ledger.later[-1:]
            assert (refused.account, refused.actor) == (ACCOUNT, "operator")
            assert (refused.verb, refused.scope) == ("refused.open_duty", ("duty:1",))
            assert not [each for each in ledger.entries if each.verb == "open_duty"]

    asyncio.run(scene())


@pytest.mark.parametrize(
    "changed",
    [{"account": OTHER}, {"last_day": datetime.date(2023, 12, 10)}, {"session": bytes(32)}, {"reference": "Order 8"}],
)
def test_what_officers_agreed_to_opens_nothing_else(
    service_at: Opener, at_noon: ManualClock, changed: dict[str, object]
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            signatures = signed(await asked(service, at_noon), ANN, BOB)
            with pytest.raises(ValueError, match="ann did not agree to this request"):
                await service.open_duty(await asked(service, at_noon, **changed), signatures, after=0)

    asyncio.run(scene())


def test_a_request_is_good_for_three_days(service_at: Opener, at_noon: ManualClock) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            request = await asked(service, at_noon)
            at_noon.advance(72 * HOUR_MS)
            with pytest.raises(ValueError, match="72 hours"):
                await service.open_duty(request, signed(request, ANN, BOB), after=0)

    asyncio.run(scene())


def test_a_full_ledger_opens_nothing(service_at: Opener, at_noon: ManualClock, ledger: MemoryLedger) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            await sent(service)
            ledger.full = True
            request = await asked(service, at_noon)
            with pytest.raises(ConnectionError):
                await service.open_duty(request, signed(request, ANN, BOB), after=0)

    asyncio.run(scene())


def test_boxes_go_when_their_days_are_over_and_the_key_of_an_ended_duty_with_the_last(
    service_at: Opener, at_noon: ManualClock, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared(days=2))
            row = await sent(service)
            assert row is not None
            assert (await service.end_duty(erase=False)).ended_ms == at_noon.now_ms()
            assert await sent(service) is None
            at_noon.advance(row.until_ms - 1 - at_noon.now_ms())
            await service.tidy()
            request = await asked(service, at_noon)
            assert [epoch for epoch, _ in await service.open_duty(request, signed(request, ANN, BOB), 0)] == [row.epoch]
            at_noon.advance(1)
            await service.tidy()
            with pytest.raises(KeyRefusedError, match="erased"):
                await service.open_duty(request, signed(request, ANN, BOB), 0)
            assert "duty-1" not in KeyFiles(kms_dir / "keys").names()
            assert [duty.erased for duty in await service.duties()] == [True]
        async with service_at():
            pass

    asyncio.run(scene())


def test_what_is_erased_opens_for_nobody_and_every_account_is_told(
    service_at: Opener, at_noon: ManualClock, ledger: MemoryLedger, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            for _ in range(2):
                await service.declare_duty(declared())
                await sent(service)
            outer = {number: KeyFiles(kms_dir / "keys").load(f"duty-{number}") for number in (1, 2)}
            assert len(outer) == 2
            ended = await service.end_duty(erase=True)
            assert (ended.number, ended.erased) == (2, True)
            assert [each.account for each in ledger.entries if each.verb == "duty.erase"] == ["", ACCOUNT, OTHER]
            for number in (1, 2):
                request = await asked(service, at_noon, duty=number)
                with pytest.raises(KeyRefusedError, match="erased"):
                    await service.open_duty(request, signed(request, ANN, BOB), 0)
            assert not [name for name in KeyFiles(kms_dir / "keys").names() if name.startswith("duty")]
            assert await sent(service) is None
            with pytest.raises(KeyRefusedError, match="no duty stands"):
                await service.end_duty(erase=True)

    asyncio.run(scene())


def test_what_former_duties_kept_is_erased_where_none_stands(
    service_at: Opener, at_noon: ManualClock, ledger: MemoryLedger
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            for _ in range(2):
                await service.declare_duty(declared())
                await sent(service)
            at_noon.advance(1_000)
            assert not (await service.end_duty(erase=False)).erased
            assert ledger.entries[-1].verb == "duty.end"
            with pytest.raises(KeyRefusedError, match=r"^no duty stands$"):
                await service.end_duty(erase=False)
            erased = await service.end_duty(erase=True)
            assert (erased.number, erased.declared_ms, erased.ended_ms) == (2, NOON_MS, NOON_MS + 1_000)
            assert ledger.entries[-1].scope[:2] == (
                "duty:2",
                "fields:kind,direction,local,remote,accepted_at,duration_s",
            )
            assert [duty.erased for duty in await service.duties()] == [True, True]

    asyncio.run(scene())


def test_accounts_are_told_some_at_a_time_each_once(
    service_at: Opener, ledger: MemoryLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringfence.kms.verbs.duty.TOLD_AT_ONCE", 2)
    accounts = [f"AC{n:032x}" for n in range(5)]

    async def scene() -> None:
        async with service_at() as service:
            for account in accounts:
                await service.create_account(account, [Credential(account, account).slot])
            declaration = declared()
            number = await service.declare_duty(declaration)
            assert await service.declaration(number) == declaration
            told = [entry for entry in ledger.entries if entry.verb == "duty.declare"]
            assert [entry.account for entry in told] == ["", *accounts]
            assert {(entry.actor, entry.scope) for entry in told} == {("operator", told[0].scope)}

    asyncio.run(scene())


def test_what_is_erased_is_off_the_disk(service_at: Opener, at_noon: ManualClock, kms_dir: Path) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            for ends in ("by its days", "by an act"):
                await service.declare_duty(declared(days=1))
                row = await sent(service)
                assert row is not None
                ((box,),) = service._store.rows("SELECT sealed FROM duty_box")
                if ends == "by an act":
                    await service.end_duty(erase=True)
                else:
                    at_noon.advance(row.until_ms - at_noon.now_ms())
                await service.tidy()
                assert not [path for path in kms_dir.glob("kms.db*") if box in path.read_bytes()], ends

    asyncio.run(scene())


def test_no_other_is_declared_or_ended_before_all_are_told_of_an_end(service_at: Opener, ledger: MemoryLedger) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            ledger.full = True
            with pytest.raises(ConnectionError):
                await service.end_duty(erase=False)
            assert await sent(service) is None
            for again in (service.end_duty(erase=True), service.declare_duty(declared())):
                with pytest.raises(KeyRefusedError, match=r"^what was declared or ended before is still being told"):
                    await again
            ledger.full = False
            await service.tidy()
            assert [entry.account for entry in ledger.entries if entry.verb == "duty.end"] == ["", ACCOUNT, OTHER]

    asyncio.run(scene())


def test_a_duty_or_box_that_is_not_as_it_was_is_refused(service_at: Opener, at_noon: ManualClock) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            with pytest.raises(KeyRefusedError, match=r"^no such duty$"):
                await service.declaration(1)
            await service.declare_duty(declared())
            await sent(service)
            await service._store.write(lambda db: db.execute("UPDATE duty_box SET sealed = zeroblob(120)").rowcount)
            request = await asked(service, at_noon)
            with pytest.raises(KeyRefusedError, match=r"^a box does not open under the key of its duty$"):
                await service.open_duty(request, signed(request, ANN, BOB), 0)

    asyncio.run(scene())


def test_the_box_of_an_hour_is_kept_once(service_at: Opener) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            writes = 0
            real = service._store.write

            async def counted(*args: Any, **named: Any) -> Any:
                nonlocal writes
                writes += 1
                return await real(*args, **named)

            await sent(service)
            service._store.write = counted  # type: ignore[method-assign]
            for number in range(5):
                assert await sent(service, f"SM{number}") is not None
            assert writes == 0

    asyncio.run(scene())


def test_a_new_declaration_takes_the_place_of_the_one_before(service_at: Opener) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared(["remote", "kind"]))
            first = await sent(service)
            await service.declare_duty(declared(["local"], days=3))
            second = await sent(service)
            assert first is not None
            assert second is not None
            assert (first.duty, second.duty) == (1, 2)
            seen: list[Duty] = await service.duties()
            assert [(duty.number, duty.fields, duty.ended_ms is None) for duty in seen] == [
                (2, ("local",), True),
                (1, ("kind", "remote"), False),
            ]

    asyncio.run(scene())


def test_a_thief_of_disk_and_all_keys_at_rest_opens_nothing_nor_with_one_officer(
    service_at: Opener, kms_dir: Path
) -> None:
    async def scene() -> None:
        declaration = declared()
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declaration)
            row = await sent(service)
            assert row is not None
            stored = service._store.rows("SELECT epoch, sealed FROM duty_box")
        files = KeyFiles(kms_dir / "keys")
        at_rest = [files.load(name) for name in files.names()]
        ((epoch, box),) = stored
        inner = lift_lid(files.load("duty-1"), ACCOUNT, 1, epoch, box)
        private = [*at_rest, bytes([1]) * 32]
        for key in (*map(Recipient, private), ANN.recipient):
            with pytest.raises(UnsealError):
                open_box(key, ACCOUNT, 1, epoch, inner)
        for key in at_rest:
            with pytest.raises(UnsealError):
                open_retained(record_key(key, SID, START), ACCOUNT, SID, START, row.sealed)

    asyncio.run(scene())


def test_two_officers_with_the_disk_alone_open_nothing_without_the_key_service(
    service_at: Opener, at_noon: ManualClock
) -> None:
    async def scene() -> None:
        declaration = declared()
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declaration)
            await sent(service)
            ((epoch, box),) = service._store.rows("SELECT epoch, sealed FROM duty_box")
        request = asked_of(declaration, at_noon)
        duty_key = joined(
            request, declaration, (answer(request, declaration, ANN), answer(request, declaration, BOB)), SESSION
        )
        with pytest.raises(UnsealError):
            open_box(duty_key, ACCOUNT, 1, epoch, box)

    asyncio.run(scene())


def test_a_missing_key_of_a_duty_is_said_at_the_start(service_at: Opener, kms_dir: Path) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
        KeyFiles(kms_dir / "keys").destroy("duty-1")
        with pytest.raises(KeyFileError, match=r"duty-1\.key is missing"):
            async with service_at():
                pass

    asyncio.run(scene())


def test_a_key_file_without_its_row_stays_and_is_the_next_dutys(service_at: Opener, kms_dir: Path) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
        files = KeyFiles(kms_dir / "keys")
        # A crash came between the two. Or the database is an older one, and the right one is still to be put back.
        key = files.create("duty-1")
        async with service_at() as service:
            assert await service.declare_duty(declared()) == 1
            assert files.load("duty-1") == key
            await service.end_duty(erase=True)
        # A crash came between the row that says so and the file.
        files.create("duty-1")
        async with service_at():
            assert "duty-1" not in files.names()

    asyncio.run(scene())


def test_boxes_of_many_hours_are_given_some_at_a_time(
    service_at: Opener, at_noon: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringfence.kms.duties.BOXES_AT_ONCE", 2)

    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared())
            rows = []
            for hour in range(5):
                rows.append(await sent(service, f"SM{hour}"))
                at_noon.advance(HOUR_MS)
            request = await asked(service, at_noon)
            found: list[int] = []
            while boxes := await service.open_duty(request, signed(request, ANN, BOB), found[-1] if found else 0):
                assert len(boxes) <= 2
                found.extend(epoch for epoch, _ in boxes)
            assert found == [row.epoch for row in rows if row is not None]
            day = TODAY + datetime.timedelta(1)
            tomorrow = await asked(service, at_noon, first_day=day, last_day=day)
            assert await service.open_duty(tomorrow, signed(tomorrow, ANN, BOB), 0) == []

    asyncio.run(scene())


def test_it_lasts_to_the_end_of_the_day_and_so_many_days(service_at: Opener, at_noon: ManualClock) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await two_accounts(service)
            await service.declare_duty(declared(days=1))
            row = await sent(service)
            assert row is not None
            assert row.until_ms == (at_noon.now_ms() // DAY_MS + 2) * DAY_MS

    asyncio.run(scene())
