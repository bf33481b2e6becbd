"""What staff may do, each act by the one name that policies and pages have for it."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Final

import msgspec


class Act(StrEnum):
    """`….list` and `….look` show; the others change something, and ask for a passkey shown within five minutes."""

    OVERVIEW_LOOK = "overview.look"
    CARRIERS_LOOK = "carriers.look"
    ROUTES_LOOK = "routes.look"
    QUEUES_LOOK = "queues.look"
    CAPACITY_LOOK = "capacity.look"
    INCIDENTS_LOOK = "incidents.look"
    INCIDENT_ACKNOWLEDGE = "incident.acknowledge"
    LEDGER_LOOK = "ledger.look"

    TENANTS_LIST = "tenants.list"
    TENANT_LOOK = "tenant.look"
    TENANT_INVITE = "tenant.invite"
    INVITATIONS_LIST = "invitations.list"
    INVITATION_WITHDRAW = "invitation.withdraw"

    GRANTS_LIST = "grants.list"
    GRANT_ASK = "grant.ask"
    GRANT_READ = "grant.read"
    GRANT_END = "grant.end"

    STAFF_LIST = "staff.list"
    STAFF_INVITE = "staff.invite"
    STAFF_APPROVE = "staff.approve"
    STAFF_REFUSE = "staff.refuse"
    STAFF_REMOVE = "staff.remove"
    SESSIONS_LIST = "sessions.list"
    SESSION_END = "session.end"
    PASSKEY_ADD = "passkey.add"
    PASSKEY_DROP = "passkey.drop"

    # Asked by one member of staff and confirmed by another: each is judged twice, for one person and for two.
    THAW = "thaw"
    CARRIER_PAUSE = "carrier.pause"
    CARRIER_RESUME = "carrier.resume"
    RATE_RAISE = "rate.raise"
    ACCOUNT_SUSPEND = "account.suspend"
    ACCOUNT_REOPEN = "account.reopen"
    ACCOUNT_CLOSE = "account.close"
    # That such a thing is asked for, confirmed or refused at all, whatever it is.
    REQUESTS_LIST = "requests.list"
    REQUEST_ASK = "request.ask"
    REQUEST_CONFIRM = "request.confirm"
    REQUEST_REFUSE = "request.refuse"


# What staff may do where everything is frozen: let it go on, two of them together.
WHILE_FROZEN: Final = frozenset({Act.REQUESTS_LIST, Act.REQUEST_ASK, Act.REQUEST_CONFIRM, Act.REQUEST_REFUSE, Act.THAW})


class AskedAct(msgspec.Struct, frozen=True, kw_only=True):
    """What `staff` wants to do, of an account where it concerns one, "" else.

    `is_fresh` says whether their passkey was shown within five minutes, `persons` how many stand behind it: 2 where
    one has asked and another confirms. `at_ms` is Unix time.
    """

    act: Act
    staff: str
    account: str
    is_fresh: bool
    persons: int
    at_ms: int


# Returns where it may be done; RefusedError says to its person why not.
May = Callable[[AskedAct], Awaitable[None]]


async def every_member_may(_: AskedAct) -> None:
    """Whoever is staff may do all of it."""
