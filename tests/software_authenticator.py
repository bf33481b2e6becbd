"""An authenticator and its browser in one, written from the specification alone, that can be told to do anything wrong.

Source: WebAuthn Level 3, sections 5.8.1, 6.1, 6.5, 8.2 and 8.7. It shares no code with what it tries.
"""

import base64
import datetime
import hashlib
import json
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
MODEL = ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")


def new_key(kind: str = "ES256") -> PrivateKey:
    if kind == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, 2048)


def cose_of(key: PrivateKey) -> dict[int, Any]:
    """The public half, as RFC 9053 and RFC 8812 write it."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        point = key.public_key().public_numbers()
        return {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return {1: 1, 3: -8, -1: 6, -2: key.public_key().public_bytes_raw()}
    numbers = key.public_key().public_numbers()
    return {1: 3, 3: -257, -1: numbers.n.to_bytes(256, "big"), -2: numbers.e.to_bytes(3, "big")}


def sign(key: PrivateKey, data: bytes) -> bytes:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


@dataclass
class Wrong:
    """What to do otherwise than one ought to. None, or nothing, leaves it right."""

    type: str | None = None
    challenge: bytes | None = None
    origin: str | None = None
    client_data: dict[str, Any] = field(default_factory=dict)
    client_json: bytes | None = None
    rp_id: str | None = None
    flags: int | None = None
    sign_count: int | None = None
    aaguid: bytes | None = None
    credential_id: bytes | None = None
    named_id: bytes | None = None
    cose: bytes | dict[int, Any] | None = None
    extensions: bytes = b""
    tail: bytes = b""
    attestation: Callable[["SoftwareAuthenticator", bytes, bytes], dict[str, Any]] | None = None
    attestation_object: Callable[[bytes], bytes] = bytes
    signing_key: PrivateKey | None = None
    signature: Callable[[bytes], bytes] = bytes
    user_handle: bytes | None = None


RIGHT = Wrong()


class SoftwareAuthenticator:
    """One credential. `flags` are those of its user; it counts from one unless `counts` is False."""

    def __init__(
        self, kind: str = "ES256", *, flags: int = UP | UV, counts: bool = True, aaguid: bytes = bytes(16)
    ) -> None:
        self.key = new_key(kind)
        self.credential_id = os.urandom(32)
        self.flags = flags
        self.counts = counts
        self.aaguid = aaguid
        self.sign_count = 0
        self.user_handle = b""
        self.rp_id = ""

    def create(self, options: dict[str, Any], origin: str, wrong: Wrong = RIGHT) -> dict[str, Any]:
        """What `navigator.credentials.create({publicKey: options})` comes to, as JSON."""
        self.user_handle = unb64(options["user"]["id"])
        self.rp_id = options["rp"]["id"]
        client_data = self._client_data("webauthn.create", options["challenge"], origin, wrong)
        credential_id = self.credential_id if wrong.credential_id is None else wrong.credential_id
        cose = cose_of(self.key) if wrong.cose is None else wrong.cose
        attested = (
            (wrong.aaguid or self.aaguid)
            + struct.pack(">H", len(credential_id))
            + credential_id
            + (cose if isinstance(cose, bytes) else cbor2.dumps(cose))
        )
        auth_data = self._auth_data(wrong, AT) + attested + wrong.extensions + wrong.tail
        told = wrong.attestation(self, auth_data, client_data) if wrong.attestation else none_attestation()
        attestation_object = cbor2.dumps({**told, "authData": auth_data})
        named = b64(credential_id if wrong.named_id is None else wrong.named_id)
        return {
            "id": named,
            "rawId": named,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": b64(client_data),
                "attestationObject": b64(wrong.attestation_object(attestation_object)),
                "transports": ["internal", "hybrid"],
            },
            "clientExtensionResults": {},
        }

    def get(self, options: dict[str, Any], origin: str, wrong: Wrong = RIGHT) -> dict[str, Any]:
        """What `navigator.credentials.get({publicKey: options})` comes to, as JSON."""
        client_data = self._client_data("webauthn.get", options["challenge"], origin, wrong)
        auth_data = self._auth_data(wrong, 0) + wrong.extensions + wrong.tail
        signed = sign(wrong.signing_key or self.key, auth_data + hashlib.sha256(client_data).digest())
        named = b64(self.credential_id if wrong.named_id is None else wrong.named_id)
        return {
            "id": named,
            "rawId": named,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": {
                "clientDataJSON": b64(client_data),
                "authenticatorData": b64(auth_data),
                "signature": b64(wrong.signature(signed)),
                "userHandle": b64(self.user_handle if wrong.user_handle is None else wrong.user_handle),
            },
            "clientExtensionResults": {},
        }

    def _client_data(self, kind: str, challenge: str, origin: str, wrong: Wrong) -> bytes:
        if wrong.client_json is not None:
            return wrong.client_json
        said = {
            "type": wrong.type or kind,
            "challenge": challenge if wrong.challenge is None else b64(wrong.challenge),
            "origin": wrong.origin or origin,
            "crossOrigin": False,
            **wrong.client_data,
        }
        return json.dumps(said).encode()

    def _auth_data(self, wrong: Wrong, more: int) -> bytes:
        if self.counts:
            self.sign_count += 1
        count = self.sign_count if wrong.sign_count is None else wrong.sign_count
        flags = self.flags if wrong.flags is None else wrong.flags
        if wrong.extensions:
            more |= ED
        rp_id = self.rp_id if wrong.rp_id is None else wrong.rp_id
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags | more, count)


def none_attestation() -> dict[str, Any]:
    return {"fmt": "none", "attStmt": {}}


def self_attestation(authenticator: SoftwareAuthenticator, auth_data: bytes, client_data: bytes) -> dict[str, Any]:
    """The new key signs for itself."""
    signature = sign(authenticator.key, auth_data + hashlib.sha256(client_data).digest())
    return {"fmt": "packed", "attStmt": {"alg": cose_of(authenticator.key)[3], "sig": signature}}


class Maker:
    """Who makes authenticators and vouches for them: a root, and a certificate for one model."""

    def __init__(
        self,
        aaguid: bytes,
        *,
        unit: str = "Authenticator Attestation",
        authority: bool = False,
        country: bool = True,
        told_model: bytes | None = None,
        days: int = 10,
    ) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        root_key = ec.generate_private_key(ec.SECP256R1())
        root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Root of a maker")])
        begin = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=20)
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)
        root = (
            x509.CertificateBuilder()
            .subject_name(root_name)
            .issuer_name(root_name)
            .public_key(root_key.public_key())
            .serial_number(1)
            .not_valid_before(begin)
            .not_valid_after(begin + datetime.timedelta(days=1000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(root_key, hashes.SHA256())
        )
        subject = [
            *([x509.NameAttribute(NameOID.COUNTRY_NAME, "AQ")] if country else []),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Maker"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            x509.NameAttribute(NameOID.COMMON_NAME, "Model"),
        ]
        leaf = (
            x509.CertificateBuilder()
            .subject_name(x509.Name(subject))
            .issuer_name(root_name)
            .public_key(self._key.public_key())
            .serial_number(2)
            .not_valid_before(begin)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.UnrecognizedExtension(MODEL, b"\x04\x10" + (told_model or aaguid)), critical=False)
            .sign(root_key, hashes.SHA256())
        )
        self.root = root.public_bytes(Encoding.PEM)
        self.leaf = leaf.public_bytes(Encoding.DER)

    def __call__(
        self, authenticator: SoftwareAuthenticator, auth_data: bytes, client_data: bytes, chain: list[Any] | None = None
    ) -> dict[str, Any]:
        signature = sign(self._key, auth_data + hashlib.sha256(client_data).digest())
        return {"fmt": "packed", "attStmt": {"alg": -7, "sig": signature, "x5c": chain or [self.leaf]}}
