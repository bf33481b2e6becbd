"""How a challenge went: when it was asked, how it ended, and which webhooks were to be told. No content is opened."""

import msgspec

from ringfence.domain.challenge import ChallengeStatus, status_at
from ringfence.domain.clock import Clock
from ringfence.ports.factors import ChallengeRow
from ringfence.ports.store import Store
from ringfence.ports.verify_events import TellingRow


class ChallengeTimelineView(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is what holds now."""

    row: ChallengeRow
    status: ChallengeStatus
    tellings: tuple[TellingRow, ...]

    def __repr__(self) -> str:
        return f"ChallengeTimelineView({self.row.sid})"


class ChallengeTimelineReader:
    """Reads what the store says in clear."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def read(self, account: str, service: str, sid: str) -> ChallengeTimelineView | None:
        """The timeline, or None when the service has no such challenge."""
        row = await self._store.challenge(account, service, sid)
        if row is None:
            return None
        return ChallengeTimelineView(
            row=row,
            status=status_at(row.status, row.expires_ms, self._clock.now_ms()),
            tellings=tuple(await self._store.tellings(account, sid)),
        )
