"""Suspending, reopening and closing an account: what the API's `Status` does."""

from typing import Final, Literal

from ringfence.console.lockout import Lockout
from ringfence.console.operator.two_person_acts import OVERTAKEN, Standing
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.domain.clock import Clock
from ringfence.ports.freezes import is_frozen
from ringfence.usecases.access.freeze import frozen_with
from ringfence.usecases.accounts.update_account import Accounts, set_status

_FROM: Final = {"suspended": {"active"}, "active": {"suspended"}, "closed": {"active", "suspended"}}


class AccountStatus:
    """`two_person_acts.Deed` that gives an account one status."""

    def __init__(
        self, store: Accounts, lockout: Lockout, clock: Clock, status: Literal["active", "suspended", "closed"]
    ) -> None:
        self._store = store
        self._lockout = lockout
        self._clock = clock
        self._status = status

    async def find(self, target: str, value: str) -> Standing:
        """The account has a status from which this one is reached. It stands on that alone, not on its name."""
        kind, _, sid = target.partition(":")
        account = await self._store.account(sid) if kind == "account" else None
        if account is None:
            raise RefusedError("There is no such account.", status=404)
        if self._status == "active" and is_frozen(await self._store.freezes(), "account", sid):
            raise RefusedError("That account is frozen: it is thawed, not reopened.")
        if account.status not in _FROM[self._status]:
            raise RefusedError(f"That account is {account.status}.")
        return Standing(stands=account.status, account=sid)

    async def do(self, target: str, value: str, stands: str, by: Session) -> None:
        """It has it. Members of an account that is not active any more are out, and grants of it end: later, where the
        key service is away."""
        sid = target.partition(":")[2]
        if not await set_status(self._store, self._clock, sid, self._status, was=stands):
            raise RefusedError(OVERTAKEN)
        if self._status != "active":
            await self._lockout.turn_out(await frozen_with(self._store, sid), by.actor)
