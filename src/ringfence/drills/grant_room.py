"""A room for drills of grants: tenants with sealed texts, their approvers' browsers, staff's browsers, a console.

Browsers are played: what the modules of the key origin do in one is done here by the product's own domain.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ringfence.console.grant_book import GrantBook
from ringfence.console.storage import DATABASE, ConsoleStorage
from ringfence.domain.access.grant import Approver, Grant
from ringfence.domain.access.matching import VALUE_BYTES, commitment, number
from ringfence.domain.access.scope import Scope, epoch_of
from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.grant import SealedGrant, seal_grant
from ringfence.domain.sealing.record import EpochRecords, RecordSealer
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.domain.sid import new_sid
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore
from ringfence.kms.service import KeyService
from ringfence.ports.keys import Caller, Slot
from ringfence.ports.ledger import Ledger
from ringfence.usecases.access.answer_grant import approve_grant, look_at_grant, show_value
from ringfence.usecases.access.ask_for_grant import ask_for_grant

REASON = "a text that its owner did not get"
START_MS = 1_900_000_000_000 // 3_600_000 * 3_600_000
HOUR_MS = 3_600_000
FIELD = "content"


class ShiftedClock(ManualClock):
    """A clock whose wall time somebody can set, while the time that passes passes."""

    def __init__(self, at_ms: int) -> None:
        super().__init__(at_ms)
        self.shift_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.shift_ms


# Texts, calls and recordings: each is opened by a key of its own.
KINDS = ("SM", "CA", "RE")


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed record, of a text, a call or a recording, as it lies in the store, and the mark that is in it."""

    account: str
    sid: str
    epoch: int
    sealed: bytes
    mark: bytes


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """An account, what opens it, its texts, and who approves for it."""

    account: str
    caller: Caller
    texts: tuple[Text, ...]

    def approver(self, now_ms: int, **changes: str | bool) -> Approver:
        """Its approver, whose passkey was touched just now; with `changes` somebody else."""
        usual: dict[str, str | bool] = {"member": f"m-{self.account[-6:]}", "account": self.account, "approves": True}
        return Approver(**{**usual, **changes}, verified_ms=now_ms)  # type: ignore[arg-type]


class StaffBrowser:
    """A session of staff: its key pair, which stays in the browser, and the value that it commits to."""

    def __init__(self, staff: str, session: str) -> None:
        self.staff = staff
        self.session = session
        self.recipient = hpke.Recipient(os.urandom(32), hybrid=True)
        self.value = os.urandom(VALUE_BYTES)

    @property
    def committed(self) -> bytes:
        return commitment(self.value, self.recipient.public)

    def number(self, grant: Grant) -> str:
        """What the staff member reads out: of the request as this browser made it."""
        own = msgspec.structs.replace(grant, public=self.recipient.public, staff=self.staff, session=self.session)
        return number(self.value, grant.approver_value, own.statement)


class Room:
    """`open` it, `seed` it, and play. The key service writes to the `ledger` that is given."""

    def __init__(self, directory: Path, ledger: Ledger) -> None:
        self.clock = ShiftedClock(START_MS)
        self.keys = KeyService(Path(), self.clock, ledger, files=MemoryKeyFiles(), store=MemoryKeyStore())
        self._storage = ConsoleStorage(directory / DATABASE)
        self.book = GrantBook(self._storage)
        self.tenants: list[Tenant] = []
        self._sessions = 0

    async def open(self) -> None:
        await self.keys.open()
        await self._storage.open()

    async def close(self) -> None:
        await self._storage.close()
        await self.keys.close()

    async def seed(self, tenants: int, texts: int) -> None:
        """So many tenants, each with so many records in each of two hours that have ended."""
        made = [await self._tenant() for _ in range(tenants)]
        found: list[list[Text]] = [[] for _ in made]
        for _ in range(2):
            for own, (account, caller) in zip(found, made, strict=True):
                own += await self._texts(account, caller, texts)
            self.clock.advance(HOUR_MS)
        self.tenants = [
            Tenant(account=account, caller=caller, texts=tuple(own))
            for (account, caller), own in zip(made, found, strict=True)
        ]

    def session(self) -> StaffBrowser:
        """A session of another member of staff."""
        self._sessions += 1
        return StaffBrowser(f"ST{self._sessions}", f"CS{self._sessions}")

    async def ask(self, browser: StaffBrowser, tenant: Tenant, scope: Scope, minutes: int = 30) -> Grant:
        """The staff member asks."""
        return await ask_for_grant(
            self.book,
            self.keys,
            self.clock,
            staff=browser.staff,
            session=browser.session,
            tenant=tenant.account,
            account=tenant.account,
            scope=scope,
            reason=REASON,
            minutes=minutes,
            public=browser.recipient.public,
            committed=browser.committed,
        )

    async def match(self, grant: Grant, browser: StaffBrowser, tenant: Tenant) -> Grant:
        """The approver looks, and the asker's browser shows its value."""
        now_ms = self.clock.now_ms()
        approver, expires_ms = tenant.approver(now_ms), now_ms + grant.minutes * 60_000
        await look_at_grant(self.book, self.clock, grant.sid, approver, os.urandom(VALUE_BYTES), expires_ms)
        return await show_value(self.book, self.clock, grant.sid, browser.session, browser.value)

    async def seal(self, grant: Grant, tenant: Tenant) -> SealedGrant:
        """What the approver's browser makes: it opens its hours, and seals the keys that were asked for."""
        where = {text.sid: text.epoch for text in tenant.texts}
        names = grant.scope.names
        of = {name: where[name] if (hour := epoch_of(name)) is None else hour for name in names}
        epochs = await self.keys.open_epochs(tenant.caller, tenant.account, sorted(set(of.values())))
        keys = {
            name: epochs[of[name]] if epoch_of(name) is not None else EpochRecords(epochs[of[name]]).key(name)
            for name in names
        }
        return seal_grant(grant.binding, keys, await self.keys.grant_keeper())

    async def approve(self, grant: Grant, browser: StaffBrowser, tenant: Tenant) -> Grant:
        """The approver types the number, touches the passkey, and the keys are kept."""
        grant = await self.match(grant, browser, tenant)
        return await approve_grant(
            self.book,
            self.keys,
            self.keys,
            self.clock,
            grant.sid,
            tenant.approver(self.clock.now_ms()),
            typed=browser.number(grant),
            sealed=await self.seal(grant, tenant),
        )

    async def granted(self, browser: StaffBrowser, tenant: Tenant, scope: Scope, minutes: int = 30) -> Grant:
        """Asked and approved."""
        return await self.approve(await self.ask(browser, tenant, scope, minutes), browser, tenant)

    async def _tenant(self) -> tuple[str, Caller]:
        account = new_sid("AC", self.clock.now_ms())
        seed = slot_seed(os.urandom(16).hex(), account)
        await self.keys.create_account(account, [Slot(credential=account, public=slot_public(seed))])
        return account, Caller(account=account, credential=account, seed=seed)

    async def _texts(self, account: str, caller: Caller, count: int) -> Sequence[Text]:
        key = await self.keys.sealing_key(caller, account)
        sealer = RecordSealer(key.epoch_key, account)
        found = []
        for place in range(count):
            sid, mark = new_sid(KINDS[place % len(KINDS)], self.clock.now_ms()), os.urandom(16).hex().encode()
            sealed = sealer.seal(sid, FIELD, mark)
            found.append(Text(account=account, sid=sid, epoch=key.epoch, sealed=sealed, mark=mark))
        return found
