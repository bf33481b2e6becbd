"""Keep codes from numbers that are being pumped, from countries that nobody texts, and within what they may cost.

Source: Twilio, "Verify Fraud Guard", "Verify Geo Permissions", "SafeList"; docs/explanation/fraud-guard.md.
"""

from collections.abc import Mapping, Sequence

import msgspec
import structlog

from ringfence.domain.dialing.destination import NO_COUNTRY, Risk, destination_of
from ringfence.domain.fraud_guard.blocks import ADDRESS, COUNTRY, DEVICE, MAILBOX, NETWORK, blocks_of
from ringfence.domain.fraud_guard.judgement import Judgement, Level
from ringfence.domain.fraud_guard.spending import WHOLE, Bound, Overspent, Spending
from ringfence.domain.number import Number
from ringfence.domain.rating import DEVELOPMENT_RATES, MICROS
from ringfence.domain.recipient import Recipient, address_of
from ringfence.ports.fraud_guard import Refusal, Sending
from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import Store
from ringfence.usecases.verify.origins import TABLE as ORIGINS

SAFE_LIST = "safe_list"
PUMPED = 60410
NOT_THERE = 60605
_ORIGINS = {
    ADDRESS: "that were asked for from this address (DeviceIp)",
    DEVICE: "that were asked for from this device (the tag device_id)",
    NETWORK: "that were asked for from the network of this address (DeviceIp)",
    MAILBOX: "that were mailed to this address",
}
TENANTS_KEPT = 10_000

_log = structlog.get_logger(__name__)


class CodeBounds(msgspec.Struct, frozen=True, kw_only=True):
    """What codes may cost within a day, in micros: of an account with its subaccounts, and what is bound by itself.

    `own` may name accounts, subaccounts and Verify Services.
    """

    whole_micros: int
    own: Mapping[str, int] = {}

    def of(self, tenant: str, account: str, service: str) -> tuple[Bound, ...]:
        """The bounds that a code counts against, the widest first."""
        whole = Bound(WHOLE, self.own.get(tenant, self.whole_micros))
        narrower = [Bound(sid, self.own[sid]) for sid in (account, service) if sid in self.own and sid != tenant]
        return whole, *narrower


class FraudWatch:
    """`ports.fraud_guard.FraudGuard`. Without a level everything is counted and nothing refused.

    `countries` are those that codes may go to; none means all. Without `bounds` codes may cost what they will.
    """

    def __init__(
        self,
        store: Store,
        keys: TenantKeys,
        *,
        level: Level | None,
        countries: frozenset[str] = frozenset(),
        bounds: CodeBounds | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._level = level
        self._countries = countries
        self._bounds = bounds
        self._tenants: dict[str, str] = {}

    async def refusal(self, sending: Sending) -> Refusal | None:
        region, to = sending.to.region, sending.to
        if self._countries and isinstance(to, Number) and region not in self._countries:
            return Refusal(NOT_THERE, f"{region} is not among this installation's `verify_countries`.")
        level = self._level if sending.checked else None
        if level is not None and isinstance(to, Number) and _is_paid_for(to) and not await self._is_safe(sending):
            _log.warning("verify.code_refused", account=sending.account, rule="special", region=region)
            return Refusal(PUMPED, "whoever texts or calls a number of this kind pays its owner for it.")
        names = await self._names(sending.account, to, sending.origins)
        spending = await self._spending(sending)
        judgement = await self._store.admit_code(sending.account, names, sending.at_ms, level, spending)
        if judgement and judgement.overspent is None and await self._is_safe(sending):
            judgement = await self._store.admit_code(sending.account, names, sending.at_ms, None, spending)
        if not judgement:
            return None
        _log.warning(
            "verify.code_refused",
            account=sending.account,
            service=sending.service,
            rule=judgement.rule,
            region=region,
            unanswered=judgement.unanswered,
            converted=judgement.converted,
            allowed=judgement.allowed,
        )
        return Refusal(PUMPED, _explained(judgement, sending.network))

    async def not_sent(self, sending: Sending) -> None:
        spending = await self._spending(sending)
        names = await self._names(sending.account, sending.to, sending.origins)
        await self._store.code_not_sent(sending.account, names, sending.at_ms, spending)

    async def approved(
        self, account: str, service: str, to: Recipient, at_ms: int, origins: Sequence[str] = ()
    ) -> None:
        await self._store.code_came_back(account, await self._names(account, to, origins), at_ms)

    async def _names(self, account: str, to: Recipient, origins: Sequence[str]) -> tuple[str, ...]:
        """What is counted: the blocks of a number, or a mailbox by its blind index; and where the start came from."""
        if isinstance(to, Number):
            return (*blocks_of(to.e164, to.region), *origins)
        (index,) = await self._keys.blind(account, ORIGINS, [f"{MAILBOX}{to.address}"])
        return (f"{MAILBOX}{index.hex()}", *origins)

    async def _spending(self, sending: Sending) -> Spending | None:
        if self._bounds is None:
            return None
        tenant = await self._tenant(sending.account)
        return Spending(
            tenant=tenant,
            micros=sending.price_micros,
            bounds=self._bounds.of(tenant, sending.account, sending.service),
        )

    async def _tenant(self, account: str) -> str:
        """Whose it is never changes."""
        tenant = self._tenants.get(account)
        if tenant is None:
            row = await self._store.account(account)
            tenant = account if row is None else row.tenant
            if len(self._tenants) >= TENANTS_KEPT:
                self._tenants.clear()
            self._tenants[account] = tenant
        return tenant

    async def _is_safe(self, sending: Sending) -> bool:
        (index,) = await self._keys.blind(sending.account, SAFE_LIST, [address_of(sending.to)])
        return await self._store.verify_named(sending.account, "safe_number", index.hex()) is not None


def _is_paid_for(to: Number) -> bool:
    """Premium, shared-cost, personal numbers and the like; those of no country: satellites, international networks."""
    destination = destination_of(to.e164)
    return to.region == NO_COUNTRY or (destination is not None and destination.risk is Risk.SPECIAL)


def _explained(judgement: Judgement, network: str) -> str:
    if judgement.overspent is not None:
        return _told(judgement.overspent)
    block = judgement.block
    which = f"to numbers that begin {block}"
    if block.startswith(COUNTRY):
        which = f"to numbers in {block.removeprefix(COUNTRY)}"
    elif judgement.rule == "origin":
        which = _ORIGINS[judgement.block.partition(":")[0] + ":"]
        if block.startswith(NETWORK):
            which = f"{which}, {network}"
    around = " in a range that is being pumped" if judgement.rule == "neighbours" else ""
    return (
        f"of the codes {which}{around}, {judgement.unanswered} are unanswered and "
        f"{judgement.converted} were brought back lately; {judgement.allowed} may be unanswered."
    )


def _told(overspent: Overspent) -> str:
    who = "this account and its subaccounts" if overspent.owner == WHOLE else overspent.owner
    spent, limit = (f"{micros / MICROS:.2f}" for micros in (overspent.spent_micros, overspent.limit_micros))
    return (
        f"codes of {who} have cost {spent} of the {limit} {DEVELOPMENT_RATES.currency} that they may within a day "
        "(the operator's `verify_spend`); this one could exceed that."
    )
