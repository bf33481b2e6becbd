"""The store, in intentions. An awaited write has been fsynced; every table's key begins with the account.

Content reaches this port sealed: it sees ciphertext, blind indexes and metadata only.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from ringfence.domain.message import Direction, Status
from ringfence.ports.applications import ApplicationStore
from ringfence.ports.call_brakes import BrakeStore
from ringfence.ports.calls import CallStore
from ringfence.ports.code_counts import CodeCounts
from ringfence.ports.day_counts import DayCounts
from ringfence.ports.enrolments import EnrolmentStore
from ringfence.ports.factors import FactorStore
from ringfence.ports.fraud_counts import FraudStore
from ringfence.ports.freezes import FreezeStore
from ringfence.ports.invitations import InvitationStore
from ringfence.ports.lookups import LookupStore
from ringfence.ports.messaging_services import ServiceStore
from ringfence.ports.notices import NoticeStore
from ringfence.ports.operations import OperationsStore
from ringfence.ports.outbox import EventRow as EventRow
from ringfence.ports.outbox import NewEvent as NewEvent
from ringfence.ports.outbox import Outbox as Outbox
from ringfence.ports.outbox import Settlement as Settlement
from ringfence.ports.oversight import TENANTS_LOOKED, OversightStore, TenantFilter
from ringfence.ports.party import Party as Party
from ringfence.ports.retention import RetainedRow, RetainedStore
from ringfence.ports.sign_ins import SignInStore
from ringfence.ports.sip_access import SipAccessStore
from ringfence.ports.verification_attempts import VerificationAttemptStore
from ringfence.ports.verifications import VerificationStore
from ringfence.ports.verify_config import VerifyConfigStore
from ringfence.ports.verify_events import TellingStore
from ringfence.ports.verify_rates import VerifyRateStore


class MessageRow(msgspec.Struct, frozen=True, kw_only=True):
    """A message at rest. `local` is the tenant's own sender (clear metadata); the remote number is in `content`.

    `content` is a sealed `domain.message.Content`, b"" once redacted to nothing; `remote_index` its blind index under
    that day's index key; `remote_region` the country, `remote_prefix` what of the number an operator sees.
    `sequence` counts the status events so far.
    """

    account: str
    sid: str
    direction: Direction
    status: Status
    local: str
    remote_index: bytes
    remote_region: str
    remote_prefix: str = ""
    epoch: int
    content: bytes
    num_segments: int
    num_media: int = 0
    messaging_service_sid: str | None = None
    error_code: int | None = None
    price_micros: int | None = None
    price_unit: str = "USD"
    created_ms: int
    updated_ms: int
    sent_ms: int | None = None
    due_ms: int = 0
    valid_until_ms: int | None = None
    sequence: int = 0
    carrier: str = ""
    carrier_ref: str | None = None
    has_callback: bool = False
    body_redacted: bool = False

    @property
    def brings_code(self) -> bool:
        """It is of a verification, whose code it says: neither the tenant nor staff list it, or are shown its body."""
        return self.sid.startswith("VL")


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """The right to send for one sender queue until `until_ms`; `fence` grows with every lease of that queue."""

    account: str
    sender: str
    carrier: str
    fence: int
    until_ms: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message: applied only where `domain.message` allows the move, else ignored.

    `price_micros` is kept on the message; a final outcome writes the rated record with it, or with the price the
    message had, or 0. Sent, delivered, undelivered, failed and canceled add one to the message's `sequence`; an outbox
    event of that sequence is written only where the message `has_callback`. `trail` is what the carrier said, lines of
    `domain.carrier_trail`: it is kept even where the outcome is ignored, up to that module's bound.
    """

    account: str
    sid: str
    status: Status
    at_ms: int
    error_code: int | None = None
    carrier_ref: str | None = None
    price_micros: int | None = None
    trail: str = ""


class MessageFilter(msgspec.Struct, frozen=True, kw_only=True):
    """`to` matches the local number of inbound and the remote of outbound messages; `sender` the other way round.

    Times bound created_ms, half open [from, to).
    """

    to: Party | None = None
    sender: Party | None = None
    from_ms: int | None = None
    to_ms: int | None = None


class AccountRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account; `tenant` is its top-level account (itself when it has no parent).

    `networks` are those from which its credentials may be used (`domain.allowed_networks`), "" for all.
    `client_keys` are those that its clients sign requests with (`domain.client_validation`), "" for none.
    """

    sid: str
    tenant: str
    parent: str | None = None
    friendly_name: str
    status: str = "active"
    type: str = "Full"
    created_ms: int
    updated_ms: int
    networks: str = ""
    client_keys: str = ""


class CredentialRow(msgspec.Struct, frozen=True, kw_only=True):
    """A way to sign in. `verifier` is SHA-256 of the secret; `hmac_states` are sealed standing configuration.

    `kind` is auth_token (sid = the account's) or api_key (sid = SK…). The secret itself is nowhere. `policy` are the
    permissions of a restricted key (`domain.key_policy`), separated by spaces, "" for one that is not; `networks` those
    from which it may be used. A `canary` signs nobody in: that it is used is an alarm. So it is where one that is
    `watched` is used from a network that is new for it. `reaction` (`domain.key_watch`) is what else is done then.
    It signs nobody in from `ends_ms` on, Unix milliseconds; 0 for never.
    """

    account: str
    sid: str
    kind: str
    verifier: bytes
    hmac_states: bytes
    friendly_name: str = ""
    created_ms: int
    updated_ms: int
    policy: str = ""
    networks: str = ""
    canary: bool = False
    watched: bool = False
    reaction: str = "alarm"
    ends_ms: int = 0

    def is_past(self, now_ms: int) -> bool:
        """Whether it has ended by itself."""
        return 0 < self.ends_ms <= now_ms


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to see of an API key. As `CredentialRow`; `used_ms` is when it was used last, None for never."""

    account: str
    sid: str
    kind: str
    friendly_name: str
    created_ms: int
    updated_ms: int
    policy: str
    networks: str
    canary: bool
    watched: bool
    reaction: str
    used_ms: int | None
    ends_ms: int = 0


class NumberRow(msgspec.Struct, frozen=True, kw_only=True):
    """An owned number, clear metadata; `standing` is its sealed configuration (webhook URLs and methods)."""

    account: str
    sid: str
    number: str
    friendly_name: str
    kind: str
    region: str
    capabilities: frozenset[str]
    standing: bytes
    created_ms: int
    updated_ms: int


class StockRow(msgspec.Struct, frozen=True, kw_only=True):
    """A number the operator can sell. `kind` is local, mobile or tollfree; `area` is a state or province."""

    number: str
    region: str
    kind: str
    locality: str = ""
    area: str = ""
    postal_code: str = ""
    capabilities: frozenset[str] = frozenset({"sms", "mms", "voice"})


class MediaRow(msgspec.Struct, frozen=True, kw_only=True):
    """One medium of a message; `content` is sealed under the message's epoch, record key of `sid`."""

    account: str
    message_sid: str
    sid: str
    content_type: str
    size: int
    epoch: int
    content: bytes
    created_ms: int


class RatedRow(msgspec.Struct, frozen=True, kw_only=True):
    """The one rated record of a text or a call that is final, and in which status.

    `segments` are a text's, or the minutes of a call that are billed.
    """

    account: str
    sid: str
    price_micros: int
    price_unit: str
    segments: int
    status: str
    at_ms: int


class StaleFenceError(Exception):
    """The lease was taken over by another dispatcher: nothing was written."""


class NumberTakenError(Exception):
    """The number is owned already, or is not in stock."""


class SidTakenError(Exception):
    """Another row has this sid already: nothing was written."""


class QueueFullError(Exception):
    """More writes are pending than the committer holds: nothing was written, try again later."""


class StoreFailedError(Exception):
    """The write is not durable (closed store, I/O error): nothing of it was acknowledged."""


class DiskFullError(StoreFailedError):
    """No space left: nothing was written; writes succeed again once there is room."""


class MessageStore(Protocol):
    """Texts and their sender queues."""

    async def accept(
        self, row: MessageRow, events: Sequence[NewEvent] = (), retained: RetainedRow | None = None
    ) -> bool:
        """Write message, sender-queue entry (outbound and not yet sent) and outbox events in one transaction.

        A message accepted in a final status is rated in it too, and `retained` is kept with it, of what a duty has
        kept. False: the sid is known already, nothing was written.
        """

    async def lease(
        self,
        owner: str,
        carrier: str,
        now_ms: int,
        ttl_ms: int,
        limit: int,
        *,
        in_hand: Mapping[str, int] | None = None,
    ) -> list[Lease]:
        """Take up to `limit` sender queues that have something due and no live lease of another owner.

        Queues that are new to this owner come first, then those it holds, which keep their fence and end later; among
        each, the one whose oldest due message waits longest. With `in_hand`, the number of queues by account that the
        owner works on, the next one is always of the account that has fewest, counting those taken just before.
        """

    async def renew(self, lease: Lease, now_ms: int, ttl_ms: int) -> Lease:
        """The same lease with a later end; StaleFenceError if it was lost."""

    async def release(self, lease: Lease) -> None:
        """Give a queue back; a stale lease is a no-op."""

    async def clock_set_back(self, now_ms: Callable[[], int], lease_ms: int) -> int:
        """Mend what a clock that was set back left in times to come: how many texts; where nothing is, a no-op.

        The clock is read when the write has its turn, or what is accepted until then would seem to come too early.

        Texts accepted there, unless they were scheduled, and events that happened there are due now, in the order they
        had; other events are due within an hour. No lease of a sender queue ends later than `lease_ms` from now.
        """

    async def due(self, lease: Lease, now_ms: int, limit: int) -> list[MessageRow]:
        """The queue's messages due by now, oldest first; StaleFenceError if the lease was lost or released.

        Marks nothing: what is not acknowledged is due again. Old is by created_ms, or due_ms if later; ties by the
        order of acceptance.
        """

    async def waiting(self, account: str, sender: str, carrier: str, now_ms: int, limit: int) -> int:
        """How many due texts stand in a sender queue, counted up to `limit`. The event loop goes on meanwhile."""

    async def acknowledge(self, lease: Lease | None, outcomes: Sequence[Outcome]) -> list[bool]:
        """Apply outcomes, each with its outbox event and, when final, its rated record.

        With a lease, only under its fence (StaleFenceError, nothing written) and only to messages of that queue.
        True where an outcome was applied.
        """

    async def message(self, account: str, sid: str) -> MessageRow | None: ...

    async def messages(
        self, account: str, wanted: MessageFilter, *, before: str | None = None, limit: int = 50
    ) -> list[MessageRow]:
        """Newest first; `before` is the last sid of the page before."""

    async def messages_of(self, keys: Sequence[tuple[str, str]]) -> list[MessageRow | None]:
        """The messages of these (account, sid), in order; None for one that is not there."""

    async def by_carrier_refs(self, carrier: str, refs: Sequence[str]) -> list[tuple[str, str] | None]:
        """(account, sid) of the newest message that this carrier knows by each of `refs`, in order."""

    async def ended_messages(
        self,
        account: str,
        status: Status,
        wanted: MessageFilter,
        *,
        direction: Direction | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[MessageRow]:
        """As `messages`, those in one final status alone, and of one direction. Of `wanted` the times count."""

    async def rewrite(self, account: str, sid: str, content: bytes, *, at_ms: int, redacted: bool) -> bool:
        """Replace the sealed content; a redaction takes the details of its webhook attempts too, past and to come."""

    async def carrier_trail(self, account: str, sid: str) -> str:
        """What the carrier said about it, in the order it was written down: lines of `domain.carrier_trail`."""

    async def delete_message(self, account: str, sid: str) -> bool:
        """Erase the message, its media, events and attempts; the rated record stays."""

    async def unfinished(self, account: str, epoch: int) -> list[tuple[str, int]]:
        """(sid, due_ms) of what of that epoch is not final or still has pending events, by sid.

        Those are texts, calls and recordings; a call's and a recording's due_ms is 0.
        """

    async def media(self, account: str, message_sid: str) -> list[MediaRow]: ...

    async def add_media(self, rows: Sequence[MediaRow]) -> None: ...

    async def delete_media(self, account: str, message_sid: str, sid: str) -> bool: ...

    async def set_opt_out(self, account: str, pair: bytes, opted_out: bool, at_ms: int) -> None: ...

    async def opted_out(self, account: str, pair: bytes) -> bool: ...

    async def any_opt_outs(self, account: str) -> bool:
        """False while nobody ever opted out of the account's texts: then there is no pair to look for."""

    async def rated(self, account: str, *, limit: int = 1000) -> list[RatedRow]:
        """By sid, newest first."""


class KeyStore(Protocol):
    """API keys, without what would sign anybody in."""

    async def key(self, account: str, sid: str) -> KeyRow | None: ...

    async def keys(self, account: str, *, before: str | None = None, limit: int = 50) -> list[KeyRow]:
        """Newest first."""

    async def rename_credential(self, account: str, sid: str, friendly_name: str, at_ms: int) -> bool:
        """False when the account has no such credential (any more)."""

    async def restrict_credential(
        self,
        account: str,
        sid: str,
        *,
        policy: str | None = None,
        networks: str | None = None,
        canary: bool | None = None,
        watched: bool | None = None,
        reaction: str | None = None,
        ends_ms: int | None = None,
        at_ms: int,
        number: int | None = None,
    ) -> bool:
        """How it may be used from now on; what is None stays as it is.

        False when the account has no such credential (any more). With a `number` of the key service's
        (`domain.access_fence`) what was written by it stays, and OvertakenError where something newer was in one of the
        fields; without one, what is written is as new as `at_ms`.
        """

    async def delete_credential(self, account: str, sid: str, *, number: int | None = None) -> bool:
        """False where the account has none. With a `number` no key comes in its place that was made before that."""


class NumberStore(Protocol):
    """Numbers that accounts own, and the inventory."""

    async def buy_number(self, row: NumberRow, *, from_stock: bool) -> None:
        """Own a number, which leaves the inventory; with from_stock it must be there. NumberTakenError otherwise."""

    async def number(self, account: str, sid: str) -> NumberRow | None: ...

    async def number_by_e164(self, number: str) -> NumberRow | None: ...

    async def numbers(
        self,
        account: str,
        *,
        number: str | None = None,
        friendly_name: str | None = None,
        kind: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> list[NumberRow]:
        """Newest first; `number` may hold * as a wildcard for any digits."""

    async def update_number(self, row: NumberRow) -> None:
        """Replace its friendly_name, standing and updated_ms; an unknown number stays unknown."""

    async def release_number(self, account: str, sid: str, *, rests_until_ms: int = 0) -> bool:
        """Give it up; it does not return to the inventory by itself. Until then no other account gets it."""

    async def stock(self, rows: Sequence[StockRow]) -> int:
        """Add to the inventory; numbers known already are skipped. Returns how many were new."""

    async def available(
        self,
        region: str,
        kind: str,
        *,
        pattern: str | None = None,
        area_code: str | None = None,
        limit: int = 50,
        at_ms: int = 0,
        account: str = "",
    ) -> list[StockRow]:
        """What can be bought by `account`, in order of number.

        `pattern`, digits and * (any one digit), may match anywhere in it; `area_code` is of the North American plan.
        Numbers that another account gave up are left out as long as they rest, at `at_ms`.
        """

    async def number_regions(self, account: str) -> list[str]:
        """The countries (ISO 3166) of the numbers that an account owns itself, each once, in order."""

    async def stocked_regions(self) -> dict[str, frozenset[str]]:
        """Regions with the kinds in stock."""


class AccountStore(NumberStore, KeyStore, Protocol):
    """Accounts and credentials, and their numbers."""

    async def create_account(self, row: AccountRow, credential: CredentialRow) -> None:
        """Both at once; SidTakenError if either is there."""

    async def account(self, sid: str) -> AccountRow | None: ...

    async def accounts(self, tenant: str | None, *, before: str | None = None, limit: int = 50) -> list[AccountRow]:
        """A tenant's accounts, newest first; with None the top-level accounts (operator's CLI)."""

    async def tenants(
        self, wanted: TenantFilter, *, before: str | None = None, limit: int = 50, looked: int = TENANTS_LOOKED
    ) -> list[AccountRow]:
        """Top-level accounts, the latest first: those of the next `looked` behind the one of that SID that fit."""

    async def tenants_edge(
        self, since_ms: int, *, before: str | None = None, looked: int = TENANTS_LOOKED
    ) -> str | None:
        """The last of those that `tenants` looks at, by its SID; None where none made since then come behind it."""

    async def update_account(self, row: AccountRow, *, was: str) -> bool:
        """Replace all but sid, tenant, parent and created_ms, where the status still is `was`; False otherwise.

        Nothing that is frozen becomes active.
        """

    async def set_account_status(self, sid: str, status: str, *, was: str, at_ms: int) -> bool:
        """As `update_account`, of the status alone: what else changes meanwhile does not hinder it, and stays."""

    async def put_credential(self, row: CredentialRow) -> None:
        """Create or replace (rotation: created_ms and how it may be used stay). SidTakenError for another's sid."""

    async def add_credential(self, row: CredentialRow, number: int) -> None:
        """Create, where the key service numbered it so. A no-op where the account has it, or had it.

        SidTakenError for another's sid; OvertakenError where it was deleted by a higher `number`.
        """

    async def restrict_account(self, sid: str, networks: str, at_ms: int, *, number: int | None = None) -> bool:
        """From where its credentials may be used from now on. False for an unknown account.

        With a `number` as `restrict_credential`.
        """

    async def set_client_keys(self, sid: str, client_keys: str, *, was: str, at_ms: int) -> bool:
        """Other client keys, where they are still what they were. False otherwise, and for an unknown account."""

    async def note_use(self, account: str, sid: str, at_ms: int, network: str = "") -> None:
        """A credential was used then, from there. An earlier time than the one that is known changes nothing.

        A network is known from then on, until `domain.key_watch.KNOWN_CHARACTERS` are.
        """

    async def used_ms(self, account: str, sid: str) -> int | None:
        """When it was noted last; None where it never was, or is gone."""

    async def known_networks(self, account: str, sid: str) -> Sequence[str]:
        """Those from which it was noted, in the order in which they came."""

    async def credential(self, sid: str) -> CredentialRow | None: ...

    async def credentials(self, account: str, *, before: str | None = None, limit: int = 50) -> list[CredentialRow]:
        """API keys only, newest first."""


class Store(
    MessageStore,
    Outbox,
    AccountStore,
    ServiceStore,
    ApplicationStore,
    CallStore,
    BrakeStore,
    SipAccessStore,
    VerifyConfigStore,
    VerificationStore,
    VerificationAttemptStore,
    FactorStore,
    EnrolmentStore,
    TellingStore,
    LookupStore,
    FraudStore,
    VerifyRateStore,
    SignInStore,
    OversightStore,
    DayCounts,
    CodeCounts,
    FreezeStore,
    InvitationStore,
    OperationsStore,
    NoticeStore,
    RetainedStore,
    Protocol,
):
    """All of them, on one database and one committer."""

    async def open(self) -> None:
        """Open, migrate (backing up first), start the committer."""

    async def close(self) -> None:
        """Commit what is pending and stop. Idempotent."""

    async def ready(self) -> bool:
        """True when a write would be accepted now."""
