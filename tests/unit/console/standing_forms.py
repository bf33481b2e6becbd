"""What the key origin's frame does with forms of sealed configuration, by Python's half of the cryptography."""

from typing import Any

import msgspec
from tests.unit.console.test_members import Member

from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.slot_proof import prove
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sealing.standing_form import form_place, form_proof, view_place


def seen(member: Member, sealed: dict[str, Any]) -> dict[str, str]:
    """What the frame shows."""
    pair = hpke.Recipient(member.content[sealed["generation"]])
    where = view_place(member.account, sealed["generation"], sealed["record"])
    fields: dict[str, str] = msgspec.json.decode(pair.unseal(decode_base64url(sealed["box"]), where))
    return fields


async def filled_in(it: Any, member: Member, asked: dict[str, Any], **changes: str) -> dict[str, str]:
    """What the frame sends of what a person typed."""
    by, proof_key = member.opened_by, decode_base64url(asked["proof_key"])
    box = hpke.seal(
        await it.keys.grant_keeper(), msgspec.json.encode(changes), form_place(member.account, asked["record"], by)
    )
    what = form_proof(member.account, asked["record"], by, box)
    proof = prove(slot_seed(member.secret, by), proof_key, what)
    return {"by": by, "box": encode_base64url(box), "proof_key": asked["proof_key"], "proof": encode_base64url(proof)}
