"""What a page sends of an authenticator's answer, as JSON and as bytes.

Source: WebAuthn Level 3, sections 5.1.8 (RegistrationResponseJSON, AuthenticationResponseJSON) and 5.2; Twilio, Verify
v2, "Passkeys": its requests are these objects.
"""

from typing import Final, Literal, TypeVar

import msgspec

from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal

JSON_MAX_BYTES: Final = 65_536
CLIENT_DATA_MAX_BYTES: Final = 4_096
ATTESTATION_MAX_BYTES: Final = 32_768
AUTHENTICATOR_DATA_MAX_BYTES: Final = 4_096
SIGNATURE_MAX_BYTES: Final = 1_024
HANDLE_MAX_BYTES: Final = 64
TRANSPORTS: Final = ("usb", "nfc", "ble", "smart-card", "hybrid", "internal")
PUBLIC_KEY: Final = "public-key"

Attachment = Literal["platform", "cross-platform"]


class AttestationJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Of a registration; binary as base64url."""

    client_data_json: str | None = msgspec.field(name="clientDataJSON", default=None)
    attestation_object: str | None = None
    transports: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        return "AttestationJson(…)"


class RegistrationJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A new credential. `id` and `raw_id` may be missing: the authenticator says it too."""

    id: str | None = None
    raw_id: str | None = None
    type: str | None = None
    authenticator_attachment: Attachment | None = None
    response: AttestationJson | None = None

    def __repr__(self) -> str:
        return "RegistrationJson(…)"


class AssertionJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Of an authentication; binary as base64url."""

    client_data_json: str | None = msgspec.field(name="clientDataJSON", default=None)
    authenticator_data: str | None = None
    signature: str | None = None
    user_handle: str | None = None

    def __repr__(self) -> str:
        return "AssertionJson(…)"


class AuthenticationJson(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A use of a credential."""

    id: str | None = None
    raw_id: str | None = None
    type: str | None = None
    authenticator_attachment: Attachment | None = None
    response: AssertionJson | None = None

    def __repr__(self) -> str:
        return "AuthenticationJson(…)"


class RegistrationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`credential_id` is None where the page did not name it. Of `transports` those that are known."""

    credential_id: bytes | None
    client_data: bytes
    attestation_object: bytes
    transports: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "RegistrationAnswer(…)"


class AuthenticationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`user_handle` is None where the authenticator told none, as it may for a credential that it was asked for."""

    credential_id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None = None

    def __repr__(self) -> str:
        return "AuthenticationAnswer(…)"


def parse_registration(text: bytes) -> RegistrationAnswer:
    """From the JSON of a whole answer, at most 64 KiB; PasskeyRefusedError: MALFORMED."""
    return read_registration(_parse(text, RegistrationJson))


def parse_authentication(text: bytes) -> AuthenticationAnswer:
    """From the JSON of a whole answer, at most 64 KiB; PasskeyRefusedError: MALFORMED."""
    return read_authentication(_parse(text, AuthenticationJson))


def read_registration(answer: RegistrationJson) -> RegistrationAnswer:
    """The bytes of its fields; PasskeyRefusedError: MALFORMED."""
    response = answer.response
    if response is None or answer.type not in (None, PUBLIC_KEY):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    told = response.transports or ()
    return RegistrationAnswer(
        credential_id=_credential_id(answer.id, answer.raw_id),
        client_data=_bytes(response.client_data_json, CLIENT_DATA_MAX_BYTES),
        attestation_object=_bytes(response.attestation_object, ATTESTATION_MAX_BYTES),
        transports=tuple(each for each in TRANSPORTS if each in told),
    )


def read_authentication(answer: AuthenticationJson) -> AuthenticationAnswer:
    """The bytes of its fields; PasskeyRefusedError: MALFORMED."""
    response = answer.response
    credential_id = _credential_id(answer.id, answer.raw_id)
    if response is None or credential_id is None or answer.type not in (None, PUBLIC_KEY):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    handle = response.user_handle
    return AuthenticationAnswer(
        credential_id=credential_id,
        client_data=_bytes(response.client_data_json, CLIENT_DATA_MAX_BYTES),
        authenticator_data=_bytes(response.authenticator_data, AUTHENTICATOR_DATA_MAX_BYTES),
        signature=_bytes(response.signature, SIGNATURE_MAX_BYTES),
        user_handle=_bytes(handle, HANDLE_MAX_BYTES) if handle else None,
    )


Shape = TypeVar("Shape", RegistrationJson, AuthenticationJson)


def _parse(text: bytes, shape: type[Shape]) -> Shape:
    if len(text) > JSON_MAX_BYTES:
        raise PasskeyRefusedError(Refusal.MALFORMED)
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PasskeyRefusedError(Refusal.MALFORMED) from None


def _credential_id(name: str | None, raw: str | None) -> bytes | None:
    """What `id` names; `rawId` names the same, as base64url or, as Twilio's examples have it, in hexadecimal."""
    if not name and not raw:
        return None
    credential_id = _bytes(name or raw, JSON_MAX_BYTES)
    if raw and raw not in (encode_base64url(credential_id), credential_id.hex()):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    return credential_id


def _bytes(text: str | None, limit: int) -> bytes:
    """Between one and `limit` of them."""
    try:
        data = decode_base64url(text or "")
    except ValueError:
        raise PasskeyRefusedError(Refusal.MALFORMED) from None
    if not 1 <= len(data) <= limit:
        raise PasskeyRefusedError(Refusal.MALFORMED)
    return data
