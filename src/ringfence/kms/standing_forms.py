"""Standing configuration for the browsers of its owners: sealed to their content key, changed by what they prove."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.standing_form import view_place
from ringfence.domain.standing_form import fields_of, tells_status, with_changes
from ringfence.kms.sealed_forms import SealedForms
from ringfence.kms.standing_keys import StandingKeys
from ringfence.kms.store import KeyStore
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.standing_forms import RECORDS_AT_ONCE, KeptStanding, SealedForm

_PRESENT = (
    "SELECT generation, public FROM content_key JOIN account USING (account, generation) WHERE account.account = ?"
)


class StandingFormBook:
    """`ports.standing_forms` over the key service's keys, without the ledger."""

    def __init__(self, store: KeyStore, standing: StandingKeys, forms: SealedForms) -> None:
        self._store = store
        self._standing = standing
        self._forms = forms

    def show(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[tuple[int, bytes]]:
        """Each for the present content key of an account that there is."""
        if len(records) > RECORDS_AT_ONCE:
            raise ValueError(f"more than {RECORDS_AT_ONCE} records at once")
        ((generation, public),) = self._store.rows(_PRESENT, account)
        return [
            (generation, hpke.seal(public, self._seen(account, name, sealed), view_place(account, generation, name)))
            for name, sealed in records
        ]

    def changed(self, account: str, record: str, now: bytes, form: SealedForm) -> KeptStanding:
        """What `SealedForms.check` let pass. ValueError for what a field may not have."""
        changes = self._forms.open(account, record, form)
        try:
            value = self._standing.open(account, record, now) if now else b""
        except UnsealError:
            raise KeyRefusedError("this does not open") from None
        try:
            given = msgspec.json.decode(changes, type=dict[str, str])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ValueError("no changes of a form") from None
        value = with_changes(record, value, given)
        return KeptStanding(
            sealed=self._standing.seal(account, record, value), tells_status=tells_status(record, value)
        )

    def _seen(self, account: str, name: str, sealed: bytes) -> bytes:
        try:
            return msgspec.json.encode(fields_of(name, self._standing.open(account, name, sealed)))
        except UnsealError:
            raise KeyRefusedError("standing configuration does not open") from None
