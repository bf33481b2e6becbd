"""What changes while the ledger writes that it is confirmed is left as it is."""

from typing import Any

import msgspec
import pytest
from tests.unit.console.test_two_person_acts import CARRIER, NUMBER, TARGET, Two, frozen_account, status

from ringfence.console.operator.act_names import Act
from ringfence.ports.freezes import FreezeKind
from ringfence.usecases.access.freeze import freeze, thaw

OTHER = "AC" + "b" * 32


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
            # The act itself looks too: between the last look and it somebody may come.
            if kind != "carrier":
                again = two.thawing.do(target, "", asked.stands, two.bob)
                assert "anew" in await two.refused(again)
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
