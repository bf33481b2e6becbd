"""Attestation statements taken here: none, and packed with what a maker's certificate must say.

The signature, and the chain to a root, are the library's to check. Source: WebAuthn Level 3, sections 8.2.1 and 8.7.
"""

import uuid
from typing import Any, Final

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from ringfence.domain.passkeys.public_key import Algorithm
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.domain.passkeys.strict_cbor import Item

NONE: Final = "none"
PACKED: Final = "packed"
_MODEL = ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
_TOLD = (NameOID.COUNTRY_NAME, NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)
_UNIT = "Authenticator Attestation"
# An OCTET STRING of 16 bytes.
_MODEL_PREFIX = b"\x04\x10"
_UNREADABLE = (ValueError, x509.InvalidVersion, x509.DuplicateExtension, x509.UnsupportedGeneralNameType)


def check_statement(form: Item, statement: Item, aaguid: str) -> bool:
    """Whether a maker signed it; PasskeyRefusedError: ATTESTATION for what is not taken."""
    if not isinstance(statement, dict):
        raise PasskeyRefusedError(Refusal.MALFORMED)
    if form == NONE:
        if statement:
            raise PasskeyRefusedError(Refusal.ATTESTATION)
        return False
    if form != PACKED or statement.keys() - {"x5c"} != {"alg", "sig"}:
        raise PasskeyRefusedError(Refusal.ATTESTATION)
    if statement["alg"] not in list(Algorithm) or not isinstance(statement["sig"], bytes):
        raise PasskeyRefusedError(Refusal.ATTESTATION)
    if "x5c" not in statement:
        return False
    sent = statement["x5c"]
    chain = [each for each in sent if isinstance(each, bytes)] if isinstance(sent, list) else []
    if not chain or chain != sent:
        raise PasskeyRefusedError(Refusal.ATTESTATION)
    try:
        certificate = x509.load_der_x509_certificate(chain[0])
        if not _is_of_authenticator(certificate, aaguid):
            raise PasskeyRefusedError(Refusal.ATTESTATION)
    except _UNREADABLE:
        raise PasskeyRefusedError(Refusal.ATTESTATION) from None
    return True


def _is_of_authenticator(certificate: x509.Certificate, aaguid: str) -> bool:
    subject = certificate.subject
    units = [each.value for each in subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)]
    constraints = _extension(certificate, x509.BasicConstraints.oid)
    model = _extension(certificate, _MODEL)
    return (
        certificate.version is x509.Version.v3
        and units == [_UNIT]
        and all(subject.get_attributes_for_oid(each) for each in _TOLD)
        # Without these constraints it may be an authority.
        and isinstance(constraints, x509.BasicConstraints)
        and not constraints.ca
        and (model is None or model.value == _MODEL_PREFIX + uuid.UUID(aaguid).bytes)
    )


def _extension(certificate: x509.Certificate, oid: ObjectIdentifier) -> Any:
    try:
        return certificate.extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None
