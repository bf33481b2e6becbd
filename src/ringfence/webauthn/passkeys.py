"""WebAuthn's two ceremonies, each rule asked by us.

Signatures and attestation are the library's to check, which asks most of the rules again.
Source: WebAuthn Level 3, sections 7.1 and 7.2; docs/why/verify.md, "Passkeys".
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from ringfence.domain.base64url import encode_base64url
from ringfence.domain.passkeys.answers import AuthenticationAnswer, RegistrationAnswer
from ringfence.domain.passkeys.authenticator_data import AuthenticatorData, NewCredential, parse_authenticator_data
from ringfence.domain.passkeys.client_data import parse_client_data
from ringfence.domain.passkeys.passkey import Passkey, after_use
from ringfence.domain.passkeys.public_key import algorithm_of
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.domain.passkeys.strict_cbor import InvalidCborError, Item, decode_cbor
from ringfence.ports.passkeys import (
    AttestationPolicy,
    AuthenticatorWish,
    Ceremony,
    NewPasskey,
    PasskeyUse,
    PasskeyUser,
)
from ringfence.webauthn import options
from ringfence.webauthn.packed import check_statement

_CREATE = "webauthn.create"
_GET = "webauthn.get"
_ATTESTATION_KEYS = {"fmt", "attStmt", "authData"}


class WebauthnPasskeys:
    """`ports.passkeys.Passkeys`. It keeps nothing."""

    def __init__(self, policy: AttestationPolicy | None = None) -> None:
        self._policy = policy or AttestationPolicy()

    def registration_options(
        self,
        ceremony: Ceremony,
        user: PasskeyUser,
        now_ms: int,
        *,
        wish: AuthenticatorWish,
        taken: Sequence[Passkey] = (),
    ) -> dict[str, Any]:
        """See the port. A maker is asked to vouch only where it matters: else it tells browsers apart."""
        attestation = "direct" if self._policy.roots else "none"
        return options.registration_options(ceremony, user, now_ms, wish=wish, taken=taken, attestation=attestation)

    def authentication_options(
        self, ceremony: Ceremony, now_ms: int, *, allowed: Sequence[Passkey] = ()
    ) -> dict[str, Any]:
        """See the port."""
        return options.authentication_options(ceremony, now_ms, allowed=allowed)

    def check_registration(
        self, answer: RegistrationAnswer, ceremony: Ceremony, user_handle: bytes, now_ms: int
    ) -> NewPasskey:
        """See the port."""
        _check_page(answer.client_data, _CREATE, ceremony, now_ms)
        attestation = _attestation_object(answer.attestation_object)
        auth_data = attestation["authData"]
        data = parse_authenticator_data(auth_data) if isinstance(auth_data, bytes) else None
        if data is None or data.credential is None:
            raise PasskeyRefusedError(Refusal.MALFORMED)
        new = data.credential
        if answer.credential_id not in (None, new.credential_id):
            raise PasskeyRefusedError(Refusal.CREDENTIAL)
        _check_flags(data, ceremony)
        algorithm_of(new.public_key)
        vouched = check_statement(attestation["fmt"], attestation["attStmt"], new.aaguid)
        self._check_maker(new, vouched=vouched)
        _asked_of_library(lambda: self._verify_registration(answer, new, ceremony))
        return NewPasskey(
            passkey=Passkey(
                credential_id=new.credential_id,
                public_key=new.public_key,
                user_handle=user_handle,
                sign_count=data.sign_count,
                backup_eligible=data.backup_eligible,
                backed_up=data.backed_up,
                aaguid=new.aaguid,
                transports=answer.transports,
                attested=vouched and bool(self._policy.roots),
            ),
            user_verified=data.user_verified,
        )

    def check_authentication(
        self, answer: AuthenticationAnswer, ceremony: Ceremony, passkey: Passkey, now_ms: int
    ) -> PasskeyUse:
        """See the port."""
        _check_page(answer.client_data, _GET, ceremony, now_ms)
        if answer.credential_id != passkey.credential_id:
            raise PasskeyRefusedError(Refusal.CREDENTIAL)
        if answer.user_handle not in (None, passkey.user_handle):
            raise PasskeyRefusedError(Refusal.USER_HANDLE)
        data = parse_authenticator_data(answer.authenticator_data)
        if data.credential is not None:
            raise PasskeyRefusedError(Refusal.MALFORMED)
        _check_flags(data, ceremony)
        algorithm_of(passkey.public_key)
        _asked_of_library(lambda: _verify_authentication(answer, passkey, ceremony))
        # Not before the signature is right: else anybody could make a passkey look copied.
        kept = after_use(
            passkey, sign_count=data.sign_count, backup_eligible=data.backup_eligible, backed_up=data.backed_up
        )
        return PasskeyUse(passkey=kept, user_verified=data.user_verified)

    def _check_maker(self, new: NewCredential, *, vouched: bool) -> None:
        if self._policy.roots and not vouched:
            raise PasskeyRefusedError(Refusal.ATTESTATION)
        if self._policy.aaguids and new.aaguid not in self._policy.aaguids:
            raise PasskeyRefusedError(Refusal.AAGUID)

    def _verify_registration(self, answer: RegistrationAnswer, new: NewCredential, ceremony: Ceremony) -> None:
        # A third of a second to import, which a start need not spend.
        from webauthn import verify_registration_response
        from webauthn.helpers.structs import (
            AttestationFormat,
            AuthenticatorAttestationResponse,
            RegistrationCredential,
        )

        verify_registration_response(
            credential=RegistrationCredential(
                id=encode_base64url(new.credential_id),
                raw_id=new.credential_id,
                response=AuthenticatorAttestationResponse(
                    client_data_json=answer.client_data, attestation_object=answer.attestation_object
                ),
            ),
            expected_challenge=ceremony.challenge,
            expected_rp_id=ceremony.party.id,
            expected_origin=list(ceremony.party.origins),
            require_user_verification=ceremony.user_verification == "required",
            pem_root_certs_bytes_by_fmt={AttestationFormat.PACKED: list(self._policy.roots)},
        )


def _verify_authentication(answer: AuthenticationAnswer, passkey: Passkey, ceremony: Ceremony) -> None:
    from webauthn import verify_authentication_response
    from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

    verify_authentication_response(
        credential=AuthenticationCredential(
            id=encode_base64url(answer.credential_id),
            raw_id=answer.credential_id,
            response=AuthenticatorAssertionResponse(
                client_data_json=answer.client_data,
                authenticator_data=answer.authenticator_data,
                signature=answer.signature,
            ),
        ),
        expected_challenge=ceremony.challenge,
        expected_rp_id=ceremony.party.id,
        expected_origin=list(ceremony.party.origins),
        credential_public_key=passkey.public_key,
        # The library asks after the count before the signature; we ask after it.
        credential_current_sign_count=0,
        require_user_verification=ceremony.user_verification == "required",
    )


def _asked_of_library(check: Callable[[], None]) -> None:
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        check()
    except (WebAuthnException, InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError, LookupError):
        # Its reasons quote what was sent. What else it may say no to was asked before.
        raise PasskeyRefusedError(Refusal.SIGNATURE) from None


def _check_page(client_data: bytes, kind: str, ceremony: Ceremony, now_ms: int) -> None:
    if now_ms >= ceremony.until_ms:
        raise PasskeyRefusedError(Refusal.EXPIRED)
    page = parse_client_data(client_data)
    if page.type != kind:
        raise PasskeyRefusedError(Refusal.TYPE)
    if not hmac.compare_digest(page.challenge, ceremony.challenge):
        raise PasskeyRefusedError(Refusal.CHALLENGE)
    if page.origin not in ceremony.party.origins:
        raise PasskeyRefusedError(Refusal.ORIGIN)
    if page.framed and page.top_origin not in ceremony.party.framed_by:
        raise PasskeyRefusedError(Refusal.CROSS_ORIGIN)


def _check_flags(data: AuthenticatorData, ceremony: Ceremony) -> None:
    expected = hashlib.sha256(ceremony.party.id.encode()).digest()
    if not hmac.compare_digest(data.rp_id_hash, expected):
        raise PasskeyRefusedError(Refusal.RP_ID)
    if not data.user_present:
        raise PasskeyRefusedError(Refusal.USER_PRESENCE)
    if ceremony.user_verification == "required" and not data.user_verified:
        raise PasskeyRefusedError(Refusal.USER_VERIFICATION)


def _attestation_object(data: bytes) -> dict[int | str, Item]:
    try:
        found = decode_cbor(data)
    except InvalidCborError:
        raise PasskeyRefusedError(Refusal.MALFORMED) from None
    if not isinstance(found, dict) or found.keys() != _ATTESTATION_KEYS:
        raise PasskeyRefusedError(Refusal.MALFORMED)
    return found
