"""What the consoles are given by the process that serves them."""

from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from ringfence.console.operator.act_names import May, every_member_may
from ringfence.console.operator.installation import Installation
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.allowed import Allowed
from ringfence.console.tenant.calls import Calls
from ringfence.console.tenant.code_report import CodesCounted
from ringfence.console.tenant.limits import LimitedStore
from ringfence.console.tenant.standing_json import FormKeys
from ringfence.console.tenant.told import Retold
from ringfence.console.tenant.touched import TouchedStore
from ringfence.console.tenant.traffic import Texts
from ringfence.console.tenant.usage import Counted
from ringfence.domain.clock import Clock
from ringfence.ports.access_notes import AccessNotes
from ringfence.ports.freezes import FreezeStore
from ringfence.ports.grants import GrantKeys
from ringfence.ports.http import HttpClient
from ringfence.ports.invitations import Invitations
from ringfence.ports.ledger import OwnRecords
from ringfence.ports.messaging_services import ServiceStore
from ringfence.ports.operations import OperationsStore
from ringfence.ports.operator_view import OperatorView
from ringfence.ports.passkeys import Passkeys
from ringfence.ports.process_states import ProcessStates
from ringfence.ports.recordings import SealedRecordings
from ringfence.ports.retention import Duties
from ringfence.ports.store import KeyStore, NumberStore
from ringfence.ports.verify_config import VerifyConfigStore
from ringfence.ports.wake import Wake
from ringfence.usecases.accounts.update_account import Accounts


class Origins(msgspec.Struct, frozen=True, kw_only=True):
    """Where browsers find what: each an origin as they write it, https://host[:port]; `api` may have a path behind."""

    api: str
    operator: str
    tenant: str
    keys: str


class SetUpStore(NumberStore, KeyStore, ServiceStore, VerifyConfigStore, FreezeStore, Protocol):
    """What of `ports.store.Store` members set up."""


class TenantCounts(Counted, CodesCounted, LimitedStore, Protocol):
    """What of `ports.store.Store` tells what a tenant used, and may use."""


class OperatedStore(Accounts, OperationsStore, Invitations, Protocol):
    """What staff change: accounts and invitations to make some, rates, what they know of incidents."""


class ConsoleDependencies(msgspec.Struct, frozen=True, kw_only=True):
    """Storage and ports. `staff_passkeys` takes those authenticators alone that staff may enrol.

    `view` reads rows that are sealed, and what of them is in the clear; `texts`, `calls` and `recordings` are those of
    a tenant, sealed, `touched` finds them by name, `told` is what its program was told, and `counted` what it used;
    `wake` rings where that is to be told again. `grants` keeps keys that nobody here opens. `accounts` are what two of
    staff may change, `set_up` what members set up. `installation` is how it is set up, `allowed` what accounts may
    use. `staff_may` judges each act. By `duties` metadata is retained. By `http` providers of members' organisations
    are asked: without it nobody comes from one. In `dev` one may be on this machine.
    """

    storage: ConsoleStorage
    clock: Clock
    origins: Origins
    notes: AccessNotes
    keys: FormKeys
    texts: Texts
    calls: Calls
    told: Retold
    touched: TouchedStore
    counted: TenantCounts
    wake: Wake
    recordings: SealedRecordings
    staff_passkeys: Passkeys
    members_passkeys: Passkeys
    view: OperatorView
    records: OwnRecords
    duties: Duties
    processes: ProcessStates
    grants: GrantKeys
    accounts: OperatedStore
    set_up: SetUpStore
    installation: Installation = Installation()
    allowed: Allowed = Allowed()
    staff_may: May = every_member_may
    http: HttpClient | None = None
    dev: bool = False


def host_of(origin: str) -> str:
    """The host of an origin, with its port where it names one."""
    return urlsplit(origin).netloc


def domain_of(origin: str) -> str:
    """The host of an origin without a port: what passkeys are of."""
    return urlsplit(origin).hostname or ""
