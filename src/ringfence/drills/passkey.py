"""The passkey of a customer in a drill: ES256, made and used as its owner does who is asked by the right page.

Source: WebAuthn Level 3, sections 5.8.1, 6.1 and 8.7; RFC 9053 section 7.1.1.
"""

import hashlib
import json
import os
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from ringfence.domain.passkeys.answers import AuthenticationAnswer, RegistrationAnswer

_PRESENT_AND_VERIFIED: Final = 0x05
_WITH_CREDENTIAL: Final = 0x40
_NO_COUNT: Final = bytes(4)
_NO_MODEL: Final = bytes(16)


class OwnedPasskey:
    """One credential on one page, `origin`. It does not count its uses."""

    def __init__(self, domain: str, origin: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = os.urandom(32)
        self._domain = hashlib.sha256(domain.encode()).digest()
        self._origin = origin

    def create(self, options: dict[str, Any]) -> RegistrationAnswer:
        """What its browser answers to the options of a registration."""
        credential = _NO_MODEL + len(self._id).to_bytes(2, "big") + self._id + self._public_key()
        data = self._data(_PRESENT_AND_VERIFIED | _WITH_CREDENTIAL) + credential
        attestation = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data
        return RegistrationAnswer(
            credential_id=self._id,
            client_data=self._page("webauthn.create", options),
            attestation_object=attestation,
        )

    def get(self, options: dict[str, Any], user_handle: bytes) -> AuthenticationAnswer:
        """What its browser answers to the options of a login."""
        page, data = self._page("webauthn.get", options), self._data(_PRESENT_AND_VERIFIED)
        signature = self._key.sign(data + hashlib.sha256(page).digest(), ec.ECDSA(hashes.SHA256()))
        return AuthenticationAnswer(
            credential_id=self._id,
            client_data=page,
            authenticator_data=data,
            signature=signature,
            user_handle=user_handle,
        )

    def _public_key(self) -> bytes:
        point = self._key.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        return b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y

    def _data(self, flags: int) -> bytes:
        return self._domain + bytes([flags]) + _NO_COUNT

    def _page(self, kind: str, options: dict[str, Any]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self._origin, "crossOrigin": False}
        return json.dumps(said).encode()
