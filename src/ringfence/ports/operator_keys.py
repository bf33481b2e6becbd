"""The key service as its operator sees it: its own keys made anew while it serves. No key crosses this port."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.ports.duties import DutyKeys
from ringfence.ports.totp_codes import TotpOf


class Former(msgspec.Struct, frozen=True, kw_only=True):
    """How many former standing keys there are, and how many secrets of the key service's own need one."""

    keys: int
    secrets: int


class OperatorKeys(DutyKeys, Protocol):
    """ConnectionError where the key service is away, or cannot write its ledger: then nothing was done."""

    async def rotate_standing(self) -> int:
        """Begin a new standing key, which seals from now on; its number. Former ones go on opening."""

    async def rotate_grants(self) -> int:
        """Begin a new key for browsers to seal to; its number. The former one opens for as long as a grant may live,
        and is destroyed then."""

    async def renew_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes | None]:
        """Each (record name, sealed) sealed anew under the newest key; None where it is that already.

        KeyRefusedError where one does not open.
        """

    async def renew_totp(self, factors: Sequence[TotpOf]) -> int:
        """The same for secrets of authenticator apps, which the key service keeps itself; how many were not."""

    async def former_standing(self) -> Former:
        """What there is of former standing keys."""

    async def end_former_standing(self) -> int:
        """Destroy former standing keys; how many. KeyRefusedError while the key service needs one itself."""


class Operator(OperatorKeys, Protocol):
    """The same with the ledger's own key."""

    async def rotate_ledger(self) -> str:
        """Sign checkpoints with one key more; that key, as `domain.ledger.note` writes it."""
