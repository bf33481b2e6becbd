"""What the ledger's own key gives: a salt for every entry, and the hand that signs checkpoints."""

import hashlib
from collections.abc import Iterable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.domain.ledger.note import Signer
from ringfence.domain.sealing.hkdf import Expander, extract
from ringfence.domain.sealing.keyed_hash import KeyedHash
from ringfence.kms.key_files import LEDGER, KeyFiles, day_file

ACCOUNTS_HELD = 4_096
_SALT = b"ringfence/ledger/v1"


class LedgerKeys:
    """Keys derived from one of 32 bytes. The log's name follows from them, so no two logs have the same.

    `successors` sign too, under the same name, each from its start on. Salts are always of the first.
    """

    def __init__(self, key: bytes, successors: Iterable[bytes] = ()) -> None:
        self._expander = Expander(extract(_SALT, key))
        self._accounts: dict[str, KeyedHash] = {}
        signing = _signing(self._expander)
        name = f"ringfence-ledger-{hashlib.sha256(signing.public_key().public_bytes_raw()).hexdigest()[:16]}"
        self.signers = [Signer(name, signing)]
        for successor in successors:
            self.succeed(successor)

    def __repr__(self) -> str:
        return f"LedgerKeys({self.signer.verifier.name})"

    @property
    def signer(self) -> Signer:
        """The newest."""
        return self.signers[-1]

    def succeed(self, key: bytes) -> None:
        """One more key signs from now on, and is the newest."""
        self.signers.append(Signer(self.signer.verifier.name, _signing(Expander(extract(_SALT, key)))))

    def salt(self, account: str, n: int) -> bytes:
        """What hides the `n`th entry from everybody but its account: 32 bytes."""
        key = self._accounts.get(account)
        if key is None:
            if len(self._accounts) >= ACCOUNTS_HELD:
                self._accounts.clear()
            key = self._accounts[account] = KeyedHash(self._expander.expand(b"account|" + account.encode()))
        return key.digest(n.to_bytes(8))


def load_ledger_keys(files: KeyFiles) -> LedgerKeys:
    """`ledger.key` and its successors, `ledger-<n>.key`. KeyFileError."""
    return LedgerKeys(files.load(LEDGER), [files.load(day_file(number, LEDGER)) for number in files.days(LEDGER)])


def _signing(expander: Expander) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(expander.expand(b"sign"))


def commitment(salt: bytes, body: bytes) -> bytes:
    """The leaf of an entry: it binds to the entry, and without the salt it tells nothing of it."""
    return hashlib.sha256(salt + body).digest()
