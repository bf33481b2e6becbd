"""For the API, with a tenant's credential in hand: slots, epochs, index keys and standing configuration."""

from collections.abc import Sequence

from ringfence.domain.recovery_kit import recovery_credential
from ringfence.domain.sealing.record import EpochRecords
from ringfence.kms.archive import EPOCHS, INDEXES, Kind
from ringfence.kms.duties import DECLARED, said
from ringfence.kms.freezes_by_keys import check_freeze
from ringfence.kms.vault import API, OPERATOR, Vault
from ringfence.ports.keys import Caller, KeyRefusedError, SealingKey, Slot


class TenantVerbs(Vault):
    """`ports.keys.TenantKeys`, `ports.console_keys.ConsoleLinks` and `ports.access_notes.FreezeNotes`."""

    async def allow(self, caller: Caller, account: str) -> None:
        """Return where the caller's credential opens something of the account. KeyRefusedError."""
        await self._open(caller, account, "ledger")

    async def create_account(self, account: str, slots: Sequence[Slot], parent: str | None = None) -> None:
        await self._write_down(account, API, "create_account", *(slot.credential for slot in slots))
        # Told before it is made: a crash, or a full ledger, leaves none that was not. What is declared while it is made
        # is told to newcomers too, whether the telling came past their place or not.
        self._newcomers.add(account)
        try:
            if (duty := self._duties.to_tell()) is not None:
                await self._write_down(account, OPERATOR, DECLARED, *said(duty))
            await self._slots.create(account, slots, parent)
        finally:
            if self._duties.untold is None:
                self._newcomers.discard(account)

    async def add_slot(self, caller: Caller, account: str, slot: Slot) -> None:
        opened = await self._open(caller, account, "add_slot")
        await self._write_down(account, caller.credential, "add_slot", slot.credential)
        await self._slots.add(opened, account, slot)

    async def copy_slot(self, caller: Caller, account: str, source: str, credential: str) -> None:
        opened = await self._open(caller, account, "copy_slot")
        slot = Slot(credential=credential, public=self._slots.public_of(account, source))
        await self._write_down(account, caller.credential, "copy_slot", source, credential)
        await self._slots.add(opened, account, slot)

    async def add_sealer(self, caller: Caller, account: str, slot: Slot) -> None:
        await self._open(caller, account, "add_sealer")
        await self._write_down(account, caller.credential, "add_sealer", slot.credential)
        await self._slots.add_sealer(account, slot)

    async def end_former_slot(self, account: str, credential: str) -> None:
        await self._write_down(account, API, "end_former_slot", credential)
        await self._slots.end_former(account, credential)

    async def revoke_slot(self, account: str, credential: str) -> None:
        await self._write_down(account, API, "revoke_slot", credential)
        await self._slots.revoke(account, credential)

    async def end_slot_at(self, caller: Caller, account: str, credential: str, ends_ms: int) -> int:
        await self._open(caller, account, "end_slot_at")
        await self._write_down(account, caller.credential, "end_slot_at", credential)
        return await self._slots.end_at(account, credential, ends_ms)

    async def sealing_key(self, caller: Caller, account: str, sealed: int = 0) -> SealingKey:
        await self._open_or_seal(caller, account, "sealing_key")
        await self._live.count(account, sealed)
        live = await self._live.epoch(account)
        day, index_key = await self._live.index_key(account)
        await self._write_down(account, caller.credential, "sealing_key", f"epoch:{live.number}", f"index:{day}")
        return SealingKey(
            epoch=live.number,
            epoch_key=live.key,
            index_day=day,
            index_key=index_key,
            retention=await self._duties.retention(account, live),
        )

    async def open_epochs(self, caller: Caller, account: str, epochs: Sequence[int]) -> dict[int, bytes]:
        return await self._open_archive(caller, account, "open_epochs", EPOCHS, epochs)

    async def lend_record(self, caller: Caller, account: str, epoch: int, sid: str) -> None:
        key = self._archive.open(await self._open(caller, account, "lend_record"), account, EPOCHS, [epoch]).get(epoch)
        if key is None:
            raise KeyRefusedError("no such epoch")
        await self._write_down(account, caller.credential, "lend_record", str(epoch), sid)
        await self._residue.lend(account, epoch, sid, EpochRecords(key).key(sid))

    async def index_keys(self, caller: Caller, account: str, days: Sequence[int]) -> dict[int, bytes]:
        return await self._open_archive(caller, account, "index_keys", INDEXES, days)

    async def seal_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        return [self._standing.seal(account, name, value) for name, value in records]

    async def open_standing_as(self, caller: Caller, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        await self._open_or_seal(caller, account, "open_standing")
        values = self._open_standing(account, records)
        await self._write_down(account, caller.credential, "open_standing", *(name for name, _ in records))
        return values

    async def open_console_link(
        self, caller: Caller, account: str, slot: Slot, until_ms: int, owner: bool = False
    ) -> None:
        self._browsers.check_link(slot.credential, until_ms)
        opened = await self._open(caller, account, "open_console_link")
        if owner and caller.credential not in (account, recovery_credential(account)):
            self._write_down_later(account, caller.credential, "refused.open_owner_link")
            raise KeyRefusedError("a link for an owner is made by the Auth Token or the recovery kit")
        self._slots.check(account, slot)
        verb = "open_owner_link" if owner else "open_console_link"
        await self._write_down(account, caller.credential, verb, slot.credential)
        await self._browsers.note_link(account, slot.credential, until_ms, owner=owner)
        await self._slots.add(opened, account, slot)

    async def note_freeze(self, credential: str, accounts: Sequence[str], what: str, cause: str) -> None:
        check_freeze(self._slots, credential, accounts, what, cause)
        await self._write_down_of(accounts, credential, "note.freeze", what, cause)
        if what.startswith("account:"):
            for account in accounts:
                await self._end_grants(self._grants.open_of(session="", staff="", account=account), credential)

    async def _open_archive(
        self, caller: Caller, account: str, verb: str, kind: Kind, numbers: Sequence[int]
    ) -> dict[int, bytes]:
        keys = self._archive.open(await self._open(caller, account, verb), account, kind, numbers)
        await self._write_down(account, caller.credential, verb, *map(str, keys))
        return keys
