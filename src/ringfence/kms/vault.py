"""What all verbs of the key service work on: its keys, its database, and the record of who opened what.

Whatever opens on a tenant's behalf is in the ledger before its key is returned: no log, no key. What opens for the
dispatcher is logged soon after, so that texts keep flowing.
"""

import asyncio
import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import structlog

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sid import is_sid
from ringfence.kms.access_changes import AccessChangeBook
from ringfence.kms.archive import Archive
from ringfence.kms.browser_slots import BrowserSlots
from ringfence.kms.codes import Codes
from ringfence.kms.day_keys import DayKeys
from ringfence.kms.devices import Devices
from ringfence.kms.duties import DutyBook
from ringfence.kms.grant_keys import GrantKeys
from ringfence.kms.grants import Grants, Holder
from ringfence.kms.key_files import TABLES, KeyFiles
from ringfence.kms.live_epochs import LiveEpochs
from ringfence.kms.residue import Residue
from ringfence.kms.sealed_forms import SealedForms
from ringfence.kms.slot_keys import Opened, SlotKeys
from ringfence.kms.standing_forms import StandingFormBook
from ringfence.kms.standing_keys import StandingKeys
from ringfence.kms.store import DATABASE, KeyStore
from ringfence.kms.table_indexes import TableIndexes
from ringfence.kms.totp_secrets import TotpSecrets
from ringfence.kms.verification_keys import VerificationKeys
from ringfence.ports.console_keys import Reader
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.ports.ledger import AccessEntry, Ledger

API = "api"
OPERATOR = "operator"
PERSON = re.compile(r"(member|staff):[0-9A-Za-z-]{1,64}")

_log = structlog.get_logger(__name__)


class Vault:
    """One directory of keys: opened, kept tidy, closed.

    `files` and `store`, where given, take the place of those there. With `hybrid`, new accounts are sealed by the
    hybrid of X25519 with ML-KEM.
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
        self._duties = DutyBook(self._store, self._files, clock)
        self._telling = asyncio.Lock()
        self._told = (0, "", "")
        self._newcomers: set[str] = set()
        self._residue = Residue(self._store, self._days, clock)
        self._verification_keys = VerificationKeys(self._files, clock)
        self._codes = Codes(self._store, self._verification_keys, clock)
        self._standing = StandingKeys(self._files)
        self._grant_keys = GrantKeys(self._files, clock)
        self._grants = Grants(self._store, self._grant_keys, clock)
        self._sealed_forms = SealedForms(self._store, self._browsers, self._grant_keys)
        self._forms = StandingFormBook(self._store, self._standing, self._sealed_forms)
        self._access = AccessChangeBook(self._store, self._standing, self._browsers, self._sealed_forms, clock)
        self._tables: TableIndexes

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
            self._duties.load()
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
        await self._access.tidy()
        await self._duties.tidy()
        for ended in await self._grants.tidy():
            self._write_down_later(ended.account, "kms", "grant.expire", *named(ended))
        if destroyed := self._grant_keys.destroy_former():
            self._write_down_later("", "kms", "end_former_grants", str(destroyed))
        for account, key in self._access.past_keys():
            await self._write_down(account, "kms", "end_key", key)
            await self._slots.revoke(account, key)
        await self._store.scrub()

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

    def _open_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        try:
            return [self._standing.open(account, name, sealed) for name, sealed in records]
        except UnsealError:
            raise KeyRefusedError("standing configuration does not open") from None

    async def _end_grants(self, grants: Sequence[Holder], actor: str) -> None:
        """Keys go first: a ledger that cannot be written keeps nobody's access open.

        ConnectionError then. Whoever tries again finds no keys, so what could not be written waits here.
        """
        await self._grants.end([holder.sid for holder in grants])
        for at, holder in enumerate(grants):
            try:
                await self._write_down(holder.account, actor, "grant.end", *named(holder))
            except ConnectionError:
                for left in grants[at:]:
                    self._write_down_later(left.account, actor, "grant.end", *named(left))
                raise

    @contextlib.contextmanager
    def _refusals_of(self, account: str, credential: str, verb: str, *scope: str) -> Iterator[None]:
        """What is refused to a slot that there is, is written down: else anybody could fill the record."""
        try:
            yield
        except KeyRefusedError:
            if self._browsers.is_known(account, credential):
                self._write_down_later(account, credential, f"refused.{verb}", *scope)
            raise

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


def person(actor: str) -> str:
    """The actor, in the form of one. ValueError: under a key's name, or ours, the console writes nothing by itself."""
    if not PERSON.fullmatch(actor):
        raise ValueError("an act is of staff or of a member, by their ID")
    return actor


def read_by(reader: Reader) -> tuple[str, str]:
    """How the ledger's entries name who reads in a console. ValueError: nobody could be asked about it."""
    if not is_sid(reader.session, "CS") or not is_sid(reader.member, "MB"):
        raise ValueError("a reader has a session and is a member")
    return f"session:{reader.session}", f"member:{reader.member}"


def named(grant: Holder) -> tuple[str, ...]:
    """How the ledger's entries name a grant, and the session that it is for."""
    return f"session:{grant.session}", f"grant:{grant.sid}"
