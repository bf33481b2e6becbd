"""What consoles and the key origin tell each other of slots, as JSON: bytes are base64url."""

from typing import Any

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.console.tenant.members import Asked, Boxes
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.ports.console_keys import BrowserSlot

BOXES_MAX = 10_000


class SlotJson(msgspec.Struct, frozen=True, kw_only=True):
    """A slot that a browser made."""

    credential: str
    public: str
    boxes: list[tuple[int, str]]
    proof_key: str
    proof: str


def read_slot(slot: SlotJson) -> BrowserSlot:
    """The bytes of its fields; RefusedError with 400."""
    try:
        if len(slot.boxes) > BOXES_MAX or any(not 0 <= generation < 1 << 53 for generation, _ in slot.boxes):
            raise ValueError("no such generation")
        return BrowserSlot(
            credential=slot.credential,
            public=decode_base64url(slot.public),
            boxes=[(generation, decode_base64url(box)) for generation, box in slot.boxes],
            proof_key=decode_base64url(slot.proof_key),
            proof=decode_base64url(slot.proof),
        )
    except ValueError:
        raise RefusedError("The slot is not what this takes.", status=400) from None


def boxes_json(boxes: Boxes) -> list[tuple[int, str]]:
    """Content or epoch keys, sealed."""
    return [(generation, encode_base64url(box)) for generation, box in boxes]


def asked_json(asked: Asked) -> dict[str, Any]:
    """What a browser is given to make a passkey and its slot."""
    return {
        "ceremony": asked.ceremony,
        "options": asked.options,
        "boxes": boxes_json(asked.boxes),
        "proof_key": encode_base64url(asked.proof_key),
    }
