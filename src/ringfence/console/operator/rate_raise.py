"""Raising what a number or an account may send in a second."""

import msgspec

from ringfence.console.operator.two_person_acts import OVERTAKEN, Standing
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.domain.clock import Clock
from ringfence.ports.operations import AllowedRate, OperationsStore
from ringfence.ports.store import AccountStore

MOST_MPS = 100_000.0


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """The rate `was`, None without one; `number` is the SID of the number that it is of, "" for an account's."""

    standing: Standing
    was: AllowedRate | None
    number: str = ""


class RateRaise:
    """`two_person_acts.Deed` on `account:AC…` or `number:+…`; the value is texts a second. It may lower as well."""

    def __init__(self, accounts: AccountStore, rates: OperationsStore, clock: Clock) -> None:
        self._accounts = accounts
        self._rates = rates
        self._clock = clock

    async def find(self, target: str, value: str) -> Standing:
        """The rate that stands, and whose it is."""
        _rate(value)
        return (await self._look(target)).standing

    async def do(self, target: str, value: str, stands: str, by: Session) -> None:
        """It holds from now on; dispatchers know within seconds."""
        found = await self._look(target)
        rate = AllowedRate(
            kind="number" if found.number else "account",
            name=target.partition(":")[2],
            rate_mps=_rate(value),
            at_ms=self._clock.now_ms(),
        )
        if found.standing.stands != stands or not await self._rates.put_allowed_rate(
            rate, was=found.was, number=found.number
        ):
            raise RefusedError(OVERTAKEN)

    async def _look(self, target: str) -> "_Found":
        kind, _, name = target.partition(":")
        was = next((row for row in await self._rates.allowed_rates() if f"{row.kind}:{row.name}" == target), None)
        stands = "" if was is None else f"{was.rate_mps} {was.at_ms}"
        if kind == "account" and await self._accounts.account(name) is not None:
            return _Found(standing=Standing(stands=stands, account=name), was=was)
        owned = await self._accounts.number_by_e164(name) if kind == "number" else None
        if owned is None:
            raise RefusedError("There is no such account or number.", status=404)
        return _Found(
            standing=Standing(stands=f"{stands} {owned.sid}", account=owned.account), was=was, number=owned.sid
        )


def _rate(value: str) -> float:
    try:
        rate_mps = float(value)
    except ValueError:
        rate_mps = 0.0
    if not 0 < rate_mps <= MOST_MPS:
        raise RefusedError(f"A rate is texts a second, more than 0 and at most {MOST_MPS:.0f}.", status=400)
    return rate_mps
