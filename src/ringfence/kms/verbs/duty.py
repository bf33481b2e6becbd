"""Declared duties: told to every tenant, and opened for two officers, both in the tenants' ledgers first."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from ringfence.domain.retention.declaration import Declaration
from ringfence.domain.retention.opening import Request, agreed, check_request
from ringfence.kms.duties import VERBS, said
from ringfence.kms.vault import OPERATOR, Vault
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.retention import Duty

TOLD_AT_ONCE = 1_000

T = TypeVar("T")


class DutyVerbs(Vault):
    """`ports.duties.DutyKeys` and `ports.retention.Duties`."""

    async def duties(self) -> list[Duty]:
        return self._duties.all()

    async def declaration(self, duty: int) -> Declaration:
        return self._duties.declaration(duty)

    async def declare_duty(self, declaration: Declaration) -> int:
        number = await _whole(self._duties.declare(declaration))
        await self._tell_duty()
        return number

    async def end_duty(self, erase: bool) -> Duty:
        ended = await _whole(self._duties.end(erase=erase))
        await self._tell_duty()
        return ended

    async def open_duty(
        self, request: Request, signatures: Sequence[tuple[str, bytes]], after: int
    ) -> list[tuple[int, bytes]]:
        try:
            check_request(request, self._clock.now_ms())
            officers = agreed(request, self._duties.declaration(request.duty), signatures)
        except ValueError:
            if self._duties.knows(request.account):
                self._write_down_later(request.account, OPERATOR, "refused.open_duty", f"duty:{request.duty}")
            raise
        if not self._duties.knows(request.account):
            raise KeyRefusedError("no such account")
        boxes = self._duties.boxes(request.account, request.duty, request.epochs, after)
        await self._write_down(request.account, OPERATOR, "open_duty", *_asked(request, officers))
        return boxes

    async def tidy(self) -> None:
        await super().tidy()
        await self._tell_duty()

    async def _tell_duty(self) -> None:
        """Say in every account's ledger what was declared or ended, then let it hold.

        After a crash it begins anew. After a full ledger it goes on: else each attempt filled what room there is.
        """
        async with self._telling:
            untold = self._duties.untold
            if untold is None:
                return
            duty, what = untold
            if self._told[:2] != (duty.number, what):
                await self._write_down("", OPERATOR, VERBS[what], *said(duty))
                self._told = duty.number, what, ""
            while accounts := self._duties.accounts(self._told[2], TOLD_AT_ONCE):
                await self._write_down_of(accounts, OPERATOR, VERBS[what], *said(duty))
                self._told = duty.number, what, accounts[-1]
                await asyncio.sleep(0)
            if newcomers := sorted(self._newcomers):
                await self._write_down_of(newcomers, OPERATOR, VERBS[what], *said(duty))
            await self._duties.told(duty.number)
            self._newcomers.difference_update(newcomers)


async def _whole(change: Coroutine[Any, Any, T]) -> T:
    """Do it to its end, also where whoever asked hangs up: what is on disk is known in memory too."""
    return await asyncio.shield(asyncio.ensure_future(change))


def _asked(request: Request, officers: tuple[str, str]) -> tuple[str, ...]:
    """How a tenant's ledger names an opening: which duty's, by whom, what days, and what for."""
    return (
        f"duty:{request.duty}",
        *(f"officer:{name}" for name in officers),
        f"days:{request.first_day.isoformat()}..{request.last_day.isoformat()}",
        f"reference:{request.reference}",
    )
