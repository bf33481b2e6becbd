"""Standing configuration for the browsers of its owners: sealed to their content key, changed by what they prove."""

from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.standing_form import form_place, form_proof, view_place
from ringfence.domain.sid import is_sid
from ringfence.domain.standing_form import fields_of, tells_status, with_changes
from ringfence.kms.browser_slots import BrowserSlots
from ringfence.kms.grant_keys import GrantKeys
from ringfence.kms.standing_keys import StandingKeys
from ringfence.kms.store import KeyStore
from ringfence.ports.console_keys import PASSKEY_PREFIX
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.standing_forms import RECORDS_AT_ONCE, KeptStanding, SealedForm

BOX_MAX_BYTES: Final = 65_536
_PRESENT = (
    "SELECT generation, public FROM content_key JOIN account USING (account, generation) WHERE account.account = ?"
)
_SLOTS = "SELECT DISTINCT public FROM slot WHERE account = ? AND credential = ? AND length(public) > 0"


class StandingFormBook:
    """`ports.standing_forms` over the key service's keys, without the ledger. `keys` are what browsers seal to."""

    def __init__(self, store: KeyStore, standing: StandingKeys, browsers: BrowserSlots, keys: GrantKeys) -> None:
        self._store = store
        self._standing = standing
        self._browsers = browsers
        self._recipient = keys

    def show(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[tuple[int, bytes]]:
        """Each for the present content key."""
        if len(records) > RECORDS_AT_ONCE:
            raise ValueError(f"more than {RECORDS_AT_ONCE} records at once")
        present = self._store.row(_PRESENT, account)
        if present is None:
            raise KeyRefusedError("no such account")
        generation, public = present
        return [
            (generation, hpke.seal(public, self._seen(account, name, sealed), view_place(account, generation, name)))
            for name, sealed in records
        ]

    def check(self, account: str, record: str, form: SealedForm) -> None:
        """KeyRefusedError unless it was made with the slot it names, for this record. Its key is used up."""
        key = self._browsers.take_proof_key(account, form.proof_key)
        if not (form.by == account or is_sid(form.by, PASSKEY_PREFIX)) or len(form.box) > BOX_MAX_BYTES:
            raise KeyRefusedError("that changes nothing")
        what = form_proof(account, record, form.by, form.box)
        if not any(key.holds(form.proof, public, what) for (public,) in self._store.rows(_SLOTS, account, form.by)):
            raise KeyRefusedError("whoever changes this does not hold what he names")

    def changed(self, account: str, record: str, now: bytes, form: SealedForm) -> KeptStanding:
        """What `check` let pass. ValueError for what a field may not have."""
        try:
            changes = self._recipient.unseal(form.box, form_place(account, record, form.by))
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
