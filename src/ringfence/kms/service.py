"""The key service in one process: `ports.keys.TenantKeys` and `ports.keys.DeliveryKeys` over files and one database.

Whatever opens on a tenant's behalf is in the ledger before its key is returned: no log, no key. What opens for the
dispatcher is logged soon after, so that texts keep flowing.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.device_token import DeviceOf, Enrolment
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.blind_index import remote_index
from ringfence.domain.sealing.grant import SealedGrant
from ringfence.domain.sealing.record import EpochRecords
from ringfence.domain.sid import is_sid, new_sid
from ringfence.domain.totp import TotpShape
from ringfence.kms.archive import EPOCHS, INDEXES, Archive, Kind
from ringfence.kms.browser_slots import BrowserSlots
from ringfence.kms.codes import Codes
from ringfence.kms.day_keys import DayKeys
from ringfence.kms.devices import Devices
from ringfence.kms.freezes_by_keys import check_freeze
from ringfence.kms.grant_keys import GrantKeys
from ringfence.kms.grants import Grants, Holder
from ringfence.kms.key_files import TABLES, KeyFiles
from ringfence.kms.live_epochs import LiveEpochs
from ringfence.kms.residue import Residue
from ringfence.kms.slot_keys import Opened, SlotKeys
from ringfence.kms.standing_forms import StandingFormBook
from ringfence.kms.standing_keys import StandingKeys
from ringfence.kms.store import DATABASE, KeyStore
from ringfence.kms.table_indexes import TableIndexes
from ringfence.kms.totp_secrets import TotpSecrets
from ringfence.kms.verification_keys import VerificationKeys
from ringfence.ports.console_keys import API_KEY_PREFIX, PASSKEY_PREFIX, BrowserSlot, Reader, Way
from ringfence.ports.device_keys import RecordKeys
from ringfence.ports.grants import BOXES_AT_ONCE, KeptGrant
from ringfence.ports.keys import Caller, KeyRefusedError, RecordKey, SealingKey, Slot
from ringfence.ports.ledger import AccessEntry, Ledger
from ringfence.ports.operator_keys import Former
from ringfence.ports.standing_forms import KeptStanding, SealedForm
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import CodeOf, CodeState, Verdict

BLIND_TABLES = frozenset(
    {
        *("opt_out", "sticky_sender", "safe_list", "consent", "rate_bucket", "capability", "lookup_override"),
        *("verify_to", "verify_origin", "verify_entity", "verify_credential"),
    }
)
DISPATCHER = "dispatcher"
API = "api"
OPERATOR = "operator"
PERSON = re.compile(r"(member|staff):[0-9A-Za-z-]{1,64}")
KEY_ORIGIN = "key_origin"

_log = structlog.get_logger(__name__)


class KeyService:
    """Open it, use it through the two ports, close it. One process a directory.

    Errors: KeyRefusedError (the caller opens nothing of that account; unknown account or table), ValueError (a mistake
    of the calling program), ConnectionError (database or ledger cannot be written: nothing was released).
    `files` and `store`, where given, take the place of those in `directory`. With `hybrid`, new accounts are sealed by
    the hybrid of X25519 with ML-KEM.
    """

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        ledger: Ledger,
        *,
        files: KeyFiles | None = None,
        store: KeyStore | None = None,
        hybrid: bool = False,
    ) -> None:
        self._clock = clock
        self._ledger = ledger
        self._files = files or KeyFiles(directory / "keys")
        self._store = store or KeyStore(directory / DATABASE)
        self._days = DayKeys(self._files, clock)
        self._slots = SlotKeys(self._store, clock, hybrid=hybrid)
        self._browsers = BrowserSlots(self._store, self._slots, clock)
        self._live = LiveEpochs(self._store, self._days, clock)
        self._archive = Archive(self._store, clock)
        self._residue = Residue(self._store, self._days, clock)
        self._verification_keys = VerificationKeys(self._files, clock)
        self._codes = Codes(self._store, self._verification_keys, clock)
        self._standing = StandingKeys(self._files)
        self._grant_keys = GrantKeys(self._files, clock)
        self._grants = Grants(self._store, self._grant_keys, clock)
        self._forms = StandingFormBook(self._store, self._standing, self._browsers, self._grant_keys)
        self._tables = TableIndexes(b"")

    async def open(self) -> None:
        """Load keys and database, or make them when all is new. KeyFileError where accounts exist without keys."""
        self._files.prepare()
        await self._store.open()
        try:
            in_use = self._store.row("SELECT 1 FROM account LIMIT 1") is not None
            take = self._files.load if in_use else self._files.create
            self._standing.load(in_use=in_use)
            self._tables = TableIndexes(take(TABLES))
            self._totp = TotpSecrets(self._store, self._standing, self._clock)
            self._devices = Devices(self._store, self._standing, self._clock)
            self._grant_keys.load()
            self._days.load()
            self._verification_keys.load()
            lost = await self._residue.forget_lost()
            if lost:
                _log.error("kms.day_keys_missing", count=lost)
        except BaseException:
            await self._store.close()
            raise

    async def close(self) -> None:
        """Finish what is being written. Idempotent."""
        await self._archive.settle()
        await self._store.close()

    async def tidy(self) -> None:
        """Forget what was opened a minute ago; destroy what is past its time. Call it every few seconds.

        OSError where a key cannot be destroyed now: the next call tries again.
        """
        self._slots.forget_expired()
        self._live.forget_past()
        await self._browsers.tidy()
        await self._residue.roll()
        await self._codes.tidy()
        await self._totp.tidy()
        await self._devices.tidy()
        for ended in await self._grants.tidy():
            self._write_down_later(ended.account, "kms", "grant.expire", *_named(ended))
        if destroyed := self._grant_keys.destroy_former():
            self._write_down_later("", "kms", "end_former_grants", str(destroyed))
        await self._store.scrub()

    # For the API

    async def allow(self, caller: Caller, account: str) -> None:
        """Return where the caller's credential opens something of the account. KeyRefusedError."""
        await self._open(caller, account, "ledger")

    async def create_account(self, account: str, slots: Sequence[Slot], parent: str | None = None) -> None:
        await self._write_down(account, API, "create_account", *(slot.credential for slot in slots))
        await self._slots.create(account, slots, parent)

    async def add_slot(self, caller: Caller, account: str, slot: Slot) -> None:
        opened = await self._open(caller, account, "add_slot")
        await self._write_down(account, caller.credential, "add_slot", slot.credential)
        await self._slots.add(opened, account, slot)

    async def copy_slot(self, caller: Caller, account: str, source: str, credential: str) -> None:
        opened = await self._open(caller, account, "copy_slot")
        slot = Slot(credential=credential, public=self._slots.public_of(account, source))
        await self._write_down(account, caller.credential, "copy_slot", source, credential)
        await self._slots.add(opened, account, slot)

    async def add_sealer(self, caller: Caller, account: str, slot: Slot) -> None:
        await self._open(caller, account, "add_sealer")
        await self._write_down(account, caller.credential, "add_sealer", slot.credential)
        await self._slots.add_sealer(account, slot)

    async def end_former_slot(self, account: str, credential: str) -> None:
        await self._write_down(account, API, "end_former_slot", credential)
        await self._slots.end_former(account, credential)

    async def revoke_slot(self, account: str, credential: str) -> None:
        await self._write_down(account, API, "revoke_slot", credential)
        await self._slots.revoke(account, credential)

    async def sealing_key(self, caller: Caller, account: str, sealed: int = 0) -> SealingKey:
        await self._open_or_seal(caller, account, "sealing_key")
        await self._live.count(account, sealed)
        live = await self._live.epoch(account)
        day, index_key = await self._live.index_key(account)
        await self._write_down(account, caller.credential, "sealing_key", f"epoch:{live.number}", f"index:{day}")
        return SealingKey(epoch=live.number, epoch_key=live.key, index_day=day, index_key=index_key)

    async def open_epochs(self, caller: Caller, account: str, epochs: Sequence[int]) -> dict[int, bytes]:
        return await self._open_archive(caller, account, "open_epochs", EPOCHS, epochs)

    async def lend_record(self, caller: Caller, account: str, epoch: int, sid: str) -> None:
        key = self._archive.open(await self._open(caller, account, "lend_record"), account, EPOCHS, [epoch]).get(epoch)
        if key is None:
            raise KeyRefusedError("no such epoch")
        await self._write_down(account, caller.credential, "lend_record", str(epoch), sid)
        await self._residue.lend(account, epoch, sid, EpochRecords(key).key(sid))

    async def index_keys(self, caller: Caller, account: str, days: Sequence[int]) -> dict[int, bytes]:
        return await self._open_archive(caller, account, "index_keys", INDEXES, days)

    async def seal_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        return [self._standing.seal(account, name, value) for name, value in records]

    async def open_standing_as(self, caller: Caller, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        await self._open_or_seal(caller, account, "open_standing")
        values = self._open_standing(account, records)
        await self._write_down(account, caller.credential, "open_standing", *(name for name, _ in records))
        return values

    async def open_code(self, code: CodeOf, length: int, expires_ms: int, custom: str = "") -> None:
        await self._codes.open(code, length, expires_ms, custom)

    async def check_code(self, code: CodeOf, guess: str) -> Verdict:
        return await self._codes.check(code, guess)

    async def code_state(self, account: str, sid: str) -> CodeState:
        return self._codes.state(account, sid)

    async def close_code(self, account: str, sid: str) -> None:
        await self._codes.close(account, sid)

    async def open_totp(self, factor: TotpOf, shape: TotpShape, secret: bytes = b"") -> bytes:
        await self._write_down(factor.account, API, "open_totp", factor.factor)
        return await self._totp.open(factor, shape, secret)

    async def check_totp(self, factor: TotpOf, attempt: str, guess: str, shape: TotpShape | None = None) -> Verdict:
        return await self._totp.check(factor, attempt, guess, shape)

    async def close_totp(self, account: str, factors: Sequence[str]) -> None:
        await self._write_down(account, API, "close_totp", *factors)
        await self._totp.close(account, factors)

    async def keep_device(self, device: DeviceOf, public_key: bytes) -> None:
        await self._write_down(device.account, API, "keep_device", device.factor)
        await self._devices.keep(device, public_key)

    async def device_payload(self, device: DeviceOf, token: str) -> bytes | None:
        return self._devices.payload(device, token)

    async def is_signed_by_device(self, device: DeviceOf, message: bytes, signature: bytes) -> bool:
        return self._devices.is_signed(device, message, signature)

    async def open_for_device(self, device: DeviceOf, login: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        self._admit(device, login)
        names = [name for name, _ in records]
        if not all(name.startswith(f"{device.factor}/") for name in names):
            raise KeyRefusedError("sealed for another device")
        values = self._open_standing(device.account, records)
        if names:
            await self._write_down(device.account, device.factor, "open_for_device", *names)
        return values

    async def seal_for_device(self, device: DeviceOf, login: str, prefixes: Sequence[str]) -> RecordKeys:
        self._admit(device, login)
        return await self._new_records(device.account, device.factor, prefixes)

    async def forget_devices(self, account: str, factors: Sequence[str]) -> None:
        await self._write_down(account, API, "forget_devices", *factors)
        await self._devices.forget(account, factors)

    async def sign_enrolment(self, caller: Caller, enrolment: Enrolment) -> str:
        await self._open(caller, enrolment.account, "sign_enrolment")
        await self._write_down(enrolment.account, caller.credential, "sign_enrolment", enrolment.sid)
        return self._devices.sign(enrolment)

    async def read_enrolment(self, account: str, service: str, token: str) -> Enrolment:
        enrolment = self._devices.enrolment(account, service, token)
        if enrolment is None:
            raise KeyRefusedError("no enrolment token")
        return enrolment

    async def enrol(self, account: str, service: str, token: str, prefixes: Sequence[str]) -> RecordKeys:
        enrolment = await self.read_enrolment(account, service, token)
        if not await self._devices.use(enrolment):
            raise KeyRefusedError("an enrolment token makes one factor")
        return await self._new_records(account, enrolment.sid, prefixes)

    async def open_console_link(self, caller: Caller, account: str, slot: Slot, until_ms: int) -> None:
        self._browsers.check_link(slot.credential, until_ms)
        opened = await self._open(caller, account, "open_console_link")
        self._slots.check(account, slot)
        await self._write_down(account, caller.credential, "open_console_link", slot.credential)
        await self._browsers.note_link(account, slot.credential, until_ms)
        await self._slots.add(opened, account, slot)

    # For the console

    async def link_boxes(self, account: str, link: str) -> list[tuple[int, bytes]]:
        boxes, handed = self._browsers.link_boxes(account, link)
        if not handed:
            await self._write_down(account, link, "slot_boxes")
            await self._browsers.hand(account, link)
        return boxes

    async def slot_boxes(self, account: str, credential: str, reader: Reader) -> list[tuple[int, bytes]]:
        scope = _read_by(reader)
        try:
            boxes = self._browsers.boxes(account, credential)
        except KeyRefusedError:
            if self._browsers.is_known(account, credential):
                self._write_down_later(account, credential, "refused.slot_boxes", *scope)
            raise
        await self._write_down(account, credential, "slot_boxes", *scope)
        return boxes

    async def with_slots(self, account: str, credentials: Sequence[str]) -> list[str]:
        return [credential for credential in credentials if self._browsers.is_known(account, credential)]

    async def child_boxes(
        self, account: str, credential: str, child: str, reader: Reader
    ) -> list[tuple[int, int, bytes]]:
        scope = _read_by(reader)
        boxes = self._browsers.child_boxes(account, credential, child)
        await self._write_down(child, credential, "slot_boxes", *scope)
        return boxes

    async def sealed_epochs(
        self, account: str, credential: str, epochs: Sequence[int], reader: Reader, child: str = ""
    ) -> dict[int, list[tuple[int, bytes]]]:
        scope = _read_by(reader)
        try:
            sealed = self._browsers.epochs(account, credential, epochs, child)
        except KeyRefusedError:
            if self._browsers.is_known(account, credential):
                self._write_down_later(account, credential, "refused.open_epochs", *scope)
            raise
        await self._write_down(child or account, credential, "open_epochs", *scope, *map(str, sealed))
        return sealed

    async def lend_sealed(
        self, account: str, credential: str, epoch: int, sid: str, sealed: bytes, reader: Reader
    ) -> None:
        scope = _read_by(reader)
        self._browsers.boxes(account, credential)
        key = self._grants.unseal_lent(account, epoch, sid, sealed)
        await self._write_down(account, credential, "lend_record", *scope, str(epoch), sid)
        await self._residue.lend(account, epoch, sid, key)

    async def proof_key(self, account: str) -> bytes:
        return self._browsers.proof_key(account)

    async def add_browser_slot(self, account: str, slot: BrowserSlot, by: str, way: Way) -> None:
        try:
            self._browsers.check(account, slot, by, way)
        except KeyRefusedError:
            if self._browsers.is_known(account, by):
                self._write_down_later(account, by, "refused.add_slot")
            raise
        await self._write_down(account, by, "add_slot", slot.credential)
        await self._browsers.add(account, slot, by)

    async def revoke_browser_slot(self, account: str, credential: str, by: str) -> None:
        if not credential.startswith((PASSKEY_PREFIX, API_KEY_PREFIX)):
            raise KeyRefusedError("no slot of a passkey or key")
        await self._write_down(account, _person(by), "revoke_slot", credential)
        await self._slots.revoke(account, credential)

    async def show_standing(
        self, account: str, credential: str, records: Sequence[tuple[str, bytes]], reader: Reader
    ) -> list[tuple[int, bytes]]:
        scope = _read_by(reader)
        try:
            self._browsers.boxes(account, credential)
        except KeyRefusedError:
            if self._browsers.is_known(account, credential):
                self._write_down_later(account, credential, "refused.show_standing", *scope)
            raise
        shown = self._forms.show(account, records)
        await self._write_down(account, credential, "show_standing", *scope, *(name for name, _ in records))
        return shown

    async def keep_standing(
        self, account: str, record: str, now: bytes, form: SealedForm, reader: Reader
    ) -> KeptStanding:
        scope = _read_by(reader)
        try:
            self._forms.check(account, record, form)
        except KeyRefusedError:
            if self._browsers.is_known(account, form.by):
                self._write_down_later(account, form.by, "refused.keep_standing", *scope, record)
            raise
        kept = self._forms.changed(account, record, now, form)
        await self._write_down(account, form.by, "keep_standing", *scope, record)
        return kept

    async def note(self, account: str, actor: str, verb: str, scope: Sequence[str] = ()) -> None:
        if hasattr(type(self), verb) or "." in verb:
            raise ValueError("a note is of none of our verbs")
        await self._write_down(account, actor if actor == KEY_ORIGIN else _person(actor), f"note.{verb}", *scope)

    async def note_freeze(self, credential: str, accounts: Sequence[str], what: str, cause: str) -> None:
        check_freeze(self._slots, credential, accounts, what, cause)
        await self._write_down_of(accounts, credential, "note.freeze", what, cause)
        if what.startswith("account:"):
            for account in accounts:
                await self._end_grants(self._grants.open_of(session="", staff="", account=account), credential)

    async def grant_keeper(self) -> bytes:
        return self._grants.public

    async def keep_grant(self, grant: KeptGrant) -> None:
        bound = grant.binding
        _person(f"staff:{bound.staff}")
        approver = _person(f"member:{grant.approver}")
        self._grants.check(grant)
        holder = Holder(sid=bound.grant, account=bound.account, staff=bound.staff, session=bound.session)
        names = list(grant.sealed.boxes)
        for at in range(0, len(names), BOXES_AT_ONCE):
            some = names[at : at + BOXES_AT_ONCE]
            await self._write_down(bound.account, approver, "grant.keep", *_named(holder), *some)
        await self._grants.keep(grant)

    async def grant_boxes(self, grant: str, session: str, names: Sequence[str]) -> SealedGrant:
        holder = self._grants.holder(grant)
        try:
            boxes = self._grants.boxes(grant, session, names)
        except KeyRefusedError:
            # Of grants that there are alone: else anybody could fill the record, under names of his own.
            if holder is not None:
                self._write_down_later(holder.account, f"staff:{holder.staff}", "refused.grant_open", f"grant:{grant}")
            raise
        if holder is None:
            raise KeyRefusedError("no such grant")
        await self._write_down(holder.account, f"staff:{holder.staff}", "grant_open", *_named(holder), *boxes.boxes)
        # It may have ended while the ledger was written.
        return self._grants.boxes(grant, session, names)

    async def end_grant(self, grant: str, actor: str) -> None:
        _person(actor)
        holder = self._grants.holder(grant)
        if holder is not None and not holder.ended:
            await self._end_grants([holder], actor)

    async def end_grants(self, actor: str, session: str = "", staff: str = "", account: str = "") -> int:
        if not (session or staff or account):
            raise ValueError("whose grants?")
        _person(actor)
        found = self._grants.open_of(session=session, staff=staff, account=account)
        await self._end_grants(found, actor)
        return len(found)

    # For both

    async def blind(self, account: str, table: str, values: Sequence[str]) -> list[bytes]:
        if table not in BLIND_TABLES:
            raise KeyRefusedError("no such table")
        return self._tables.of(account, table, values)

    # For the dispatcher

    async def seal_record(self, account: str, sid: str, remote: str) -> RecordKey:
        live = await self._live.epoch(account)
        await self._live.count(account, 1)
        day, index_key = await self._live.index_key(account)
        self._write_down_later(account, DISPATCHER, "seal_record", sid)
        index = remote_index(index_key, day, remote)
        return RecordKey(epoch=live.number, key=live.record_keys.key(sid), index=index)

    async def open_records(self, account: str, records: Sequence[tuple[int, str]]) -> list[bytes | None]:
        keys = [self._residue.record_key(account, epoch, sid) for epoch, sid in records]
        opened = [sid for (_, sid), key in zip(records, keys, strict=True) if key is not None]
        if opened:
            self._write_down_later(account, DISPATCHER, "open_records", *opened)
        return keys

    async def open_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        values = self._open_standing(account, records)
        self._write_down_later(account, DISPATCHER, "open_standing", *(name for name, _ in records))
        return values

    async def reveal_codes(self, codes: Sequence[CodeOf]) -> list[str | None]:
        found = self._codes.reveal(codes)
        for code, value in zip(codes, found, strict=True):
            if value is not None:
                self._write_down_later(code.account, DISPATCHER, "reveal_code", code.sid)
        return found

    async def open_delivery_epochs(self) -> list[tuple[str, int]]:
        return self._residue.due()

    async def close_epoch(
        self, account: str, epoch: int, unfinished: Sequence[str], scheduled: Sequence[str] = ()
    ) -> None:
        await self._residue.close(account, epoch, unfinished, scheduled)

    # For the operator

    async def rotate_standing(self) -> int:
        await self._write_down("", OPERATOR, "rotate_standing", str(self._standing.number + 1))
        return self._standing.rotate()

    async def rotate_grants(self) -> int:
        await self._write_down("", OPERATOR, "rotate_grants", str(self._grant_keys.number + 1))
        return self._grant_keys.rotate()

    async def renew_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes | None]:
        try:
            renewed = [self._standing.renew(account, name, sealed) for name, sealed in records]
        except UnsealError:
            raise KeyRefusedError("standing configuration does not open") from None
        names = [name for (name, _), sealed in zip(records, renewed, strict=True) if sealed is not None]
        if names:
            self._write_down_later(account, OPERATOR, "renew_standing", *names)
        return renewed

    async def renew_totp(self, factors: Sequence[TotpOf]) -> int:
        return await self._totp.renew(factors)

    async def former_standing(self) -> Former:
        return Former(keys=self._standing.former, secrets=self._totp.former())

    async def end_former_standing(self) -> int:
        if self._totp.former():
            raise KeyRefusedError("secrets of the key service are sealed under a former standing key")
        await self._write_down("", OPERATOR, "end_former_standing", str(self._standing.number))
        return self._standing.destroy_former()

    async def _end_grants(self, grants: Sequence[Holder], actor: str) -> None:
        """Keys go first: a ledger that cannot be written keeps nobody's access open."""
        await self._grants.end([holder.sid for holder in grants])
        for holder in grants:
            await self._write_down(holder.account, actor, "grant.end", *_named(holder))

    def _admit(self, device: DeviceOf, login: str) -> None:
        if not self._devices.is_present(device, login):
            # Of devices that there are alone: else anybody could fill the record, under names of his own.
            if self._devices.is_known(device):
                self._write_down_later(device.account, device.factor, "refused.device")
            raise KeyRefusedError("no such device")

    async def _new_records(self, account: str, actor: str, prefixes: Sequence[str]) -> RecordKeys:
        sids = tuple(new_sid(prefix, self._clock.now_ms()) for prefix in prefixes)
        live = await self._live.epoch(account)
        await self._live.count(account, len(sids))
        await self._write_down(account, actor, "seal_for_device", *sids)
        return RecordKeys(epoch=live.number, sids=sids, keys=tuple(live.record_keys.key(sid) for sid in sids))

    async def _open(self, caller: Caller, account: str, verb: str) -> Opened:
        try:
            opened = self._slots.open(caller, account)
        except KeyRefusedError:
            self._write_down_later(account, caller.credential, f"refused.{verb}")
            raise
        if not opened.supersedes:
            return opened
        await self._write_down(caller.account, caller.credential, "end_rotated_slot", caller.credential)
        await self._slots.supersede(caller)
        return self._slots.open(caller, account)

    async def _open_or_seal(self, caller: Caller, account: str, verb: str) -> None:
        """As `_open`, for what needs no content key: who only seals may do it too."""
        if not self._slots.seals(caller, account):
            await self._open(caller, account, verb)

    async def _open_archive(
        self, caller: Caller, account: str, verb: str, kind: Kind, numbers: Sequence[int]
    ) -> dict[int, bytes]:
        keys = self._archive.open(await self._open(caller, account, verb), account, kind, numbers)
        await self._write_down(account, caller.credential, verb, *map(str, keys))
        return keys

    def _open_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        try:
            return [self._standing.open(account, name, sealed) for name, sealed in records]
        except UnsealError:
            raise KeyRefusedError("standing configuration does not open") from None

    async def _write_down(self, account: str, actor: str, verb: str, *scope: str) -> None:
        await self._write_down_of((account,), actor, verb, *scope)

    async def _write_down_of(self, accounts: Sequence[str], actor: str, verb: str, *scope: str) -> None:
        at_ms = self._clock.now_ms()
        entries = [AccessEntry(at_ms=at_ms, account=each, actor=actor, verb=verb, scope=scope) for each in accounts]
        try:
            await self._ledger.append(entries)
        except OSError as error:
            raise ConnectionError("the ledger cannot be written") from error

    def _write_down_later(self, account: str, actor: str, verb: str, *scope: str) -> None:
        self._ledger.append_later(
            AccessEntry(at_ms=self._clock.now_ms(), account=account, actor=actor, verb=verb, scope=scope)
        )


def _person(actor: str) -> str:
    """The actor, in the form of one. ValueError: under a key's name, or ours, the console writes nothing by itself."""
    if not PERSON.fullmatch(actor):
        raise ValueError("an act is of staff or of a member, by their ID")
    return actor


def _read_by(reader: Reader) -> tuple[str, str]:
    """How the ledger's entries name who reads in a console. ValueError: nobody could be asked about it."""
    if not is_sid(reader.session, "CS") or not is_sid(reader.member, "MB"):
        raise ValueError("a reader has a session and is a member")
    return f"session:{reader.session}", f"member:{reader.member}"


def _named(grant: Holder) -> tuple[str, ...]:
    """How the ledger's entries name a grant, and the session that it is for."""
    return f"session:{grant.session}", f"grant:{grant.sid}"
