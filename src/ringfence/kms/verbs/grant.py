"""For the console, the grants that staff read by."""

from collections.abc import Sequence

from msgspec.structs import replace

from ringfence.domain.access.grant import SHARED
from ringfence.domain.sealing.grant import SealedGrant
from ringfence.domain.sid import is_sid
from ringfence.kms.grants import Holder
from ringfence.kms.vault import Vault, named, person
from ringfence.ports.grants import BOXES_AT_ONCE, KeptGrant
from ringfence.ports.keys import KeyRefusedError


class GrantVerbs(Vault):
    """`ports.grants.GrantKeys`."""

    async def grant_keeper(self) -> bytes:
        return self._grants.public

    async def keep_grant(self, grant: KeptGrant) -> None:
        bound = grant.binding
        person(f"staff:{bound.staff}")
        approver = person(f"member:{grant.approver}")
        self._grants.check(grant)
        holder = Holder(sid=bound.grant, account=bound.account, staff=bound.staff, session=bound.session)
        names = list(grant.sealed.boxes)
        for at in range(0, len(names), BOXES_AT_ONCE):
            some = names[at : at + BOXES_AT_ONCE]
            await self._write_down(bound.account, approver, "grant.keep", *named(holder), *some)
        await self._grants.keep(grant)

    async def grant_boxes(self, grant: str, session: str, names: Sequence[str], staff: str = "") -> SealedGrant:
        holder = self._grants.holder(grant)
        if holder is None:
            # It is not written down: else anybody could fill the record, under names of his own.
            raise KeyRefusedError("no such grant of that session")
        kept_for = session
        if holder.session == SHARED:
            # The entry names who opens it, and in which session: whoever has its code may.
            if not (is_sid(session, "CS") and is_sid(staff, "ST")):
                raise ValueError("what is shared is opened by a member of staff, in a session of theirs")
            kept_for, holder = SHARED, replace(holder, staff=staff, session=session)
        try:
            boxes = self._grants.boxes(grant, kept_for, names)
        except KeyRefusedError:
            self._write_down_later(holder.account, f"staff:{holder.staff}", "refused.grant_open", f"grant:{grant}")
            raise
        await self._write_down(holder.account, f"staff:{holder.staff}", "grant_open", *named(holder), *boxes.boxes)
        # It may have ended while the ledger was written.
        return self._grants.boxes(grant, kept_for, names)

    async def end_grant(self, grant: str, actor: str) -> None:
        person(actor)
        holder = self._grants.holder(grant)
        if holder is not None and not holder.ended:
            await self._end_grants([holder], actor)

    async def end_grants(self, actor: str, session: str = "", staff: str = "", account: str = "") -> int:
        if not (session or staff or account):
            raise ValueError("whose grants?")
        person(actor)
        found = self._grants.open_of(session=session, staff=staff, account=account)
        await self._end_grants(found, actor)
        return len(found)
