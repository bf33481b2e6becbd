"""What a declared duty kept, in the hands of a thief who has the disk and every key file, and of officers who help him.

Without officers he tries every key that he has on every lid, box and row; with one, that officer's halves too. With two
he has the duty's key, and his key files lift the lids: what he opens then shows that there was something to open.
"""

import itertools
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from ringfence.domain.retention.declaration import Declaration, declare, join, open_half
from ringfence.domain.retention.facts import FIELDS
from ringfence.domain.retention.officer import OfficerKey, new_seed
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.duty_box import lift_lid, open_box
from ringfence.domain.sealing.hpke import Recipient
from ringfence.domain.sealing.retained import epoch_key, open_retained, record_key

KEY_BYTES = 32
DAYS = 180


def declared() -> tuple[Declaration, tuple[OfficerKey, OfficerKey]]:
    """A duty that names every field, and its two officers, who keep their keys elsewhere."""
    officers = OfficerKey("ann", new_seed()), OfficerKey("bob", new_seed())
    return declare(FIELDS, DAYS, "an act of the drill's country", [key.officer for key in officers]), officers


class DutyThief:
    """`stolen` holds the installation's folder, `keys` are all 32-byte values that the thief found there.

    `hours` tells an account's epoch keys that he could open, those of the running hour.
    """

    def __init__(
        self, stolen: Path, keys: Sequence[bytes], hours: Callable[[str], dict[int, list[bytes]]] | None = None
    ) -> None:
        self._keys = list(keys)
        self._hours = hours or (lambda _: {})
        with closing(sqlite3.connect(stolen / "ringfence.db")) as store:
            self._rows = store.execute("SELECT account, sid, part, duty, epoch, sealed FROM retained").fetchall()
        with closing(sqlite3.connect(stolen / "kms" / "kms.db")) as kms:
            self._boxes = kms.execute("SELECT account, duty, epoch, sealed FROM duty_box").fetchall()
            self._declarations = [
                msgspec.msgpack.decode(declaration, type=Declaration)
                for (declaration,) in kms.execute("SELECT declaration FROM duty")
            ]

    @property
    def rows(self) -> int:
        """How many rows of what was kept he took."""
        return len(self._rows)

    def open_with(self, *officers: OfficerKey) -> dict[str, list[str]]:
        """The numbers that open, by account, with what these officers give him."""
        epochs = dict(self._epoch_keys(officers))
        opened: dict[str, list[str]] = {}
        hours = {account: self._hours(account) for account, *_ in self._rows}
        for account, sid, part, duty, epoch, sealed in self._rows:
            tried = [*self._keys, *epochs.get((account, duty, epoch), ()), *hours[account].get(epoch, ())]
            made = [*tried, *(epoch_key(each, account, duty, epoch) for each in tried)]
            for key in (*tried, *(record_key(each, sid, part) for each in made)):
                with suppress(UnsealError):
                    facts = open_retained(key, account, sid, part, sealed)
                    opened.setdefault(account, []).append(facts.remote or "")
        return opened

    def _epoch_keys(self, officers: Sequence[OfficerKey]) -> Iterator[tuple[tuple[str, int, int], list[bytes]]]:
        recipients = [Recipient(key) for key in self._keys]
        recipients += [officer.recipient for officer in officers]
        for declaration in self._declarations:
            recipients += _of_officers(declaration, officers)
        for account, duty, epoch, box in self._boxes:
            found: list[bytes] = []
            for lid in self._keys:
                with suppress(UnsealError):
                    inner = lift_lid(lid, account, duty, epoch, box)
                    found += _opened(recipients, account, duty, epoch, inner)
            yield (account, duty, epoch), [*found, *_opened(recipients, account, duty, epoch, box)]


def _opened(recipients: Sequence[Recipient], account: str, duty: int, epoch: int, inner: bytes) -> list[bytes]:
    found = []
    for recipient in recipients:
        with suppress(UnsealError):
            found.append(open_box(recipient, account, duty, epoch, inner))
    return found


def _of_officers(declaration: Declaration, officers: Sequence[OfficerKey]) -> list[Recipient]:
    """Their halves, each as if it were a key, and what two halves make."""
    halves = [
        (officer, other.name, open_half(declaration, officer, other.name))
        for officer in officers
        for other in declaration.officers
        if other.name != officer.officer.name
    ]
    made = [Recipient(half) for _, _, half in halves]
    for (one, to_one, half), (another, to_another, other_half) in itertools.combinations(halves, 2):
        if (one.officer.name, another.officer.name) == (to_another, to_one):
            made.append(join(declaration, half, other_half))
    return made
