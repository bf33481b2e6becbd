"""What the key service calls a passkey's slot."""

import hashlib

from ringfence.ports.console_keys import PASSKEY_PREFIX


def slot_name(credential_id: bytes) -> str:
    """PK, and 16 bytes of the SHA-256 of the credential's id in hex."""
    return f"{PASSKEY_PREFIX}{hashlib.sha256(credential_id).hexdigest()[:32]}"
