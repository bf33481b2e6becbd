"""Challenges as their tenant sees them: found and listed.

Source: Twilio, Verify v2, "Challenge resource".
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from ringfence.domain.challenge import ChallengeSecret, ChallengeStatus, status_at
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.factor import open_challenge
from ringfence.ports.factors import ChallengeRow, EntityRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.usecases.verify.opened import opened_sealers


class ChallengeView(msgspec.Struct, frozen=True, kw_only=True):
    """`row` has the status that holds now. `secret` is None where this credential opens no key of that hour.

    `metadata` is JSON that the device added to its answer, "{}" for none.
    """

    row: ChallengeRow
    secret: ChallengeSecret | None
    metadata: str = "{}"

    def __repr__(self) -> str:
        return f"ChallengeView({self.row.sid})"


class Challenges:
    """Reads with the keys of the credential that asks, and no others."""

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock

    async def find(self, entity: EntityRow, sid: str) -> ChallengeRow | None:
        """The challenge of this entity, with the status that holds now, or None."""
        row = await self._store.challenge(entity.account, entity.service, sid)
        return self.as_of_now(row) if row is not None and row.entity == entity.sid else None

    async def fetch(self, caller: Caller, entity: EntityRow, sid: str) -> ChallengeView | None:
        row = await self.find(entity, sid)
        return None if row is None else (await self.views(caller, [row]))[0]

    async def listed(
        self,
        caller: Caller,
        entity: EntityRow,
        *,
        factor: str | None = None,
        status: ChallengeStatus | None = None,
        oldest_first: bool = False,
        before: str | None,
        limit: int,
    ) -> list[ChallengeView]:
        """Newest first, of one factor or of one status."""
        rows = await self._store.challenges(
            entity.account,
            entity.sid,
            factor=factor,
            status=status,
            now_ms=self._clock.now_ms(),
            oldest_first=oldest_first,
            before=before,
            limit=limit,
        )
        return await self.views(caller, [self.as_of_now(row) for row in rows])

    async def views(self, caller: Caller, rows: Sequence[ChallengeRow]) -> list[ChallengeView]:
        """Views of rows of one account, in order."""
        if not rows:
            return []
        account = rows[0].account
        sealers = await opened_sealers(self._keys, caller, account, (row.epoch for row in rows))
        noted = [(metadata_record(row.sid), row.metadata) for row in rows if row.metadata]
        opened = await self._keys.open_standing_as(caller, account, noted) if noted else []
        metadata = {name: value.decode() for (name, _), value in zip(noted, opened, strict=True)}
        return [
            ChallengeView(
                row=row,
                secret=open_challenge(sealers[row.epoch], row.sid, row.content) if row.epoch in sealers else None,
                metadata=metadata.get(metadata_record(row.sid), "{}"),
            )
            for row in rows
        ]

    def as_of_now(self, row: ChallengeRow) -> ChallengeRow:
        """With the status that holds now."""
        return replace(row, status=status_at(row.status, row.expires_ms, self._clock.now_ms()))


def metadata_record(sid: str) -> str:
    """Under which name the metadata of a challenge is sealed."""
    return f"{sid}.metadata"
