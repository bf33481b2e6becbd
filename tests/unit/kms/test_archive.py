"""Keys of past hours and days: opened one by one the first time, in bundles after that."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from ringfence.kms import archive
from ringfence.kms.slot_keys import Opened
from ringfence.kms.verbs import tenant as verbs

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


@pytest.fixture
def single_openings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers that were opened by HPKE, in order."""
    seen: list[int] = []

    def watched(kind: archive.Kind) -> archive.Kind:
        def opening(sealed: bytes, recipient: Any, account: str, number: int) -> bytes:
            seen.append(number)
            return kind.open(sealed, recipient, account, number)

        return kind._replace(open=opening)

    monkeypatch.setattr(verbs, "EPOCHS", watched(archive.EPOCHS))
    monkeypatch.setattr(verbs, "INDEXES", watched(archive.INDEXES))
    return seen


async def live(service: Any, token: Any, account: str, clock: Any, steps: int, step_ms: int) -> list[Any]:
    """Seal something at each step; the sealing keys."""
    keys = []
    for _ in range(steps):
        keys.append(await service.sealing_key(token.caller, account))
        clock.advance(step_ms)
    return keys


def test_a_months_epochs_open_singly_once_and_in_bundles_after(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, at_noon: Any, single_openings: list[int]
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            keys = await live(service, token, account, at_noon, 60, 20 * HOUR_MS)
            keys.append(await service.sealing_key(token.caller, account))
            expected = {key.epoch: key.epoch_key for key in keys}
            assert await service.open_epochs(token.caller, account, list(expected)) == expected
            assert sorted(single_openings) == sorted(expected)
            await service._archive.settle()
            single_openings.clear()
            assert await service.open_epochs(api_key.caller, account, list(expected)) == expected
            assert single_openings == [keys[-1].epoch]  # the hour that is not over
        async with service_at() as service:
            single_openings.clear()
            assert await service.open_epochs(api_key.caller, account, list(expected)) == expected
            assert single_openings == [keys[-1].epoch]

    run(scene())


def test_index_keys_join_their_bundles_as_days_end(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, single_openings: list[int]
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            keys = await live(service, token, account, at_noon, 40, DAY_MS)
            expected = {key.index_day: key.index_key for key in keys}
            for first in (0, 12, 24):  # three times a bundle is made or grows
                days = [key.index_day for key in keys[first : first + 16]]
                at_noon.advance(60_000)
                found = await service.index_keys(token.caller, account, days)
                assert found == {day: expected[day] for day in days}
                await service._archive.settle()
            at_noon.advance(60_000)
            single_openings.clear()
            everything = range(keys[0].index_day - 400, keys[-1].index_day + 400)
            assert await service.index_keys(token.caller, account, everything) == expected
            assert single_openings == []

    run(scene())


def test_a_few_keys_are_not_worth_a_bundle(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            keys = await live(service, token, account, at_noon, 8, HOUR_MS)
            await service.open_epochs(token.caller, account, [key.epoch for key in keys[:7]])
            await service._archive.settle()
            assert service._store.rows("SELECT * FROM bundle") == []
            # The last one's hour ends with this millisecond: so it is one that can join.
            await service.open_epochs(api_key.caller, account, [key.epoch for key in keys])
            await service._archive.settle()
            assert len(service._store.rows("SELECT * FROM bundle")) == 1

    run(scene())


def test_a_damaged_bundle_costs_time_and_no_key(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, single_openings: list[int]
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            keys = await live(service, token, account, at_noon, 10, 4 * DAY_MS)
            expected = {key.epoch: key.epoch_key for key in keys}

            async def opened_again() -> None:
                at_noon.advance(60_000)
                single_openings.clear()
                assert await service.open_epochs(token.caller, account, list(expected)) == expected
                await service._archive.settle()

            for _ in range(2):
                await opened_again()
                assert len(single_openings) == 10
                await service._store.write(lambda db: db.execute("UPDATE bundle SET sealed = x'0011'"))
            await opened_again()
            # They are two bundles: where one is damaged, the other still serves.
            early = [key.epoch for key in keys if archive.EPOCHS.span(key.epoch) == archive.EPOCHS.span(keys[0].epoch)]
            assert 0 < len(early) < 10
            damage = "UPDATE bundle SET sealed = x'0011' WHERE span = (SELECT min(span) FROM bundle)"
            await service._store.write(lambda db: db.execute(damage))
            with capture_logs() as logs:
                await opened_again()
            assert single_openings == early
            assert logs == [
                {"event": "kms.bundle_damaged", "log_level": "warning", "account": account, "kind": "epochs"}
            ]

    run(scene())


def test_a_damaged_key_is_absent_and_the_others_open(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            first, second = await live(service, token, account, at_noon, 2, HOUR_MS)
            await service._store.write(
                lambda db: db.execute("UPDATE epoch SET sealed = zeroblob(80) WHERE epoch = ?", (first.epoch,))
            )
            with capture_logs() as logs:
                found = await service.open_epochs(token.caller, account, [first.epoch, second.epoch])
            assert found == {second.epoch: second.epoch_key}
            told = {"account": account, "kind": "epochs", "epoch": first.epoch}
            assert logs == [{"event": "kms.key_damaged", "log_level": "error", **told}]

    run(scene())


def test_so_many_open_at_once_and_so_many_are_kept(
    run: Any,
    service_at: Any,
    account: str,
    token: Any,
    at_noon: Any,
    single_openings: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(archive, "OPEN_MAX", 3)

    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            keys = await live(service, token, account, at_noon, 5, HOUR_MS)
            a, b, c, d, e = [key.epoch for key in keys]
            with pytest.raises(ValueError, match=r"^more than 3 keys at once$"):
                await service.open_epochs(token.caller, account, [a, b, c, d])
            for asked in ([a, b, c, c], [a], [d], [e], [e]):
                await service.open_epochs(token.caller, account, asked)
            # The fourth is one too many: what is opened after it finds nothing kept.
            assert single_openings == [a, b, c, d, e]
            await service.open_epochs(token.caller, account, [d])
            assert single_openings == [a, b, c, d, e, d]

    run(scene())


def test_keys_of_a_content_key_that_was_not_opened_hide_no_others(
    run: Any,
    service_at: Any,
    account: str,
    token: Any,
    api_key: Any,
    at_noon: Any,
    single_openings: list[int],
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            old = await live(service, token, account, at_noon, 9, HOUR_MS)
            await service.revoke_slot(account, api_key.sid)
            new = await live(service, token, account, at_noon, 9, HOUR_MS)
            content = service._slots.open(token.caller, account).content
            numbers = [key.epoch for key in (*old, *new)]
            for singly in ([key.epoch for key in new], []):  # the second time in bundles
                single_openings.clear()
                opened = Opened({1: content[1]}, until_ms=0, supersedes=False)
                found = service._archive.open(opened, account, verbs.EPOCHS, numbers)
                assert found == {key.epoch: key.epoch_key for key in new}
                assert single_openings == singly
                await service.open_epochs(token.caller, account, numbers)
                await service._archive.settle()

    run(scene())


def test_bundles_of_an_old_content_key_stay_closed_to_those_who_never_had_it(
    run: Any, service_at: Any, account: str, token: Any, api_key: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot, api_key.slot])
            old = await live(service, token, account, at_noon, 9, HOUR_MS)
            await service.open_epochs(api_key.caller, account, [key.epoch for key in old])
            await service._archive.settle()
            await service.revoke_slot(account, api_key.sid)
            new = await live(service, token, account, at_noon, 9, HOUR_MS)
            expected = {key.epoch: key.epoch_key for key in (*old, *new)}
            assert await service.open_epochs(token.caller, account, list(expected)) == expected
            await service._archive.settle()
            generations = service._store.rows("SELECT DISTINCT generation FROM bundle ORDER BY 1")
            assert generations == [(0,), (1,)]

    run(scene())


def test_a_full_disk_keeps_no_key_from_being_opened(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            keys = await live(service, token, account, at_noon, 9, HOUR_MS)

            async def full(work: Any) -> None:
                raise ConnectionError("the key store cannot write")

            monkeypatch.setattr(service._store, "write", full)
            expected = {key.epoch: key.epoch_key for key in keys}
            with capture_logs() as logs:
                assert await service.open_epochs(token.caller, account, list(expected)) == expected
                await service._archive.settle()
            told = {"account": account, "kind": "epochs"}
            assert logs == [{"event": "kms.bundle_not_written", "log_level": "warning", **told}]

    run(scene())
