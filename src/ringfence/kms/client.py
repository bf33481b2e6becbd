"""The key service as the API, the dispatcher and the console see it, over their sockets."""

from collections.abc import Sequence
from typing import Any

from ringfence.domain.clock import Clock
from ringfence.domain.device_token import DeviceOf, Enrolment
from ringfence.domain.retention.declaration import Declaration
from ringfence.domain.retention.opening import Request
from ringfence.domain.sealing.grant import SealedGrant
from ringfence.domain.sealing.retained import RecordRetention
from ringfence.domain.totp import TotpShape
from ringfence.ipc.client import Client
from ringfence.kms.held_keys import HeldSealingKeys
from ringfence.ports.access_changes import AccessChange, WaitingAccess
from ringfence.ports.console_keys import BrowserSlot, Reader, Way
from ringfence.ports.device_keys import RecordKeys
from ringfence.ports.grants import KeptGrant
from ringfence.ports.keys import Caller, RecordKey, SealingKey, Slot
from ringfence.ports.ledger import LedgerGap, LedgerStanding, OpenedBy, ProvenEntries
from ringfence.ports.operator_keys import Former
from ringfence.ports.retention import Duty
from ringfence.ports.standing_forms import KeptStanding, SealedForm
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import CodeOf, CodeState, Verdict

# Every tenant is told before it is answered: 270,000 take some seconds, on a slow disk a minute.
TELLING_TIMEOUT_S = 300
_Retention: Any = RecordRetention | None


class ApiKeyClient:
    """`kms.server.ForApi` at the API's socket. Sealing keys are held for a minute at most."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._held = HeldSealingKeys(clock)

    async def create_account(self, account: str, slots: Sequence[Slot], parent: str | None = None) -> None:
        await self._client.call("create_account", account, slots, parent)

    async def note_freeze(self, credential: str, accounts: Sequence[str], what: str, cause: str) -> None:
        await self._client.call("note_freeze", credential, accounts, what, cause)

    async def add_slot(self, caller: Caller, account: str, slot: Slot) -> None:
        self._held.forget(account)
        await self._client.call("add_slot", caller, account, slot)

    async def copy_slot(self, caller: Caller, account: str, source: str, credential: str) -> None:
        self._held.forget(account)
        await self._client.call("copy_slot", caller, account, source, credential)

    async def add_sealer(self, caller: Caller, account: str, slot: Slot) -> None:
        await self._client.call("add_sealer", caller, account, slot)

    async def end_former_slot(self, account: str, credential: str) -> None:
        await self._client.call("end_former_slot", account, credential)

    async def revoke_slot(self, account: str, credential: str) -> None:
        self._held.forget(account)
        await self._client.call("revoke_slot", account, credential)
        self._held.forget(account)

    async def end_slot_at(self, caller: Caller, account: str, credential: str, ends_ms: int) -> int:
        return await self._client.call("end_slot_at", caller, account, credential, ends_ms, returns=int)

    async def sealing_key(self, caller: Caller, account: str, sealed: int = 0) -> SealingKey:
        async def fetch(so_far: int) -> SealingKey:
            return await self._client.call("sealing_key", caller, account, so_far + sealed, returns=SealingKey)

        return await self._held.get(caller, account, fetch)

    async def open_epochs(self, caller: Caller, account: str, epochs: Sequence[int]) -> dict[int, bytes]:
        return await self._client.call("open_epochs", caller, account, epochs, returns=dict[int, bytes])

    async def lend_record(self, caller: Caller, account: str, epoch: int, sid: str) -> None:
        await self._client.call("lend_record", caller, account, epoch, sid)

    async def index_keys(self, caller: Caller, account: str, days: Sequence[int]) -> dict[int, bytes]:
        return await self._client.call("index_keys", caller, account, days, returns=dict[int, bytes])

    async def seal_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        return await self._client.call("seal_standing", account, records, returns=list[bytes])

    async def open_standing_as(self, caller: Caller, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        return await self._client.call("open_standing_as", caller, account, records, returns=list[bytes])

    async def blind(self, account: str, table: str, values: Sequence[str]) -> list[bytes]:
        return await self._client.call("blind", account, table, values, returns=list[bytes])

    async def open_code(self, code: CodeOf, length: int, expires_ms: int, custom: str = "") -> None:
        await self._client.call("open_code", code, length, expires_ms, custom)

    async def check_code(self, code: CodeOf, guess: str) -> Verdict:
        return await self._client.call("check_code", code, guess, returns=Verdict)

    async def code_state(self, account: str, sid: str) -> CodeState:
        return await self._client.call("code_state", account, sid, returns=CodeState)

    async def close_code(self, account: str, sid: str) -> None:
        await self._client.call("close_code", account, sid)

    async def open_totp(self, factor: TotpOf, shape: TotpShape, secret: bytes = b"") -> bytes:
        return await self._client.call("open_totp", factor, shape, secret, returns=bytes)

    async def check_totp(self, factor: TotpOf, attempt: str, guess: str, shape: TotpShape | None = None) -> Verdict:
        return await self._client.call("check_totp", factor, attempt, guess, shape, returns=Verdict)

    async def close_totp(self, account: str, factors: Sequence[str]) -> None:
        await self._client.call("close_totp", account, factors)

    async def keep_device(self, device: DeviceOf, public_key: bytes) -> None:
        await self._client.call("keep_device", device, public_key)

    async def device_payload(self, device: DeviceOf, token: str) -> bytes | None:
        answer: bytes | None = await self._client.call("device_payload", device, token)
        return answer

    async def is_signed_by_device(self, device: DeviceOf, message: bytes, signature: bytes) -> bool:
        return await self._client.call("is_signed_by_device", device, message, signature, returns=bool)

    async def open_for_device(self, device: DeviceOf, login: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        return await self._client.call("open_for_device", device, login, records, returns=list[bytes])

    async def seal_for_device(self, device: DeviceOf, login: str, prefixes: Sequence[str]) -> RecordKeys:
        return await self._client.call("seal_for_device", device, login, prefixes, returns=RecordKeys)

    async def forget_devices(self, account: str, factors: Sequence[str]) -> None:
        await self._client.call("forget_devices", account, factors)

    async def sign_enrolment(self, caller: Caller, enrolment: Enrolment) -> str:
        return await self._client.call("sign_enrolment", caller, enrolment, returns=str)

    async def read_enrolment(self, account: str, service: str, token: str) -> Enrolment:
        return await self._client.call("read_enrolment", account, service, token, returns=Enrolment)

    async def enrol(self, account: str, service: str, token: str, prefixes: Sequence[str]) -> RecordKeys:
        return await self._client.call("enrol", account, service, token, prefixes, returns=RecordKeys)

    async def open_console_link(
        self, caller: Caller, account: str, slot: Slot, until_ms: int, owner: bool = False
    ) -> None:
        await self._client.call("open_console_link", caller, account, slot, until_ms, owner)

    async def take_access(self) -> list[AccessChange]:
        return await self._client.call("take_access", returns=list[AccessChange])

    async def settle_access(self, numbers: Sequence[int]) -> list[int]:
        return await self._client.call("settle_access", numbers, returns=list[int])

    async def duties(self) -> list[Duty]:
        return await self._client.call("duties", returns=list[Duty])


class ConsoleKeyClient:
    """`kms.server.ForConsole` and `ports.ledger.OwnRecords` at the console's socket."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def link_boxes(self, account: str, link: str) -> list[tuple[int, bytes]]:
        return await self._client.call("link_boxes", account, link, returns=list[tuple[int, bytes]])

    async def slot_boxes(self, account: str, credential: str, reader: Reader) -> list[tuple[int, bytes]]:
        return await self._client.call("slot_boxes", account, credential, reader, returns=list[tuple[int, bytes]])

    async def with_slots(self, account: str, credentials: Sequence[str]) -> list[str]:
        return await self._client.call("with_slots", account, credentials, returns=list[str])

    async def child_boxes(
        self, account: str, credential: str, child: str, reader: Reader
    ) -> list[tuple[int, int, bytes]]:
        return await self._client.call(
            "child_boxes", account, credential, child, reader, returns=list[tuple[int, int, bytes]]
        )

    async def sealed_epochs(
        self, account: str, credential: str, epochs: Sequence[int], reader: Reader, child: str = ""
    ) -> dict[int, list[tuple[int, bytes]]]:
        return await self._client.call(
            "sealed_epochs", account, credential, epochs, reader, child, returns=dict[int, list[tuple[int, bytes]]]
        )

    async def lend_sealed(
        self, account: str, credential: str, epoch: int, sid: str, sealed: bytes, reader: Reader
    ) -> None:
        await self._client.call("lend_sealed", account, credential, epoch, sid, sealed, reader)

    async def proof_key(self, account: str, asker: str) -> bytes:
        return await self._client.call("proof_key", account, asker, returns=bytes)

    async def add_browser_slot(self, account: str, slot: BrowserSlot, by: str, way: Way) -> bool:
        return await self._client.call("add_browser_slot", account, slot, by, way, returns=bool)

    async def revoke_browser_slot(self, account: str, credential: str, by: str) -> None:
        await self._client.call("revoke_browser_slot", account, credential, by)

    async def show_standing(
        self, account: str, credential: str, records: Sequence[tuple[str, bytes]], reader: Reader
    ) -> list[tuple[int, bytes]]:
        return await self._client.call(
            "show_standing", account, credential, records, reader, returns=list[tuple[int, bytes]]
        )

    async def keep_standing(
        self, account: str, record: str, now: bytes, form: SealedForm, reader: Reader
    ) -> KeptStanding:
        return await self._client.call("keep_standing", account, record, now, form, reader, returns=KeptStanding)

    async def keep_access(self, account: str, record: str, form: SealedForm, reader: Reader) -> None:
        await self._client.call("keep_access", account, record, form, reader)

    async def waiting_access(self, account: str) -> list[WaitingAccess]:
        return await self._client.call("waiting_access", account, returns=list[WaitingAccess])

    async def note(self, account: str, actor: str, verb: str, scope: Sequence[str] = ()) -> None:
        await self._client.call("note", account, actor, verb, scope)

    async def grant_keeper(self) -> bytes:
        return await self._client.call("grant_keeper", returns=bytes)

    async def keep_grant(self, grant: KeptGrant) -> None:
        await self._client.call("keep_grant", grant)

    async def grant_boxes(self, grant: str, session: str, names: Sequence[str], staff: str = "") -> SealedGrant:
        return await self._client.call("grant_boxes", grant, session, names, staff, returns=SealedGrant)

    async def end_grant(self, grant: str, actor: str) -> None:
        await self._client.call("end_grant", grant, actor)

    async def end_grants(self, actor: str, session: str = "", staff: str = "", account: str = "") -> int:
        return await self._client.call("end_grants", actor, session, staff, account, returns=int)

    async def duties(self) -> list[Duty]:
        return await self._client.call("duties", returns=list[Duty])

    async def checkpoint(self) -> str:
        return await self._client.call("ledger_checkpoint", returns=str)

    async def verifier(self) -> str:
        return await self._client.call("ledger_verifier", returns=str)

    async def cosigned(self) -> list[str]:
        return await self._client.call("ledger_cosigned", returns=list[str])

    async def tile(self, path: str) -> bytes:
        return await self._client.call("ledger_tile", path, returns=bytes)

    async def entries_for(self, account: str, after: int, limit: int) -> ProvenEntries:
        return await self._client.call("ledger_entries_for", account, after, limit, returns=ProvenEntries)

    async def entries_by(self, account: str, by: OpenedBy, name: str, after: int, limit: int) -> ProvenEntries:
        return await self._client.call("ledger_entries_by", account, by, name, after, limit, returns=ProvenEntries)

    async def latest_for(self, account: str, before: int | None, limit: int) -> ProvenEntries:
        return await self._client.call("ledger_latest_for", account, before, limit, returns=ProvenEntries)

    async def consistency(self, old_size: int, size: int) -> list[bytes]:
        return await self._client.call("ledger_consistency", old_size, size, returns=list[bytes])

    async def gaps(self) -> list[LedgerGap]:
        return await self._client.call("ledger_gaps", returns=list[LedgerGap])

    async def standing(self) -> LedgerStanding:
        return await self._client.call("ledger_standing", returns=LedgerStanding)


class DispatcherKeyClient:
    """`DeliveryKeys`, `CodeReader`, `Duties`, `Checkpoints`, `GapRecords`, `FreezeNotes` at the dispatcher's socket."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def checkpoint(self) -> str:
        return await self._client.call("ledger_checkpoint", returns=str)

    async def consistency(self, old_size: int, size: int) -> list[bytes]:
        return await self._client.call("ledger_consistency", old_size, size, returns=list[bytes])

    async def gaps(self) -> list[LedgerGap]:
        return await self._client.call("ledger_gaps", returns=list[LedgerGap])

    async def keep_cosigned(self, note: str) -> None:
        await self._client.call("ledger_keep_cosigned", note)

    async def seal_record(self, account: str, sid: str, remote: str) -> RecordKey:
        return await self._client.call("seal_record", account, sid, remote, returns=RecordKey)

    async def retention_of(self, account: str, sid: str) -> RecordRetention | None:
        answer: RecordRetention | None = await self._client.call("retention_of", account, sid, returns=_Retention)
        return answer

    async def open_records(self, account: str, records: Sequence[tuple[int, str]]) -> list[bytes | None]:
        return await self._client.call("open_records", account, records, returns=list[bytes | None])

    async def open_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        return await self._client.call("open_standing", account, records, returns=list[bytes])

    async def blind(self, account: str, table: str, values: Sequence[str]) -> list[bytes]:
        return await self._client.call("blind", account, table, values, returns=list[bytes])

    async def open_delivery_epochs(self) -> list[tuple[str, int]]:
        return await self._client.call("open_delivery_epochs", returns=list[tuple[str, int]])

    async def close_epoch(
        self, account: str, epoch: int, unfinished: Sequence[str], scheduled: Sequence[str] = ()
    ) -> None:
        await self._client.call("close_epoch", account, epoch, unfinished, scheduled)

    async def note_freeze(self, credential: str, accounts: Sequence[str], what: str, cause: str) -> None:
        await self._client.call("note_freeze", credential, accounts, what, cause)

    async def reveal_codes(self, codes: Sequence[CodeOf]) -> list[str | None]:
        return await self._client.call("reveal_codes", codes, returns=list[str | None])

    async def duties(self) -> list[Duty]:
        return await self._client.call("duties", returns=list[Duty])


class LedgerClient:
    """`ports.ledger.LedgerRecords` at the API's socket."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def checkpoint(self) -> str:
        return await self._client.call("ledger_checkpoint", returns=str)

    async def verifier(self) -> str:
        return await self._client.call("ledger_verifier", returns=str)

    async def cosigned(self) -> list[str]:
        return await self._client.call("ledger_cosigned", returns=list[str])

    async def tile(self, path: str) -> bytes:
        return await self._client.call("ledger_tile", path, returns=bytes)

    async def entries_of(self, caller: Caller, account: str, after: int, limit: int) -> ProvenEntries:
        return await self._client.call("ledger_entries_of", caller, account, after, limit, returns=ProvenEntries)


class OperatorKeyClient:
    """`ports.operator_keys.Operator` at the operator's socket."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def rotate_standing(self) -> int:
        return await self._client.call("rotate_standing", returns=int)

    async def rotate_grants(self) -> int:
        return await self._client.call("rotate_grants", returns=int)

    async def renew_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes | None]:
        return await self._client.call("renew_standing", account, records, returns=list[bytes | None])

    async def renew_totp(self, factors: Sequence[TotpOf]) -> int:
        return await self._client.call("renew_totp", factors, returns=int)

    async def former_standing(self) -> Former:
        return await self._client.call("former_standing", returns=Former)

    async def end_former_standing(self) -> int:
        return await self._client.call("end_former_standing", returns=int)

    async def duties(self) -> list[Duty]:
        return await self._client.call("duties", returns=list[Duty])

    async def declare_duty(self, declaration: Declaration) -> int:
        return await self._client.call("declare_duty", declaration, returns=int, timeout_s=TELLING_TIMEOUT_S)

    async def end_duty(self, erase: bool) -> Duty:
        return await self._client.call("end_duty", erase, returns=Duty, timeout_s=TELLING_TIMEOUT_S)

    async def declaration(self, duty: int) -> Declaration:
        return await self._client.call("declaration", duty, returns=Declaration)

    async def open_duty(
        self, request: Request, signatures: Sequence[tuple[str, bytes]], after: int
    ) -> list[tuple[int, bytes]]:
        return await self._client.call("open_duty", request, signatures, after, returns=list[tuple[int, bytes]])

    async def rotate_ledger(self) -> str:
        return await self._client.call("rotate_ledger", returns=str)
