"""Forms that members' browsers seal for the key service, each with a proof by a slot of the account."""

from typing import Final

from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.slot_proof import ProofKey
from ringfence.domain.sealing.standing_form import form_place, form_proof
from ringfence.domain.sid import is_sid
from ringfence.kms.browser_slots import BrowserSlots
from ringfence.kms.grant_keys import GrantKeys
from ringfence.kms.store import KeyStore
from ringfence.ports.console_keys import PASSKEY_PREFIX
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.standing_forms import SealedForm

BOX_MAX_BYTES: Final = 65_536
_SLOTS = "SELECT DISTINCT public FROM slot WHERE account = ? AND credential = ? AND length(public) > 0"


class SealedForms:
    """Whom they are by, and what is in them. `keys` are what browsers seal to."""

    def __init__(self, store: KeyStore, browsers: BrowserSlots, keys: GrantKeys) -> None:
        self._store = store
        self._browsers = browsers
        self._recipient = keys

    def check(self, account: str, record: str, form: SealedForm, *, most: int = BOX_MAX_BYTES) -> ProofKey:
        """KeyRefusedError unless it was made with the slot it names, for this record. Its key is used up, and returned
        for what else in the form is proved with it. `most` is how many bytes the form may have."""
        key = self._browsers.proofs.take(account, form.proof_key)
        if not (form.by == account or is_sid(form.by, PASSKEY_PREFIX)) or len(form.box) > most:
            raise KeyRefusedError("that changes nothing")
        what = form_proof(account, record, form.by, form.box)
        if not any(key.holds(form.proof, public, what) for (public,) in self._store.rows(_SLOTS, account, form.by)):
            raise KeyRefusedError("whoever changes this does not hold what he names")
        return key

    def open(self, account: str, record: str, form: SealedForm) -> bytes:
        """What `check` let pass; KeyRefusedError."""
        try:
            return self._recipient.unseal(form.box, form_place(account, record, form.by))
        except UnsealError:
            raise KeyRefusedError("this does not open") from None
