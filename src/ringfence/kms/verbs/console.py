"""For the console, what browsers open there, and what its people do."""

from collections.abc import Sequence

from ringfence.kms.vault import Vault, person, read_by
from ringfence.ports.console_keys import API_KEY_PREFIX, PASSKEY_PREFIX, BrowserSlot, Reader, Way
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.standing_forms import KeptStanding, SealedForm

KEY_ORIGIN = "key_origin"


class ConsoleVerbs(Vault):
    """`ports.console_keys.ConsoleKeys` and `ports.standing_forms.StandingForms`."""

    async def link_boxes(self, account: str, link: str) -> list[tuple[int, bytes]]:
        boxes, handed = self._browsers.link_boxes(account, link)
        if not handed:
            await self._write_down(account, link, "slot_boxes")
            await self._browsers.hand(account, link)
        return boxes

    async def slot_boxes(self, account: str, credential: str, reader: Reader) -> list[tuple[int, bytes]]:
        scope = read_by(reader)
        with self._refusals_of(account, credential, "slot_boxes", *scope):
            boxes = self._browsers.boxes(account, credential)
        await self._write_down(account, credential, "slot_boxes", *scope)
        return boxes

    async def with_slots(self, account: str, credentials: Sequence[str]) -> list[str]:
        return [credential for credential in credentials if self._browsers.is_known(account, credential)]

    async def child_boxes(
        self, account: str, credential: str, child: str, reader: Reader
    ) -> list[tuple[int, int, bytes]]:
        scope = read_by(reader)
        with self._refusals_of(account, credential, "slot_boxes", *scope):
            boxes = self._browsers.child_boxes(account, credential, child)
        await self._write_down(child, credential, "slot_boxes", *scope)
        return boxes

    async def sealed_epochs(
        self, account: str, credential: str, epochs: Sequence[int], reader: Reader, child: str = ""
    ) -> dict[int, list[tuple[int, bytes]]]:
        scope = read_by(reader)
        with self._refusals_of(account, credential, "open_epochs", *scope):
            sealed = self._browsers.epochs(account, credential, epochs, child)
        await self._write_down(child or account, credential, "open_epochs", *scope, *map(str, sealed))
        return sealed

    async def lend_sealed(
        self, account: str, credential: str, epoch: int, sid: str, sealed: bytes, reader: Reader
    ) -> None:
        scope = read_by(reader)
        with self._refusals_of(account, credential, "lend_record", *scope):
            self._browsers.boxes(account, credential)
        key = self._grants.unseal_lent(account, epoch, sid, sealed)
        await self._write_down(account, credential, "lend_record", *scope, str(epoch), sid)
        await self._residue.lend(account, epoch, sid, key)

    async def proof_key(self, account: str, asker: str) -> bytes:
        return self._browsers.proofs.new(account, asker)

    async def add_browser_slot(self, account: str, slot: BrowserSlot, by: str, way: Way) -> bool:
        with self._refusals_of(account, by, "add_slot"):
            self._browsers.check(account, slot, by, way)
        await self._write_down(account, by, "add_slot", slot.credential)
        return await self._browsers.add(account, slot, by)

    async def revoke_browser_slot(self, account: str, credential: str, by: str) -> None:
        if not credential.startswith((PASSKEY_PREFIX, API_KEY_PREFIX)):
            raise KeyRefusedError("no slot of a passkey or key")
        await self._write_down(account, person(by), "revoke_slot", credential)
        await self._slots.revoke(account, credential)

    async def show_standing(
        self, account: str, credential: str, records: Sequence[tuple[str, bytes]], reader: Reader
    ) -> list[tuple[int, bytes]]:
        scope = read_by(reader)
        with self._refusals_of(account, credential, "show_standing", *scope):
            self._browsers.boxes(account, credential)
        shown = self._forms.show(account, records)
        await self._write_down(account, credential, "show_standing", *scope, *(name for name, _ in records))
        return shown

    async def keep_standing(
        self, account: str, record: str, now: bytes, form: SealedForm, reader: Reader
    ) -> KeptStanding:
        scope = read_by(reader)
        with self._refusals_of(account, form.by, "keep_standing", *scope, record):
            self._sealed_forms.check(account, record, form)
        kept = self._forms.changed(account, record, now, form)
        await self._write_down(account, form.by, "keep_standing", *scope, record)
        return kept

    async def note(self, account: str, actor: str, verb: str, scope: Sequence[str] = ()) -> None:
        if hasattr(type(self), verb) or "." in verb:
            raise ValueError("a note is of none of our verbs")
        await self._write_down(account, actor if actor == KEY_ORIGIN else person(actor), f"note.{verb}", *scope)
