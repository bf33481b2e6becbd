"""One platform key for all tenants, and a search index in clear: what a drill must be able to break.

It stands in for the key service alone; store, queues, wire and simulator are the product's own in both builds.
"""

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.blind_index import blind_index, remote_index
from ringfence.domain.sealing.epoch import first_epoch, index_day
from ringfence.domain.sealing.record import EpochRecords
from ringfence.domain.sealing.retained import RecordRetention
from ringfence.domain.sealing.standing import StandingSealer
from ringfence.drills.control.code_table import CodeTable
from ringfence.drills.control.device_table import DeviceTable
from ringfence.drills.control.totp_table import TotpTable
from ringfence.ports.access_changes import AccessChange
from ringfence.ports.keys import Caller, RecordKey, SealingKey, Slot
from ringfence.ports.retention import Duty


class PlatformKeys(CodeTable, TotpTable, DeviceTable):
    """`ports.keys.TenantKeys` and `ports.keys.DeliveryKeys` under a single key at rest. Whoever asks is served."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        CodeTable.__init__(self, directory, clock)
        TotpTable.__init__(self, directory, clock)
        self._key = b""
        self._search: sqlite3.Connection

    async def open(self) -> None:
        """Load or make the platform key and the search index."""
        keys = self._directory / "keys"
        keys.mkdir(parents=True, exist_ok=True)
        path = keys / "platform.key"
        if not path.exists():
            path.write_bytes(os.urandom(32))
        self._key = path.read_bytes()
        self._search = sqlite3.connect(self._directory / "search.db", isolation_level=None, check_same_thread=False)
        self.open_codes()
        self.open_secrets()
        self._search.execute("CREATE TABLE IF NOT EXISTS number (account TEXT, number TEXT, UNIQUE (account, number))")

    async def close(self) -> None:
        self._search.close()

    async def tidy(self) -> None:
        return

    async def create_account(self, account: str, slots: Sequence[Slot], parent: str | None = None) -> None:
        return

    async def add_slot(self, caller: Caller, account: str, slot: Slot) -> None:
        return

    async def copy_slot(self, caller: Caller, account: str, source: str, credential: str) -> None:
        return

    async def take_access(self) -> list[AccessChange]:
        return []  # its console makes no keys

    async def settle_access(self, numbers: Sequence[int]) -> list[int]:
        return []

    async def add_sealer(self, caller: Caller, account: str, slot: Slot) -> None:
        return

    async def end_former_slot(self, account: str, credential: str) -> None:
        return

    async def revoke_slot(self, account: str, credential: str) -> None:
        return

    async def end_slot_at(self, caller: Caller, account: str, credential: str, ends_ms: int) -> int:
        return self._clock.now_ms()

    async def sealing_key(self, caller: Caller, account: str, sealed: int = 0) -> SealingKey:
        now_ms = self._clock.now_ms()
        return SealingKey(
            epoch=first_epoch(now_ms), epoch_key=self._key, index_day=index_day(now_ms), index_key=self._key
        )

    async def open_epochs(self, caller: Caller, account: str, epochs: Sequence[int]) -> dict[int, bytes]:
        return dict.fromkeys(epochs, self._key)

    async def lend_record(self, caller: Caller, account: str, epoch: int, sid: str) -> None:
        return

    async def index_keys(self, caller: Caller, account: str, days: Sequence[int]) -> dict[int, bytes]:
        return dict.fromkeys(days, self._key)

    async def seal_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        sealer = StandingSealer(self._key, account)
        return [sealer.seal(name, value) for name, value in records]

    async def open_standing_as(self, caller: Caller, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        return await self.open_standing(account, records)

    async def open_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        sealer = StandingSealer(self._key, account)
        return [sealer.open(name, sealed) for name, sealed in records]

    async def blind(self, account: str, table: str, values: Sequence[str]) -> list[bytes]:
        for value in values:
            self._remember(account, value.rpartition("|")[2])
        return [blind_index(self._key, value, table) for value in values]

    async def seal_record(self, account: str, sid: str, remote: str) -> RecordKey:
        self._remember(account, remote)
        now_ms = self._clock.now_ms()
        return RecordKey(
            epoch=first_epoch(now_ms),
            key=EpochRecords(self._key).key(sid),
            index=remote_index(self._key, index_day(now_ms), remote),
        )

    async def retention_of(self, account: str, sid: str) -> RecordRetention | None:
        return None  # it keeps all of everything anyway

    async def duties(self) -> list[Duty]:
        return []

    async def open_records(self, account: str, records: Sequence[tuple[int, str]]) -> list[bytes | None]:
        return [EpochRecords(self._key).key(sid) for _, sid in records]

    async def open_delivery_epochs(self) -> list[tuple[str, int]]:
        return []

    async def close_epoch(
        self, account: str, epoch: int, unfinished: Sequence[str], scheduled: Sequence[str] = ()
    ) -> None:
        return

    def _remember(self, account: str, number: str) -> None:
        self._search.execute("INSERT OR IGNORE INTO number VALUES (?, ?)", (account, number))
