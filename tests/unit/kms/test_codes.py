"""Codes in the key service: at most five checks, one approval, and nothing left when their time is over."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.domain.sealing.aead import place, unseal
from ringfence.domain.sealing.hkdf import expand
from ringfence.domain.verification_code import CHECKS_MAX, LIFE_MS
from ringfence.kms.key_files import VERIFICATION, KeyFiles, day_file
from ringfence.kms.memory import memory_key_service
from ringfence.ports.verification_codes import CodeOf, CodeState, Verdict

DAY_MS = 86_400_000


@pytest.fixture
def code(account: str) -> CodeOf:
    return CodeOf(account=account, sid="VE" + "1" * 32, service="VA" + "2" * 32, to="+12025550123")


async def opened(service: Any, clock: Any, code: CodeOf, **how: Any) -> str:
    await service.open_code(code, how.pop("length", 6), clock.now_ms() + LIFE_MS, **how)
    (value,) = await service.reveal_codes([code])
    assert value is not None
    return str(value)


def wrong(value: str) -> str:
    return f"{(int(value) + 1) % 10 ** len(value):0{len(value)}d}"


def test_the_code_is_right_once(run: Any, service_at: Any, at_noon: Any, code: CodeOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
            assert len(value) == 6
            assert await service.check_code(code, wrong(value)) is Verdict.WRONG
            assert await service.check_code(code, value) is Verdict.APPROVED
            assert await service.check_code(code, value) is Verdict.GONE
            assert await service.reveal_codes([code]) == [None]

    run(scene())


def test_that_it_was_right_is_known_as_long_as_it_would_have_lived_and_no_longer(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            assert await service.code_state(code.account, code.sid) is CodeState.GONE
            value = await opened(service, at_noon, code, custom="482915")
            assert await service.code_state(code.account, code.sid) is CodeState.OPEN
            await service.check_code(code, value)
        async with service_at() as service:
            assert await service.code_state(code.account, code.sid) is CodeState.USED
            assert service._store.row("SELECT custom FROM verification_code") == (None,)
            await service.open_code(code, 6, at_noon.now_ms() + LIFE_MS)
            assert await service.check_code(code, value) is Verdict.GONE
            at_noon.advance(LIFE_MS)
            assert await service.code_state(code.account, code.sid) is CodeState.GONE
            await service.tidy()
            assert service._store.row("SELECT count(*) FROM verification_code") == (0,)

    run(scene())


def test_a_restart_keeps_code_and_count(run: Any, service_at: Any, at_noon: Any, code: CodeOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
            for _ in range(4):
                await service.check_code(code, wrong(value))
        async with service_at() as service:
            assert await service.reveal_codes([code]) == [value]
            assert await service.check_code(code, wrong(value)) is Verdict.WRONG
            assert await service.check_code(code, value) is Verdict.SPENT
        async with service_at() as service:
            assert await service.check_code(code, value) is Verdict.SPENT

    run(scene())


def test_to_open_it_again_counts_nothing_anew(run: Any, service_at: Any, at_noon: Any, code: CodeOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
            for _ in range(5):
                await service.check_code(code, wrong(value))
            assert await opened(service, at_noon, code) == value
            assert await service.check_code(code, value) is Verdict.SPENT

    run(scene())


def test_of_a_thousand_checks_at_once_five_count(run: Any, service_at: Any, at_noon: Any, code: CodeOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
            guesses = [f"{n:06d}" for n in range(1_001) if f"{n:06d}" != value][:1_000]
            ends = Counter(await asyncio.gather(*(service.check_code(code, guess) for guess in guesses)))
            assert ends == {Verdict.WRONG: 5, Verdict.SPENT: 995}

    run(scene())


def test_of_a_thousand_right_checks_at_once_one_is_approved(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
            ends = Counter(await asyncio.gather(*(service.check_code(code, value) for _ in range(1_000))))
            assert ends == {Verdict.APPROVED: 1, Verdict.GONE: 999}

    run(scene())


@pytest.mark.parametrize("field", ["account", "sid", "service", "to"])
def test_a_code_fits_nowhere_else(run: Any, service_at: Any, at_noon: Any, code: CodeOf, field: str) -> None:
    other = replace(code, **{field: "+12025550199" if field == "to" else getattr(code, field)[:-1] + "9"})

    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
            known = field in ("service", "to")  # the same verification, asked for otherwise
            assert await service.check_code(other, value) is (Verdict.WRONG if known else Verdict.GONE)

    run(scene())


@pytest.mark.parametrize("length", [4, 6, 10])
def test_a_code_has_the_length_it_was_opened_with(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf, length: int
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            assert len(await opened(service, at_noon, code, length=length)) == length

    run(scene())


def test_after_ten_minutes_it_is_gone(run: Any, service_at: Any, at_noon: Any, code: CodeOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
            at_noon.advance(LIFE_MS - 1)
            assert await service.reveal_codes([code]) == [value]
            at_noon.advance(1)
            assert await service.reveal_codes([code]) == [None]
            assert await service.check_code(code, value) is Verdict.GONE
            await service.tidy()
            assert service._store.row("SELECT 1 FROM verification_code") is None

    run(scene())


def test_a_life_of_more_than_ten_minutes_is_a_mistake(run: Any, service_at: Any, at_noon: Any, code: CodeOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            with pytest.raises(ValueError, match=r"^a code lives ten minutes at most$"):
                await service.open_code(code, 6, at_noon.now_ms() + LIFE_MS + 1)

    run(scene())


def test_a_closed_code_is_gone(run: Any, service_at: Any, at_noon: Any, code: CodeOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
            await service.close_code(code.account, code.sid)
            await service.close_code(code.account, code.sid)
            assert await service.check_code(code, value) is Verdict.GONE

    run(scene())


def test_midnight_changes_no_code_that_is_on_its_way(run: Any, service_at: Any, at_noon: Any, code: CodeOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            at_noon.advance(DAY_MS // 2 - 60_000)
            value = await opened(service, at_noon, code)
            at_noon.advance(120_000)
            await service.tidy()
            assert await service.reveal_codes([code]) == [value]
            younger = replace(code, sid="VE" + "3" * 32)
            await opened(service, at_noon, younger)
            assert await service.check_code(code, value) is Verdict.APPROVED

    run(scene())


def test_a_days_key_is_destroyed_when_its_last_code_has_expired(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf, kms_dir: Path
) -> None:
    def keys() -> list[str]:
        return sorted(path.name for path in (kms_dir / "keys").glob("verification-*"))

    async def scene() -> None:
        async with service_at() as service:
            await opened(service, at_noon, code)
            today = at_noon.now_ms() // DAY_MS
            at_noon.advance(DAY_MS // 2 + LIFE_MS - 1)
            await service.tidy()
            assert keys() == [f"verification-{today}.key"]
        async with service_at() as service:
            at_noon.advance(1)
            await service.tidy()
            assert keys() == []

    run(scene())


def test_a_code_whose_days_key_was_lost_is_nobodys(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
        (kms_dir / "keys" / f"{day_file(at_noon.now_ms() // DAY_MS, VERIFICATION)}.key").unlink()
        async with service_at() as service:
            assert await service.reveal_codes([code]) == [None]
            assert await service.check_code(code, value) is Verdict.WRONG

    run(scene())


def test_a_custom_code_is_checked_like_any_other_and_then_erased(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf, kms_dir: Path
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            assert await opened(service, at_noon, code, custom="7351924680") == "7351924680"
            assert await service.check_code(code, "7351924681") is Verdict.WRONG
            assert await service.check_code(code, "7351924680") is Verdict.APPROVED
            assert await service.check_code(code, "7351924680") is Verdict.GONE
            assert all(b"7351924680" not in path.read_bytes() for path in kms_dir.rglob("*") if path.is_file())

    run(scene())


def test_a_custom_code_is_kept_sealed_for_its_verification_alone_under_a_key_for_nothing_else(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf, kms_dir: Path
) -> None:
    """The sealed form outlives an update of the program: what is pending when it starts anew must still be right."""

    async def scene() -> None:
        async with service_at() as service:
            await opened(service, at_noon, code, custom="735192")
            (sealed,) = service._store.row("SELECT custom FROM verification_code")
            today = at_noon.now_ms() // DAY_MS
            key = KeyFiles(kms_dir / "keys").load(day_file(today, VERIFICATION))
            where = place(code.account, code.service, code.sid, code.to, "code")
            assert unseal(expand(key, b"ringfence/custom-code/v1"), sealed, where) == b"735192"

    run(scene())


@pytest.mark.parametrize("end", ["right", "closed", "expired"])
def test_an_ended_custom_code_is_not_left_in_the_log_of_the_database_either(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf, kms_dir: Path, end: str
) -> None:
    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(kms_dir.glob("kms.db*")))

    async def scene() -> None:
        async with service_at() as service:
            await service._store.scrub()
            await opened(service, at_noon, code, custom="735192")
            (sealed,) = service._store.row("SELECT custom FROM verification_code")
            assert sealed in on_disk()
            assert await service.check_code(code, "000000") is Verdict.WRONG
            assert await service._store.scrub()
            if end == "right":
                await service.check_code(code, "735192")
            elif end == "closed":
                await service.close_code(code.account, code.sid)
            else:
                at_noon.advance(LIFE_MS)
                await service._codes.tidy()
            await service._store.scrub()
            assert sealed not in on_disk()

    run(scene())


def test_custom_codes_of_another_number_do_not_open(run: Any, service_at: Any, at_noon: Any, code: CodeOf) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await opened(service, at_noon, code, custom="735192")
            assert await service.reveal_codes([replace(code, to="+12025550199")]) == [None]
            assert await service.check_code(replace(code, to="+12025550199"), "735192") is Verdict.WRONG

    run(scene())


def test_who_carries_a_code_is_in_the_access_log(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf, ledger: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await opened(service, at_noon, code)
            await service.reveal_codes([replace(code, sid="VE" + "9" * 32)])
            told = [(entry.actor, entry.verb, entry.scope) for entry in ledger.later]
            assert told == [("dispatcher", "reveal_code", (code.sid,))]

    run(scene())


def test_nothing_shows_a_number(code: CodeOf) -> None:
    assert "+1202" not in repr(code)


def test_a_check_of_nothing_is_written_as_any_other(
    run: Any, service_at: Any, at_noon: Any, code: CodeOf, kms_dir: Path
) -> None:
    """What writes nothing syncs nothing, and is answered sooner: that would tell that there is no code."""

    def written() -> bytes:
        return (kms_dir / "kms.db-wal").read_bytes()

    async def scene() -> None:
        async with service_at() as service:
            value = await opened(service, at_noon, code)
            for sid, guess in ((code.sid, wrong(value)), ("VE" + "9" * 32, value)):
                before = written()
                await service.check_code(replace(code, sid=sid), guess)
                assert written() != before

    run(scene())


def test_whatever_is_wrong_with_a_code_the_same_statements_run_and_one_row_changes(
    run: Any, at_noon: Any, code: CodeOf
) -> None:
    """Their number would tell by time whether there is a code: six microseconds, which 20,000 tries show."""
    service = memory_key_service(at_noon)

    async def scene() -> None:
        await service.open()
        value = await opened(service, at_noon, code)
        over, spent, unknown = (replace(code, sid="VE" + digit * 32) for digit in "345")
        await service.check_code(over, await opened(service, at_noon, over))
        right = await opened(service, at_noon, spent)
        for _ in range(CHECKS_MAX):
            await service.check_code(spent, wrong(right))
        ran = {}
        connection = service._store._reading
        for name, one in {"wrong": code, "over": over, "spent": spent, "unknown": unknown}.items():
            statements: list[str] = []
            before = connection.total_changes
            connection.set_trace_callback(statements.append)
            await service.check_code(one, wrong(value))
            connection.set_trace_callback(None)
            kinds = [re.split(r"\s(?:SET|WHERE)\s", statement)[0] for statement in statements]
            ran[name] = kinds, connection.total_changes - before
        assert ran["wrong"][1] == 1
        assert ran == dict.fromkeys(ran, ran["wrong"])
        await service.close()

    run(scene())
