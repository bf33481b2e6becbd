"""Sign-ins, counted in memory."""

from msgspec.structs import replace

from ringfence.domain.challenge import ChallengeStatus
from ringfence.domain.phishing_report import SignIns
from ringfence.domain.verification import Status
from ringfence.store.memory_factors import MemoryFactors
from ringfence.store.memory_verifications import MemoryVerifications


class MemorySignIns(MemoryFactors, MemoryVerifications):
    """`ports.sign_ins.SignInStore`."""

    def __init__(self) -> None:
        MemoryFactors.__init__(self)
        MemoryVerifications.__init__(self)

    async def sign_ins(self, account: str, from_ms: int, until_ms: int) -> list[SignIns]:
        codes = [
            (row.service, row.channel, row.updated_ms, bool(row.attempts[-1].stepped_from))
            for row in self._verifications.values()
            if row.account == account and row.status is Status.APPROVED
        ]
        factors = [
            (row.service, f"{row.factor_type.value}{'_matched' * row.matched}", row.responded_ms or 0, False)
            for row in self._challenges.values()
            if row.account == account and row.status is ChallengeStatus.APPROVED
        ]
        sums: dict[tuple[str, str], SignIns] = {}
        for service, channel, at_ms, stepped in codes + factors:
            if from_ms <= at_ms < until_ms:
                known = sums.get((service, channel), SignIns(service=service, channel=channel, count=0))
                sums[service, channel] = replace(
                    known, count=known.count + 1, stepped_down=known.stepped_down + stepped
                )
        return list(sums.values())
