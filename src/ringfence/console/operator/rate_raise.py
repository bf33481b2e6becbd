"""Raising what a number or an account may send in a second."""

from ringfence.console.operator.two_person_acts import Standing
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.domain.clock import Clock
from ringfence.ports.operations import AllowedRate, OperationsStore
from ringfence.ports.store import AccountStore

MOST_MPS = 100_000.0


class RateRaise:
    """`two_person_acts.Deed` on `account:AC…` or `number:+…`; the value is texts a second. It may lower as well."""

    def __init__(self, accounts: AccountStore, rates: OperationsStore, clock: Clock) -> None:
        self._accounts = accounts
        self._rates = rates
        self._clock = clock

    async def find(self, target: str, value: str) -> Standing:
        """The rate that stands, and whose it is."""
        _rate(value)
        kind, _, name = target.partition(":")
        stands = next((str(row.rate_mps) for row in await self._rates.allowed_rates() if _of(row) == target), "")
        if kind == "account" and await self._accounts.account(name) is not None:
            return Standing(stands=stands, account=name)
        owned = await self._accounts.number_by_e164(name) if kind == "number" else None
        if owned is None:
            raise RefusedError("There is no such account or number.", status=404)
        return Standing(stands=f"{stands} {owned.sid}", account=owned.account)

    async def do(self, target: str, value: str, stands: str, by: Session) -> None:
        """It holds from now on; dispatchers know within seconds."""
        kind, _, name = target.partition(":")
        await self._rates.put_allowed_rate(
            AllowedRate(
                kind="account" if kind == "account" else "number",
                name=name,
                rate_mps=_rate(value),
                at_ms=self._clock.now_ms(),
            )
        )


def _of(row: AllowedRate) -> str:
    return f"{row.kind}:{row.name}"


def _rate(value: str) -> float:
    try:
        rate_mps = float(value)
    except ValueError:
        rate_mps = 0.0
    if not 0 < rate_mps <= MOST_MPS:
        raise RefusedError(f"A rate is texts a second, more than 0 and at most {MOST_MPS:.0f}.", status=400)
    return rate_mps
