"""Keys of devices that answer push challenges, as the key service's clients see them.

A device shows itself by its signature, and nothing is opened for it without one: no tenant is present then.
Source: docs/why/verify.md.
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.device_token import DeviceOf, Enrolment
from ringfence.ports.keys import Caller


class RecordKeys(msgspec.Struct, frozen=True, kw_only=True):
    """New SIDs, and the key of each one's record, in this hour's epoch.

    The key service chooses the SIDs: so no key is of a record that is there.
    """

    epoch: int
    sids: tuple[str, ...]
    keys: tuple[bytes, ...]

    def __repr__(self) -> str:
        return f"RecordKeys(epoch={self.epoch})"


class DeviceKeys(Protocol):
    """For the API. KeyRefusedError for what shows nobody, whatever is wrong with it; ConnectionError."""

    async def keep_device(self, device: DeviceOf, public_key: bytes) -> None:
        """Know a device by its public key (P-256, DER) from now on. ValueError where the factor has another."""

    async def device_payload(self, device: DeviceOf, token: str) -> bytes | None:
        """The JSON that the device signed (ES256); None where it did not."""

    async def is_signed_by_device(self, device: DeviceOf, message: bytes, signature: bytes) -> bool:
        """Whether the device signed a message that is no token: ECDSA with SHA-256, in DER."""

    async def open_for_device(self, device: DeviceOf, login: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Open what was sealed for the device that signed `login`: standing records named `FACTOR/…`, in order."""

    async def seal_for_device(self, device: DeviceOf, login: str, prefixes: Sequence[str]) -> RecordKeys:
        """New records, of these prefixes, that the device's request makes for its tenant to read."""

    async def forget_devices(self, account: str, factors: Sequence[str]) -> None:
        """Again is a no-op."""

    async def sign_enrolment(self, caller: Caller, enrolment: Enrolment) -> str:
        """A token by which a device makes one factor."""

    async def read_enrolment(self, account: str, service: str, token: str) -> Enrolment:
        """What a token that is good now gives leave to do."""

    async def enrol(self, account: str, service: str, token: str, prefixes: Sequence[str]) -> RecordKeys:
        """Use a token up, for new records of these prefixes. KeyRefusedError the second time."""
