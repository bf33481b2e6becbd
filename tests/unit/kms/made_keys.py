"""What the key origin's frame makes of a key, by Python's half of the cryptography."""

import hashlib
from typing import Any

import msgspec

from ringfence.domain.access_change import new_key_record
from ringfence.domain.base64url import encode_base64url
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.sealing.slot_proof import new_slot, prove
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed
from ringfence.domain.sealing.standing_form import form_place, form_proof
from ringfence.ports.standing_forms import SealedForm


class MadeKey:
    """A key that a browser made: `content` are the content keys that it holds, by generation."""

    def __init__(self, account: str, sid: str, secret: str, content: dict[int, bytes], *, hybrid: bool = False) -> None:
        self.account, self.sid, self.secret, self.content, self.hybrid = account, sid, secret, content, hybrid
        self.record = new_key_record(sid)

    def fields(self, proof_key: bytes, *, sealed: bool = True, **changed: Any) -> dict[str, Any]:
        """The form, before it is sealed; with content keys that are `sealed` to the key's slot, or none."""
        public = slot_public(slot_seed(self.secret, self.sid), hybrid=self.hybrid)
        boxes = [
            (number, ContentKey(self.account, number, private, hybrid=self.hybrid).seal_to_slot(public, self.sid))
            for number, private in self.content.items()
            if sealed
        ]
        present = max(self.content)
        what = new_slot(self.account, self.sid, present, public, boxes)
        proof = prove(self.content[present], proof_key, what, hybrid=self.hybrid)
        return {
            "friendly_name": "Till",
            "policy": "",
            "networks": "",
            "verifier": encode_base64url(hashlib.sha256(self.secret.encode()).digest()),
            "hmac_states": encode_base64url(states_of(self.secret.encode())),
            "public": encode_base64url(public),
            "boxes": [(number, encode_base64url(box)) for number, box in boxes],
            "proof": encode_base64url(proof),
        } | changed

    def form(self, keeper: bytes, by: str, seed: bytes, proof_key: bytes, **changed: Any) -> SealedForm:
        """As it leaves the frame, proved by the slot of `by`."""
        fields = self.fields(proof_key, **changed)
        return sealed_form(self.account, self.record, keeper, by, seed, proof_key, fields, hybrid=self.hybrid)


def sealed_form(
    account: str,
    record: str,
    keeper: bytes,
    by: str,
    seed: bytes,
    proof_key: bytes,
    fields: Any,
    *,
    hybrid: bool = False,
) -> SealedForm:
    """Any form, sealed to the key service with a proof by the slot of `by`."""
    box = hpke.seal(keeper, msgspec.json.encode(fields), form_place(account, record, by))
    proof = prove(seed, proof_key, form_proof(account, record, by, box), hybrid=hybrid)
    return SealedForm(by=by, box=box, proof_key=proof_key, proof=proof)
