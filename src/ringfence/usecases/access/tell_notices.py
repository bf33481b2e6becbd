"""Tell accounts by webhook what their operator must tell them: what was opened of theirs, frozen, or is retained.

A notice's SID follows from what it says, so whoever tells the same again, after a crash too, tells it once.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from ringfence.domain.ledger.blast import Reach
from ringfence.ports.freezes import PLATFORM, EndedFreeze, FreezeKind, FreezeRow, FreezeStore
from ringfence.ports.notices import NoticeKind, NoticeRow, NoticeStore
from ringfence.ports.retention import Duty
from ringfence.ports.store import AccountStore
from ringfence.usecases.access.freeze import frozen_with

PREFIX = "NO"
PAGE = 1_000


class NoticedStore(AccountStore, FreezeStore, NoticeStore, Protocol):
    """What is frozen, whose it is, and where that is told."""


def blast_notice(reach: Reach, actor_kind: str, actor: str, link: str, at_ms: int) -> NoticeRow:
    """That somebody opened so much of an account, from when to when. `link` is where its members see it."""
    said = {
        "ActorKind": actor_kind,
        "Actor": actor,
        "Openings": str(reach.openings),
        "Objects": str(len(reach.objects)),
        "From": _time(reach.first_ms),
        "To": _time(reach.last_ms),
        "Link": link,
    }
    known = (actor_kind, actor, str(reach.first_ms), str(reach.last_ms))
    return _notice(reach.account, "notice.blast", known, said, at_ms)


def freeze_notice(account: str, freeze: FreezeRow | EndedFreeze, link: str) -> NoticeRow:
    """That an account, a parent of it, a key of it, or all of the platform was frozen."""
    said = {"What": freeze.kind, "Name": freeze.name, "Link": link}
    return _notice(account, "notice.freeze", (freeze.kind, freeze.name, str(freeze.at_ms)), said, freeze.at_ms)


def thaw_notice(account: str, freeze: EndedFreeze, link: str) -> NoticeRow:
    """That what was frozen goes on."""
    said = {"What": freeze.kind, "Name": freeze.name, "From": _time(freeze.at_ms), "Link": link}
    return _notice(account, "notice.thaw", (freeze.kind, freeze.name, str(freeze.at_ms)), said, freeze.ended_ms)


def duty_notice(account: str, duty: Duty, link: str, *, ended_ms: int | None = None) -> NoticeRow:
    """That a duty to retain metadata was declared; with `ended_ms` that it ended."""
    said = {
        "What": "declared" if ended_ms is None else "ended",
        "Duty": str(duty.number),
        "Fields": ",".join(duty.fields),
        "Days": str(duty.days),
        "Basis": duty.basis,
        "Officers": ",".join(duty.officers),
        "Link": link,
    }
    known = (said["What"], str(duty.number), str(duty.declared_ms))
    return _notice(account, "notice.duty", known, said, duty.declared_ms if ended_ms is None else ended_ms)


async def tell_notices(store: NoticeStore, rows: Sequence[NoticeRow]) -> int:
    """Have those accounts told that have an address for it: how many are told anew."""
    return await store.add_notices(await _addressed(store, rows))


async def _addressed(store: NoticeStore, rows: Sequence[NoticeRow]) -> list[NoticeRow]:
    addresses = await store.notice_addresses([row.account for row in rows]) if rows else []
    return [row for row, at in zip(rows, addresses, strict=True) if at is not None]


class FreezeNotices:
    """Tells accounts of freezes and thaws of theirs, whoever made them, that it finds in the store.

    Who names an address is told what is frozen then. A freeze that ended before it was found is told with its thaw, and
    one of the platform with its thaw too, since nothing goes out before. `link` is the console's address.
    """

    def __init__(self, store: NoticedStore, link: str) -> None:
        self._store = store
        self._link = link
        # Of what is frozen: what is yet to be told of it, to whom there is an address.
        self._untold: dict[tuple[str, str, int], list[NoticeRow]] = {}

    async def round(self) -> int:
        """Tell of what is new since the last one, and to whom is; how many are told anew."""
        return await self._tell_frozen() + await self._tell_ended()

    async def _tell_frozen(self) -> int:
        found = {_known(row): row for row in await self._store.freezes() if row.kind in ("account", "key")}
        untold = {
            known: self._untold[known] if known in self._untold else await self._notices(row)
            for known, row in found.items()
        }
        addressed = await _addressed(self._store, [notice for each in untold.values() for notice in each])
        told = await self._store.add_notices(addressed) if addressed else 0
        gone = {notice.sid for notice in addressed}
        self._untold = {known: [notice for notice in each if notice.sid not in gone] for known, each in untold.items()}
        return told

    async def _tell_ended(self) -> int:
        # What is left, or ends meanwhile, is for the next round. Killed in between, the next one finds all of it again.
        ended = await self._store.ended_freezes()
        told = 0
        for row in ended:
            async for accounts in self._stopped_by(row):
                notices = [tell(each, row, self._link) for each in accounts for tell in (freeze_notice, thaw_notice)]
                told += await tell_notices(self._store, notices)
        if ended:
            await self._store.forget_ended(ended)
        return told

    async def _stopped_by(self, row: EndedFreeze) -> AsyncIterator[Sequence[str]]:
        """Accounts, so many at a time."""
        if row.kind != PLATFORM:
            yield await self._whose(row.kind, row.name)
            return
        after = ""
        while page := await self._store.addressed_accounts(after=after, limit=PAGE):
            yield page
            after = page[-1]

    async def _notices(self, row: FreezeRow) -> list[NoticeRow]:
        return [freeze_notice(each, row, self._link) for each in await self._whose(row.kind, row.name)]

    async def _whose(self, kind: FreezeKind, name: str) -> Sequence[str]:
        if kind == "account":
            return await frozen_with(self._store, name)
        credential = await self._store.credential(name)
        return [] if credential is None else [credential.account]


def _known(row: FreezeRow) -> tuple[str, str, int]:
    return row.kind, row.name, row.at_ms


def _notice(account: str, kind: NoticeKind, known: Iterable[str], said: Mapping[str, str], at_ms: int) -> NoticeRow:
    digest = hashlib.sha256("|".join((account, kind, *known)).encode()).hexdigest()
    return NoticeRow(
        account=account, sid=f"{PREFIX}{digest[:32]}", kind=kind, said=msgspec.json.encode(said).decode(), at_ms=at_ms
    )


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
