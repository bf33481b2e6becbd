"""What the ledger's own key gives: a salt for every entry, and the hand that signs checkpoints."""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.domain.ledger.note import Signer
from ringfence.domain.sealing.hkdf import Expander, extract

ACCOUNTS_HELD = 10_000
_SALT = b"ringfence/ledger/v1"


class LedgerKeys:
    """Keys derived from one of 32 bytes. The log's name follows from them, so no two logs have the same."""

    def __init__(self, key: bytes) -> None:
        self._expander = Expander(extract(_SALT, key))
        self._accounts: dict[str, bytes] = {}
        signing = Ed25519PrivateKey.from_private_bytes(self._expander.expand(b"sign"))
        name = f"ringfence-ledger-{hashlib.sha256(signing.public_key().public_bytes_raw()).hexdigest()[:16]}"
        self.signer = Signer(name, signing)

    def __repr__(self) -> str:
        return f"LedgerKeys({self.signer.verifier.name})"

    def salt(self, account: str, n: int) -> bytes:
        """What hides the `n`th entry from everybody but its account: 32 bytes."""
        key = self._accounts.get(account)
        if key is None:
            if len(self._accounts) >= ACCOUNTS_HELD:
                self._accounts.clear()
            key = self._accounts[account] = self._expander.expand(b"account|" + account.encode())
        return hmac.digest(key, n.to_bytes(8), "sha256")


def commitment(salt: bytes, body: bytes) -> bytes:
    """The leaf of an entry: it binds to the entry, and without the salt it tells nothing of it."""
    return hashlib.sha256(salt + body).digest()
