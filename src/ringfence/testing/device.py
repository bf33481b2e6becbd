"""A telephone with an app that answers push challenges: its key, and what it signs."""

import base64
import time

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LOGIN_S = 300


class Device:
    """One key pair (P-256), as an app keeps it in the telephone's key store."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """For `Binding.PublicKey`: DER in Base64."""
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(der).decode()

    def sign(self, payload: dict[str, object], **header: object) -> str:
        """A token of `payload` (JWS, ES256)."""
        parts = ({"alg": "ES256", "typ": "JWT", **header}, payload)
        signed = ".".join(_encoded(msgspec.json.encode(part)) for part in parts)
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def signature(self, message: str) -> str:
        """Of a message that is no token: ECDSA in DER, in Base64, as Twilio's client libraries sign a factor's SID."""
        return base64.b64encode(self._key.sign(message.encode(), ec.ECDSA(SHA256()))).decode()

    def login(self, account: str, service: str, factor: str, *, now_s: int | None = None) -> str:
        """The password by which it signs in (user name `token`), good for five minutes."""
        now_s = int(time.time()) if now_s is None else now_s
        grants = {"verify_push": {"service_sid": service, "factor_sid": factor}}
        claims: dict[str, object] = {"sub": account, "nbf": now_s, "exp": now_s + LOGIN_S, "grants": grants}
        return self.sign(claims, cty="twilio-pba;v=1", kid=factor)


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")
