"""Seal all standing configuration anew under the newest standing key, while programs read and change it."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ringfence.domain.standing import (
    application_record,
    hmac_states_record,
    notice_address_record,
    number_record,
    push_credential_record,
    service_record,
    sip_credential_record,
    sip_domain_record,
    verify_webhook_record,
)
from ringfence.ports.operator_keys import OperatorKeys
from ringfence.ports.standing_rows import StandingRow, StandingRows
from ringfence.ports.totp_codes import TotpOf
from ringfence.usecases.lookups.overrides import override_record
from ringfence.usecases.verify.challenges import metadata_record

AT_ONCE = 200


class Swept(NamedTuple):
    """How many were under a former key: rows of the store, and secrets of the key service's own."""

    rows: int
    secrets: int


async def sweep_standing(store: StandingRows, keys: OperatorKeys) -> Swept:
    """Every place, in batches. A row that changes meanwhile is left as it is: it was sealed anew by whoever changed it.

    KeyRefusedError where a row does not open: then it is another key service's. Again is a no-op.
    """
    rows = [await _sweep(store, keys, name, record) for name, record in RECORDS.items()]
    return Swept(sum(rows), await _renew_totp(store, keys))


async def _sweep(store: StandingRows, keys: OperatorKeys, name: str, record: "Record") -> int:
    renewed, after = 0, None
    while rows := await store.standing_rows(name, after, AT_ONCE):
        by_account: dict[str, list[StandingRow]] = {}
        for row in rows:
            by_account.setdefault(str(row.fields["account"]), []).append(row)
        for account, some in by_account.items():
            sealed = await keys.renew_standing(account, [(record(row), row.sealed) for row in some])
            anew = [(row, new) for row, new in zip(some, sealed, strict=True) if new is not None]
            if anew:
                renewed += await store.renew_standing_rows(anew)
        after = rows[-1]
    return renewed


async def _renew_totp(store: StandingRows, keys: OperatorKeys) -> int:
    renewed, after = 0, ("", "", "")
    while factors := await store.totp_factors(after, AT_ONCE):
        renewed += await keys.renew_totp([TotpOf(account=a, service=s, factor=f) for a, s, f in factors])
        after = factors[-1]
    return renewed


class Record(Protocol):
    """Under which name a row's value is sealed."""

    def __call__(self, row: StandingRow) -> str: ...


def _by_sid(name: Callable[[str], str]) -> Record:
    return lambda row: name(str(row.fields["sid"]))


def _sip_access(row: StandingRow) -> str:
    name = sip_domain_record if row.fields["kind"] == "domain" else sip_credential_record
    return name(str(row.fields["sid"]))


def _verify_config(row: StandingRow) -> str:
    name = push_credential_record if row.fields["kind"] == "push_credential" else verify_webhook_record
    return name(str(row.fields["sid"]))


def _override(row: StandingRow) -> str:
    tag = row.fields["tag"]
    assert isinstance(tag, bytes)
    return override_record(tag)


def _shown(row: StandingRow) -> str:
    return "/".join((str(row.fields["factor"]), str(row.fields["sid"])))


RECORDS: dict[str, Record] = {
    "number": _by_sid(number_record),
    "credential": _by_sid(hmac_states_record),
    "application": _by_sid(application_record),
    "messaging_service": _by_sid(service_record),
    "sip_access": _sip_access,
    "verify_config": _verify_config,
    "notice_address": lambda row: notice_address_record(str(row.fields["account"])),
    "lookup_override": _override,
    "challenge.shown": _shown,
    "challenge.metadata": _by_sid(metadata_record),
}
