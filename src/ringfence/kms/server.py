"""The key service's three sockets: for the API, for the dispatcher, for the console. Each refuses the others' verbs."""

from collections.abc import Awaitable, Callable, Collection
from pathlib import Path
from typing import Protocol

from ringfence.ipc.server import Server, serve
from ringfence.ports.access_changes import AccessChanges, AccessForms
from ringfence.ports.access_notes import FreezeNotes
from ringfence.ports.console_keys import ConsoleKeys, ConsoleLinks
from ringfence.ports.device_keys import DeviceKeys
from ringfence.ports.grants import GrantKeys
from ringfence.ports.keys import DeliveryKeys, TenantKeys
from ringfence.ports.ledger import GapRecords, LedgerRecords, OwnRecords
from ringfence.ports.operator_keys import OperatorKeys
from ringfence.ports.retention import Duties
from ringfence.ports.standing_forms import StandingForms
from ringfence.ports.totp_codes import TotpCodes
from ringfence.ports.verification_codes import CodeReader, VerificationCodes
from ringfence.ports.witnesses import Checkpoints

TENANT_VERBS = (
    "create_account",
    "add_slot",
    "add_sealer",
    "copy_slot",
    "end_former_slot",
    "revoke_slot",
    "end_slot_at",
    "sealing_key",
    "open_epochs",
    "lend_record",
    "index_keys",
    "seal_standing",
    "open_standing_as",
    "blind",
    "open_code",
    "check_code",
    "code_state",
    "close_code",
    "open_totp",
    "check_totp",
    "close_totp",
    "keep_device",
    "device_payload",
    "is_signed_by_device",
    "open_for_device",
    "seal_for_device",
    "forget_devices",
    "sign_enrolment",
    "read_enrolment",
    "enrol",
    "take_access",
    "settle_access",
    "duties",
)
FREEZE_VERBS = ("note_freeze",)
OPERATOR_VERBS = (
    "rotate_standing",
    "rotate_grants",
    "renew_standing",
    "renew_totp",
    "former_standing",
    "end_former_standing",
    "duties",
    "declare_duty",
    "declaration",
    "end_duty",
    "open_duty",
)
LEDGER_VERBS = ("checkpoint", "verifier", "cosigned", "tile", "entries_of")
LINK_VERBS = ("open_console_link",)
CONSOLE_VERBS = (
    "link_boxes",
    "slot_boxes",
    "with_slots",
    "child_boxes",
    "sealed_epochs",
    "lend_sealed",
    "proof_key",
    "add_browser_slot",
    "revoke_browser_slot",
    "show_standing",
    "keep_standing",
    "keep_access",
    "waiting_access",
    "note",
    "grant_keeper",
    "keep_grant",
    "grant_boxes",
    "end_grant",
    "end_grants",
    "duties",
)
WITNESSED_VERBS = ("checkpoint", "consistency", "keep_cosigned", "gaps")
CONSOLE_LEDGER_VERBS = (
    "checkpoint",
    "verifier",
    "cosigned",
    "tile",
    "entries_for",
    "entries_by",
    "latest_for",
    "consistency",
    "gaps",
    "standing",
)
DELIVERY_VERBS = (
    "seal_record",
    "retention_of",
    "open_records",
    "open_standing",
    "blind",
    "open_delivery_epochs",
    "close_epoch",
    "reveal_codes",
    "duties",
)


class ForApi(TenantKeys, VerificationCodes, TotpCodes, DeviceKeys, AccessChanges, Duties, Protocol):
    """What the API may ask."""


class ForCarriage(DeliveryKeys, CodeReader, Duties, Protocol):
    """What the dispatcher and voice may ask."""


class Watched(Checkpoints, GapRecords, Protocol):
    """What of the ledger the dispatcher may read, to have it cosigned and to say what it lacks."""


class ForConsole(ConsoleKeys, GrantKeys, StandingForms, AccessForms, Duties, Protocol):
    """What the console may ask."""


async def serve_tenant_keys(
    service: ForApi,
    path: Path,
    allowed_uids: Collection[int] | None = None,
    records: LedgerRecords | None = None,
    links: ConsoleLinks | None = None,
    freezes: FreezeNotes | None = None,
) -> Server:
    """Answer the verbs of `ForApi` at `path`, and those of what else is given. OSError where the path cannot be had."""
    verbs = {verb: getattr(service, verb) for verb in TENANT_VERBS}
    if links is not None:
        verbs |= {verb: getattr(links, verb) for verb in LINK_VERBS}
    if freezes is not None:
        verbs |= {verb: getattr(freezes, verb) for verb in FREEZE_VERBS}
    if records is not None:
        verbs |= {f"ledger_{verb}": getattr(records, verb) for verb in LEDGER_VERBS}
    return await serve(path, verbs, allowed_uids)


async def serve_delivery_keys(
    service: ForCarriage,
    path: Path,
    allowed_uids: Collection[int] | None = None,
    records: Watched | None = None,
    freezes: FreezeNotes | None = None,
) -> Server:
    """Answer the verbs of `ForCarriage` at `path`, and those of what else is given. OSError as `serve_tenant_keys`."""
    verbs = {verb: getattr(service, verb) for verb in DELIVERY_VERBS}
    if freezes is not None:
        verbs |= {verb: getattr(freezes, verb) for verb in FREEZE_VERBS}
    if records is not None:
        verbs |= {f"ledger_{verb}": getattr(records, verb) for verb in WITNESSED_VERBS}
    return await serve(path, verbs, allowed_uids)


async def serve_console_keys(
    service: ForConsole, path: Path, allowed_uids: Collection[int] | None = None, records: OwnRecords | None = None
) -> Server:
    """Answer the verbs of `ForConsole` at `path`, and those of `records`. OSError where the path cannot be had."""
    verbs = {verb: getattr(service, verb) for verb in CONSOLE_VERBS}
    if records is not None:
        verbs |= {f"ledger_{verb}": getattr(records, verb) for verb in CONSOLE_LEDGER_VERBS}
    return await serve(path, verbs, allowed_uids)


async def serve_operator_keys(
    service: OperatorKeys,
    path: Path,
    rotate_ledger: Callable[[], Awaitable[str]],
    allowed_uids: Collection[int] | None = None,
) -> Server:
    """Answer the verbs of `OperatorKeys` at `path`, and `rotate_ledger`. OSError where the path cannot be had."""
    verbs = {verb: getattr(service, verb) for verb in OPERATOR_VERBS}
    return await serve(path, verbs | {"rotate_ledger": rotate_ledger}, allowed_uids)
