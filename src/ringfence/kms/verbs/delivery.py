"""For the dispatcher and voice, what is under way: written down soon after, so that texts keep flowing."""

from collections.abc import Sequence

from ringfence.domain.sealing.blind_index import remote_index
from ringfence.domain.sealing.retained import END, RecordRetention
from ringfence.kms.vault import Vault
from ringfence.ports.keys import RecordKey
from ringfence.ports.verification_codes import CodeOf

DISPATCHER = "dispatcher"


class DeliveryVerbs(Vault):
    """`ports.keys.DeliveryKeys` and `ports.verification_codes.CodeReader`."""

    async def seal_record(self, account: str, sid: str, remote: str) -> RecordKey:
        live = await self._live.epoch(account)
        await self._live.count(account, 1)
        day, index_key = await self._live.index_key(account)
        self._write_down_later(account, DISPATCHER, "seal_record", sid)
        retention = await self._duties.retention(account, live)
        return RecordKey(
            epoch=live.number,
            key=live.record_keys.key(sid),
            index=remote_index(index_key, day, remote),
            retention=None if retention is None else retention.of(sid),
        )

    async def retention_of(self, account: str, sid: str) -> RecordRetention | None:
        if not self._duties.stands:
            return None
        retention = await self._duties.retention(account, await self._live.epoch(account))
        # Of an end alone: by the key of a start whoever takes over the dispatcher read what others had kept.
        return None if retention is None else retention.of(sid, END)

    async def open_records(self, account: str, records: Sequence[tuple[int, str]]) -> list[bytes | None]:
        keys = [self._residue.record_key(account, epoch, sid) for epoch, sid in records]
        opened = [sid for (_, sid), key in zip(records, keys, strict=True) if key is not None]
        if opened:
            self._write_down_later(account, DISPATCHER, "open_records", *opened)
        return keys

    async def open_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        values = self._open_standing(account, records)
        self._write_down_later(account, DISPATCHER, "open_standing", *(name for name, _ in records))
        return values

    async def reveal_codes(self, codes: Sequence[CodeOf]) -> list[str | None]:
        found = self._codes.reveal(codes)
        for code, value in zip(codes, found, strict=True):
            if value is not None:
                self._write_down_later(code.account, DISPATCHER, "reveal_code", code.sid)
        return found

    async def open_delivery_epochs(self) -> list[tuple[str, int]]:
        return self._residue.due()

    async def close_epoch(
        self, account: str, epoch: int, unfinished: Sequence[str], scheduled: Sequence[str] = ()
    ) -> None:
        await self._residue.close(account, epoch, unfinished, scheduled)
