"""What the API stands on, handed in by the process that composes it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from ringfence.api.admission import AdmissionLimits
from ringfence.api.calling import Calling
from ringfence.api.factoring import Factoring
from ringfence.api.messaging import Messaging
from ringfence.api.parcels import Parcels
from ringfence.api.verifying import Verifying
from ringfence.domain.clock import Clock
from ringfence.domain.dialing.permissions import HOME
from ringfence.domain.turn_credentials import IceServers
from ringfence.ports.access_changes import AccessChanges
from ringfence.ports.access_notes import FreezeNotes
from ringfence.ports.keys import TenantKeys
from ringfence.ports.ledger import LedgerRecords
from ringfence.ports.lookups import NumberIntelligence
from ringfence.ports.onlookers import NoOnlookers, Onlookers
from ringfence.ports.retention import Duties
from ringfence.ports.store import Store


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one request and of all at once. Sizes in bytes, times in seconds."""

    body_bytes: int = 256 * 1024
    query_bytes: int = 16 * 1024
    header_bytes: int = 32 * 1024
    body_s: float = 15.0
    in_flight: int = 4_096
    failed_logins_of_address: int = 300
    account_rps: float = 0.0
    admission: AdmissionLimits = AdmissionLimits()


class ApiKeys(TenantKeys, AccessChanges, Duties, Protocol):
    """What of the key service the API itself asks."""


class ApiDependencies(msgspec.Struct, frozen=True, kw_only=True):
    """`mounts` are further ASGI apps by path prefix (`/phones`), asked before the API itself.

    `front_page` is the path that `/` leads to, if anywhere. `parcel_elsewhere` takes a parcel that another process of
    this port holds. `sip_domain` is what our names of SIP Domains end with.
    `call_countries` are those whose ordinary numbers every account may call. `intelligence` knows of numbers what
    their plan does not tell. `records` is the ledger, to read; `freeze_notes` writes down what freezes by itself.
    """

    store: Store
    keys: ApiKeys
    clock: Clock
    messaging: Messaging
    registry: CollectorRegistry
    base_url: str = "http://localhost:8420"
    limits: Limits = Limits()
    front_page: str = ""
    mounts: Mapping[str, ASGIApp] = msgspec.field(default_factory=dict)
    sip_domain: str = "sip.localhost"
    parcels: Parcels = msgspec.field(default_factory=Parcels)
    parcel_elsewhere: Callable[[str], Awaitable[str | None]] | None = None
    onlookers: Onlookers = NoOnlookers()
    call_countries: tuple[str, ...] = HOME
    ice_servers: IceServers = IceServers()
    calling: Calling | None = None
    verifying: Verifying | None = None
    factoring: Factoring | None = None
    intelligence: NumberIntelligence | None = None
    records: LedgerRecords | None = None
    freeze_notes: FreezeNotes | None = None

    def __repr__(self) -> str:
        return "ApiDependencies(…)"
