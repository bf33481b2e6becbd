"""What a browser says of the page that asked. Source: WebAuthn Level 3, section 5.8.1."""

import json
from typing import Any

import msgspec

from ringfence.domain.base64url import decode_base64url
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal

_TOKEN_BINDINGS = ("present", "supported")


class ClientData(msgspec.Struct, frozen=True, kw_only=True):
    """`type` is webauthn.create or webauthn.get. `framed`: the page stood in another site's, or says where it stood.

    `top_origin` is that other site's, "" where the browser does not say.
    """

    type: str
    challenge: bytes
    origin: str
    framed: bool
    top_origin: str = ""

    def __repr__(self) -> str:
        return "ClientData(…)"


def parse_client_data(data: bytes) -> ClientData:
    """From UTF-8 JSON without a name that comes twice; MALFORMED else.

    What else it holds is left alone, and so is `tokenBinding`, where it is as Level 2 had it.
    """
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise PasskeyRefusedError(Refusal.MALFORMED) from None
    if not isinstance(found, dict):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    kind, origin, cross = found.get("type"), found.get("origin"), found.get("crossOrigin", False)
    if not isinstance(kind, str) or not isinstance(origin, str) or not isinstance(cross, bool):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    binding = found.get("tokenBinding")
    if isinstance(binding, dict) and binding.get("status") not in _TOKEN_BINDINGS:
        raise PasskeyRefusedError(Refusal.MALFORMED)
    challenge = _bytes(found.get("challenge"))
    top = found.get("topOrigin", "")
    return ClientData(
        type=kind,
        challenge=challenge,
        origin=origin,
        framed=cross or "topOrigin" in found,
        top_origin=top if isinstance(top, str) else "",
    )


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    try:
        return decode_base64url(text)
    except ValueError:
        raise PasskeyRefusedError(Refusal.MALFORMED) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    # Another reader might take the first of two where we take the last.
    if len(found) != len(pairs):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    return found
