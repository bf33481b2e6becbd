"""With what a tenant wakes its apps through a maker's network.

It is a service account of Google's, or a key or certificate of Apple's. What is secret of it rests sealed. What raises
ValueError never repeats a value. Sources: Twilio, Conversations v1, "Credential resource"; Firebase, "Authorize HTTP v1
send requests"; Apple, "Establishing a token-based connection to APNs", "Establishing a certificate-based connection".
"""

import re
from typing import Final, Literal

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ringfence.domain.signing_key import read_signing_key

PushType = Literal["apn", "fcm", "gcm"]
FRIENDLY_NAME_MAX_CHARACTERS: Final = 64
CERTIFICATE_MAX_CHARACTERS: Final = 16_000
"""Apple's has some 2,300; others of its chain may come behind it."""
_PROJECT: Final = re.compile(r"[a-z][a-z0-9:.-]{3,62}[a-z0-9]")
_TEN: Final = re.compile(r"[A-Z0-9]{10}")


class PushCredential(msgspec.Struct, frozen=True, kw_only=True):
    """What every process may read. `sandbox` is of Apple's network for apps under development."""

    friendly_name: str
    type: PushType
    sandbox: bool = False


class PushSecret(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is sealed. Keys and certificates are PEM, `account` is the JSON of a service account.

    With `key_id` and `team_id` Apple's key signs tokens; without, it is the certificate's.
    """

    certificate: str = ""
    private_key: str = ""
    key_id: str = ""
    team_id: str = ""
    account: str = ""

    def __repr__(self) -> str:
        return "PushSecret(…)"


class ServiceAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Of a project of Google's. Where its tokens come from is fixed here, whatever its file says."""

    project_id: str
    client_email: str
    private_key: str

    def __repr__(self) -> str:
        return "ServiceAccount(…)"


def read_service_account(text: str) -> ServiceAccount:
    """The file that Firebase makes. ValueError, as for the server keys of old, which Google takes no more."""
    try:
        account = msgspec.json.decode(text, type=ServiceAccount)
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("expected the JSON of a service account") from None
    if _PROJECT.fullmatch(account.project_id) is None or not account.client_email.isprintable():
        raise ValueError("expected a service account with project_id and client_email")
    if not isinstance(read_signing_key(account.private_key), rsa.RSAPrivateKey):
        raise ValueError("expected a service account with an RSA key")
    return account


def check_apple(secret: PushSecret) -> None:
    """ValueError where Apple would take none of it: a P-256 key with its id and team, or a certificate with its key."""
    key = read_signing_key(secret.private_key)
    if secret.key_id or secret.team_id:
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("expected PrivateKey as Apple's .p8 file has it")
        if not _TEN.fullmatch(secret.key_id) or not _TEN.fullmatch(secret.team_id):
            raise ValueError("expected KeyId and TeamId of ten letters and digits")
        return
    if len(secret.certificate) > CERTIFICATE_MAX_CHARACTERS:
        raise ValueError(f"expected Certificate of at most {CERTIFICATE_MAX_CHARACTERS} characters")
    try:
        certificate = x509.load_pem_x509_certificate(secret.certificate.encode())
    except ValueError:
        raise ValueError("expected Certificate in PEM, or KeyId and TeamId") from None
    if certificate.public_key() != key.public_key():
        raise ValueError("expected PrivateKey to be the certificate's")


_credentials = msgspec.json.Decoder(PushCredential)
_secrets = msgspec.msgpack.Decoder(PushSecret)


def encode_push_credential(credential: PushCredential) -> str:
    """As it is stored."""
    return msgspec.json.encode(credential).decode()


def decode_push_credential(settings: str) -> PushCredential:
    """The inverse."""
    return _credentials.decode(settings)


def encode_push_secret(secret: PushSecret) -> bytes:
    """The value to seal."""
    return msgspec.msgpack.encode(secret)


def decode_push_secret(value: bytes) -> PushSecret:
    """The inverse."""
    return _secrets.decode(value)
