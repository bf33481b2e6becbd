"""The key service as the console sees it. Nothing that it answers opens without a secret that a browser holds.

Content keys and epoch keys cross this port sealed, as they are kept. Whatever would open something is in the ledger,
synced, before it is answered.
"""

from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from ringfence.domain.sealing.slot_proof import Boxes
from ringfence.ports.keys import Caller, Slot

EPOCHS_AT_ONCE = 1_000
PASSKEY_PREFIX = "PK"
LINK_PREFIX = "KL"
API_KEY_PREFIX = "SK"

# Through what a browser that adds a passkey had the content keys: a link, or a passkey that its person has.
Way = Literal["link", "passkey"]


class BrowserSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A slot that a browser made: the content keys that it holds, by generation, sealed to `public`.

    `proof` shows that it holds the account's present content key: see domain/sealing/slot_proof.py. `proof_key` is the
    one that it was made for, from `ConsoleKeys.proof_key`. Of a passkey without a PRF the slot is empty, without public
    half and boxes: then the proof alone counts.
    """

    credential: str
    public: bytes
    boxes: Boxes
    proof_key: bytes
    proof: bytes

    def __repr__(self) -> str:
        return f"BrowserSlot({self.credential})"

    @property
    def is_empty(self) -> bool:
        return not self.boxes


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """A member, MB…, and the session, CS…, in which they have something opened: the ledger's entry names both."""

    session: str
    member: str


class ConsoleLinks(Protocol):
    """For whoever holds an account's secret and lets a person into the console. Errors as in `ports.keys`."""

    async def open_console_link(
        self, caller: Caller, account: str, slot: Slot, until_ms: int, owner: bool = False
    ) -> None:
        """Add a slot for a link, KL…, which a browser may use once and until then (Unix, milliseconds).

        For an `owner` it is made by the account's own Auth Token or recovery kit alone: KeyRefusedError for an API key,
        and for a parent's credential. ValueError for more than ten minutes. In the ledger: `open_console_link`, or
        `open_owner_link`, by the caller's credential.
        """


class ConsoleKeys(Protocol):
    """For the console. KeyRefusedError, ConnectionError (the ledger cannot be written) as in `ports.keys`."""

    async def link_boxes(self, account: str, link: str) -> list[tuple[int, bytes]]:
        """The account's content keys as they are sealed to a link that is open: (generation, sealed) pairs.

        KeyRefusedError alike for a link that is past and for whatever is none. In the ledger: `slot_boxes`, by the
        link, the first time alone, and no refusal: whoever asks has shown nothing yet.
        """

    async def slot_boxes(self, account: str, credential: str, reader: Reader) -> list[tuple[int, bytes]]:
        """The account's content keys as they are sealed to one slot, of another than a link: as `link_boxes`.

        Of a secret that is being rotated both slots' are here. In the ledger: `slot_boxes`, by the credential, of the
        reader's session. ValueError for a reader that is none.
        """

    async def with_slots(self, account: str, credentials: Sequence[str]) -> list[str]:
        """Those of the credentials that open something of the account. It gives nothing away, and is in no ledger."""

    async def child_boxes(
        self, account: str, credential: str, child: str, reader: Reader
    ) -> list[tuple[int, int, bytes]]:
        """A subaccount's content keys as they are sealed to those of `account` that the slot opens.

        (generation, generation of the parent's, sealed) each. In the subaccount's ledger: `slot_boxes`, by the
        credential, of the reader's session.
        """

    async def sealed_epochs(
        self, account: str, credential: str, epochs: Sequence[int], reader: Reader, child: str = ""
    ) -> dict[int, list[tuple[int, bytes]]]:
        """Epoch keys as they are sealed to the content key, one by one: by epoch, (generation, sealed) pairs.

        Of `child`, a subaccount, they are sealed to its own content key, and the entry is in its ledger.
        Bundles are not given: one opens more than was asked for. A link opens none. ValueError for more than
        `EPOCHS_AT_ONCE`, and for a reader that is none. In the ledger: `open_epochs`, by the credential, of the
        reader's session.
        """

    async def lend_sealed(
        self, account: str, credential: str, epoch: int, sid: str, sealed: bytes, reader: Reader
    ) -> None:
        """Let the dispatcher open one record, so that what happened to it is told again.

        Its key is `sealed` by the browser, which `credential` opened it for (`domain.sealing.lending`). KeyRefusedError
        for a credential that opens nothing, ValueError for what is no key of that record's name. Whether it is that
        record's own shows when it is used. In the ledger: `lend_record`, by the credential, of the reader's session.
        """

    async def proof_key(self, account: str, asker: str) -> bytes:
        """An X25519 public key to prove one `BrowserSlot` or form with, within ten minutes.

        `asker` is the member, MB…, or the link, KL…, that it is for: who asks for many loses their own, and no other's
        of the account. ValueError for another name. Anybody of the account may use it.
        """

    async def add_browser_slot(self, account: str, slot: BrowserSlot, by: str, way: Way) -> bool:
        """Keep a slot for a passkey; whether it came by a link for an owner.

        `by` is what let it in: an open link, or a passkey with a slot, as `way` says.

        Nothing else lets anybody in, whatever else it opens: not a key, not the Auth Token, not a recovery kit. A link
        ends with this, and a new content key begins. In the ledger: `add_slot`, by `by`.
        """

    async def revoke_browser_slot(self, account: str, credential: str, by: str) -> None:
        """Drop the slot of a passkey or an API key, and begin a new content key. Again: a no-op.

        `by` is `member:ID` or `staff:ID`; ValueError for another. In the ledger: `revoke_slot`, by `by`.
        """

    async def note(self, account: str, actor: str, verb: str, scope: Sequence[str] = ()) -> None:
        """Write down, as `note.VERB`, what staff or a member did where that opens nothing. Returns when it is on disk.

        `actor` is `member:ID`, `staff:ID`, or `key_origin`. ValueError for another, and for a verb of the key service.
        """
