"""Keep codes from blocks of numbers that are being pumped, and from countries that nobody texts.

Source: Twilio, "Verify Fraud Guard", "Verify Geo Permissions", "SafeList"; docs/explanation/fraud-guard.md.
"""

import structlog

from ringfence.domain.fraud_guard.blocks import COUNTRY, blocks_of
from ringfence.domain.fraud_guard.judgement import Judgement, Level
from ringfence.domain.number import Number
from ringfence.ports.fraud_guard import Refusal, Sending
from ringfence.ports.keys import TenantKeys
from ringfence.ports.store import Store

SAFE_LIST = "safe_list"
PUMPED = 60410
NOT_THERE = 60605

_log = structlog.get_logger(__name__)


class FraudWatch:
    """`ports.fraud_guard.FraudGuard`. Without a level everything is counted and nothing refused.

    `countries` are those that codes may go to; none means all.
    """

    def __init__(
        self, store: Store, keys: TenantKeys, *, level: Level | None, countries: frozenset[str] = frozenset()
    ) -> None:
        self._store = store
        self._keys = keys
        self._level = level
        self._countries = countries

    async def refusal(self, sending: Sending) -> Refusal | None:
        region = sending.to.region
        if self._countries and region not in self._countries:
            return Refusal(NOT_THERE, f"{region} is not among this installation's `verify_countries`.")
        level = self._level if sending.checked else None
        names = blocks_of(sending.to.e164, region)
        judgement = await self._store.admit_code(sending.account, names, sending.at_ms, level)
        if not judgement or await self._is_safe(sending):
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
        return Refusal(PUMPED, _explained(judgement))

    async def approved(self, account: str, service: str, to: Number, at_ms: int) -> None:
        await self._store.code_came_back(account, blocks_of(to.e164, to.region), at_ms)

    async def _is_safe(self, sending: Sending) -> bool:
        (index,) = await self._keys.blind(sending.account, SAFE_LIST, [sending.to.e164])
        return await self._store.verify_named(sending.account, "safe_number", index.hex()) is not None


def _explained(judgement: Judgement) -> str:
    block = judgement.block
    where = f"in {block.removeprefix(COUNTRY)}" if block.startswith(COUNTRY) else f"that begin {block}"
    around = " in a range that is being pumped" if judgement.rule == "neighbours" else ""
    return (
        f"of the codes to numbers {where}{around}, {judgement.unanswered} are unanswered and "
        f"{judgement.converted} were brought back lately; {judgement.allowed} may be unanswered."
    )
