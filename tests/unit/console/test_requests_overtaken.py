"""What changes while the ledger writes that it is confirmed is left as it is."""

from typing import Any

import msgspec
import pytest
from tests.unit.console.test_two_person_acts import CARRIER, NUMBER, STATUSES, TARGET, Two, frozen_account, status

from ringfence.console.operator.act_names import Act
from ringfence.ports.freezes import FreezeKind
from ringfence.ports.operations import AllowedRate
from ringfence.usecases.access.freeze import freeze, thaw
from ringfence.usecases.accounts.update_account import update_account

OTHER = "AC" + "b" * 32
RATE = AllowedRate(kind="account", name=TARGET[8:], rate_mps=90.0, at_ms=1)


@pytest.mark.parametrize("kind", ["account", "key", "staff", "carrier"])
def test_what_is_frozen_anew_meanwhile_stays_frozen(run: Any, stand: Any, kind: FreezeKind) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)

            async def freezes() -> None:
                if kind == "staff":
                    await two.lockout.freeze_staff(two.eve.person, "staff:terminal")
                else:
                    await freeze(at.store, at.clock, kind, name)

            async def anew() -> None:
                at.clock.advance(1)
                if kind == "staff":
                    await two.lockout.thaw_staff(two.eve.person)
                else:
                    assert await thaw(at.store, at.clock, kind, name)
                await freezes()

            two = await Two(at, anew).join()
            target = {"staff": f"staff:{two.eve.person}", "carrier": CARRIER}.get(kind, f"{kind}:{TARGET[8:]}")
            name = target.partition(":")[2]
            await freezes()
            asked = await two.ask(Act.CARRIER_RESUME if kind == "carrier" else Act.THAW, target)
            assert "changed" in await two.refused(two.acts.confirm(two.bob, asked))
            assert target in [each.target for each in await two.thawing.frozen()]
            assert await status(at) == "suspended"

    run(story())


def test_the_rate_of_a_number_that_is_anothers_meanwhile_stays(run: Any, stand: Any) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            await at.store.buy_number(NUMBER, from_stock=False)

            async def sells() -> None:
                assert await at.store.release_number(NUMBER.account, NUMBER.sid)
                anothers = msgspec.structs.replace(NUMBER, account=OTHER, sid="PN" + "2" * 32)
                await at.store.buy_number(anothers, from_stock=False)

            two = await Two(at, sells).join()
            asked = await two.ask(Act.RATE_RAISE, f"number:{NUMBER.number}", value="90")
            assert "changed" in await two.refused(two.acts.confirm(two.bob, asked))
            assert list(await at.store.allowed_rates()) == []

    run(story())


@pytest.mark.parametrize("act", [Act.ACCOUNT_SUSPEND, Act.ACCOUNT_REOPEN, Act.ACCOUNT_CLOSE, Act.RATE_RAISE])
def test_what_somebody_changes_in_the_last_moment_is_left_as_it_is(
    run: Any, stand: Any, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    """Between the act's own look at its target and the change, where the store alone can tell."""

    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            await thaw(at.store, at.clock, "account", TARGET[8:])
            if act is Act.ACCOUNT_REOPEN:
                await changed(at, status="suspended")
            two = await Two(at).join()
            asked = await two.ask(act, TARGET, value="5" if act is Act.RATE_RAISE else "")
            name = "put_allowed_rate" if act is Act.RATE_RAISE else "set_account_status"
            becomes = (
                await status(at) if act is Act.RATE_RAISE else "suspended" if act is Act.ACCOUNT_CLOSE else "closed"
            )
            write = getattr(at.store, name)

            async def overtaken(*given: Any, **more: Any) -> Any:
                monkeypatch.setattr(at.store, name, write)
                if act is Act.RATE_RAISE:
                    assert await at.store.put_allowed_rate(RATE)
                else:
                    await changed(at, status=becomes)
                return await write(*given, **more)

            monkeypatch.setattr(at.store, name, overtaken)
            assert "changed" in await two.refused(two.acts.confirm(two.bob, asked))
            assert (await status(at), await at.store.allowed_rates()) == (
                becomes,
                [RATE] if act is Act.RATE_RAISE else [],
            )

    run(story())


def test_an_account_that_is_frozen_in_the_last_moment_is_not_reopened(
    run: Any, stand: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            await thaw(at.store, at.clock, "account", TARGET[8:])
            await changed(at, status="suspended")
            two = await Two(at).join()
            asked = await two.ask(Act.ACCOUNT_REOPEN, TARGET)
            write = at.store.set_account_status

            async def overtaken(*given: Any, **more: Any) -> bool:
                assert await freeze(at.store, at.clock, "account", TARGET[8:])
                return bool(await write(*given, **more))

            monkeypatch.setattr(at.store, "set_account_status", overtaken)
            assert "changed" in await two.refused(two.acts.confirm(two.bob, asked))
            assert await status(at) == "suspended"

    run(story())


@pytest.mark.parametrize("act", [Act.ACCOUNT_SUSPEND, Act.ACCOUNT_REOPEN, Act.ACCOUNT_CLOSE])
def test_an_account_that_is_renamed_meanwhile_has_the_status_that_was_asked_for(
    run: Any, stand: Any, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    """Else whoever is to be suspended could put that off for ever, by a new name."""

    async def story() -> None:
        async with stand() as at:
            await frozen_account(at)
            await thaw(at.store, at.clock, "account", TARGET[8:])
            if act is Act.ACCOUNT_REOPEN:
                await changed(at, status="suspended")
            two = await Two(at, lambda: changed(at, friendly_name="B")).join()
            asked = await two.ask(act, TARGET)
            await changed(at, friendly_name="A")
            write = at.store.set_account_status

            async def meanwhile(*given: Any, **more: Any) -> Any:
                await changed(at, friendly_name="C")
                return await write(*given, **more)

            monkeypatch.setattr(at.store, "set_account_status", meanwhile)
            await two.acts.confirm(two.bob, asked)
            assert (await status(at), (await at.store.account(TARGET[8:])).friendly_name) == (STATUSES[act], "C")

    run(story())


@pytest.mark.parametrize("act", [Act.CARRIER_PAUSE, Act.CARRIER_RESUME])
def test_a_carrier_that_is_paused_or_goes_on_in_the_last_moment_is_left(
    run: Any, stand: Any, monkeypatch: pytest.MonkeyPatch, act: Act
) -> None:
    async def story() -> None:
        async with stand() as at:
            name, resumes = CARRIER.partition(":")[2], act is Act.CARRIER_RESUME
            if resumes:
                await freeze(at.store, at.clock, "carrier", name)
            two = await Two(at).join()
            asked = await two.ask(act, CARRIER)
            verb = "delete_freeze" if resumes else "put_freeze"
            write = getattr(at.store, verb)

            async def overtaken(*given: Any, **more: Any) -> Any:
                monkeypatch.setattr(at.store, verb, write)
                at.clock.advance(1)
                if resumes:
                    assert await thaw(at.store, at.clock, "carrier", name)
                assert await freeze(at.store, at.clock, "carrier", name)
                return await write(*given, **more)

            monkeypatch.setattr(at.store, verb, overtaken)
            assert "changed" in await two.refused(two.acts.confirm(two.bob, asked))
            assert [row.at_ms for row in await at.store.freezes()] == [at.clock.now_ms()]

    run(story())


async def changed(at: Any, **fields: str) -> None:
    await update_account(at.store, at.clock, await at.store.account(TARGET[8:]), **fields)
