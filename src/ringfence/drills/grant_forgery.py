"""D08: a member of staff with one genuine grant tries to read what it does not cover.

The attacker has the session and its private key, every sealed row of every tenant, and the console: whatever it could
ask of the key service is asked. What counts is each try that reads a text, a call or a recording outside of a grant, or
after its end.
"""

import asyncio
import contextlib
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import cast

from msgspec.structs import replace

from ringfence.domain.access.grant import ANSWER_MS, Grant, GrantState
from ringfence.domain.access.refusal import AccessRefusedError
from ringfence.domain.access.scope import Scope, epoch_name
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.grant import GrantBinding, SealedGrant, open_grant, seal_grant, unseal_lid
from ringfence.domain.sealing.record import EpochRecords, open_field
from ringfence.domain.sid import new_sid
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.grant_room import FIELD, HOUR_MS, Room, StaffBrowser, Tenant, Text
from ringfence.drills.report import Finding
from ringfence.kms.memory import MemoryLedger
from ringfence.kms.service import KeyService
from ringfence.ports.grants import KeptGrant
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.usecases.access.answer_grant import approve_grant, refuse_grant
from ringfence.usecases.access.end_grant import end_as_staff
from ringfence.usecases.access.use_grant import use_grant

DRILL = "D08"
TITLE = "a genuine grant stretched, forged, kept and used again"
TENANTS = 4
TEXTS = 12
COVERED = 6
BY_ROLE = "by the role of support"
# So many of the grants that are stretched are of a whole hour, the others of records.
HOURS_OF_GRANTS = 0.3
_REFUSED = (AccessRefusedError, KeyRefusedError, UnsealError, ValueError)

Tries = list[tuple[Text, bytes]]
"""Each text that was tried, and what was read of it: b"" for nothing."""


def grant_forgery(design: Design, tenants: int, database: str = "") -> Finding:
    """`tenants` is how many tries are made, in turn by each way."""
    return asyncio.run(_play(design, tenants))


async def _play(design: Design, tries: int) -> Finding:
    started = time.monotonic()
    read: Counter[str] = Counter()
    made = inside = inside_read = 0
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        room = Room(Path(folder), MemoryLedger())
        if design.staff_read_by_role:
            room.keys = cast(KeyService, await design.open_keys(Path(folder), room.clock))
        await room.open()
        try:
            await room.seed(TENANTS, TEXTS)
            forger = Forger(room)
            if not design.staff_read_by_role:
                inside, inside_read = await forger.read_honestly(max(1, tries // 100))
            ways = {BY_ROLE: Forger.by_role} if design.staff_read_by_role else WAYS
            while made < tries:
                for name, way in ways.items():
                    found = (await way(forger))[: tries - made]
                    # What waits for an answer waits no longer.
                    room.clock.advance(ANSWER_MS)
                    made += len(found)
                    read[name] += sum(plain == text.mark for text, plain in found)
        finally:
            await room.close()
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=made,
        reached=read.total(),
        seconds=time.monotonic() - started,
        proves=design.staff_read_by_role or 0 < inside_read == inside,
        rows=(
            *((("read within grants", f"{inside_read} of {inside}"),) if inside else ()),
            *((f"read, {way}", str(count)) for way, count in sorted(read.items()) if count),
        ),
    )


class Forger:
    """A member of staff who owns their session, the console, and a copy of every row. Each way begins anew."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._chance = random.Random(8)  # noqa: S311 - whom they strike, not a secret

    async def read_honestly(self, times: int) -> tuple[int, int]:
        """How many texts were granted, and how many of those were read: all, or the drill shows nothing."""
        asked = read = 0
        for _ in range(times):
            for scope in (self._records, self._hour):
                tenant, browser = self._chance.choice(self._room.tenants), self._room.session()
                grant = await self._room.granted(browser, tenant, scope(tenant))
                for text in self._covered(grant, tenant):
                    asked += 1
                    _, sealed = await use_grant(
                        self._room.book,
                        self._room.keys,
                        self._room.clock,
                        grant.sid,
                        session=browser.session,
                        names=[_name(grant, text)],
                    )
                    read += _read(open_grant(grant.binding, sealed, browser.recipient).values(), text) == text.mark
        return asked, read

    async def by_role(self) -> Tries:
        """Ask the key service for whole hours, with a credential made up."""
        found: Tries = []
        for text in self._any(COVERED):
            caller = Caller(account=text.account, credential=text.account, seed=os.urandom(32))
            try:
                keys = await self._room.keys.open_epochs(caller, text.account, [text.epoch])
            except KeyRefusedError:
                found.append((text, b""))
            else:
                found.append((text, _read([EpochRecords(key).key(text.sid) for key in keys.values()], text)))
        return found

    async def other_records(self) -> Tries:
        """Names that were not granted; and the granted keys on other texts, of the same hour too."""
        grant, browser, _ = await self._granted()
        sealed = await self._room.keys.grant_boxes(grant.sid, browser.session, grant.scope.names)
        keys = open_grant(grant.binding, sealed, browser.recipient)
        found: Tries = []
        for text in self._others(grant):
            more = await self._ask(grant.sid, browser, [text.sid], [grant.binding])
            more |= await self._ask(grant.sid, browser, [grant.scope.names[0], text.sid], [grant.binding])
            more |= await self._ask(grant.sid, browser, [epoch_name(text.epoch)], [grant.binding])
            moved = replace(sealed, boxes={text.sid: self._chance.choice(list(sealed.boxes.values()))})
            more |= _opened(moved, browser, [grant.binding])
            found.append((text, _read([*keys.values(), *more.values()], text)))
        return found

    async def another_tenants(self) -> Tries:
        """A grant of another tenant to a colleague's session, by every name that it might be asked under."""
        own, browser, _ = await self._granted()
        grant, colleague, tenant = await self._granted()
        bindings = [
            grant.binding,
            replace(grant.binding, session=browser.session, staff=browser.staff, public=browser.recipient.public),
            replace(own.binding, account=tenant.account),
        ]
        found: Tries = []
        for text in self._covered(grant, tenant):
            keys: dict[str, bytes] = {}
            for session in (browser.session, colleague.session):
                asked = [_name(grant, text)]
                keys |= await self._ask(grant.sid, replace_session(browser, session), asked, bindings)
            found.append((text, _read(keys.values(), text)))
        return found

    async def longer(self) -> Tries:
        """Kept again with a later end, under another name, or for another session; from a copy the console made."""
        grant, browser, tenant, copy = await self._copied()
        await end_as_staff(self._room.book, self._room.keys, self._room.clock, grant.sid, browser.staff)
        other = self._room.session()
        forged = [
            replace(grant.binding, grant=new_sid("GR")),
            replace(grant.binding, expires_ms=grant.expires_ms + HOUR_MS),
            replace(grant.binding, grant=new_sid("GR"), expires_ms=grant.expires_ms + HOUR_MS),
            replace(grant.binding, grant=new_sid("GR"), session=other.session),
            grant.binding,
        ]
        for binding in forged:
            await self._keep(binding, copy)
        return await self._after_all(grant, browser, tenant, copy, forged)

    async def after_its_end(self) -> Tries:
        """Nothing was taken in time; then everything is asked for."""
        grant, browser, tenant, copy = await self._copied(minutes=1)
        self._room.clock.advance(60_000)
        if self._chance.random() < 0.5:
            await self._room.keys.tidy()
        return await self._after_all(grant, browser, tenant, copy, [grant.binding])

    async def after_revocation(self) -> Tries:
        """The tenant ended it before anything was taken."""
        grant, browser, tenant, copy = await self._copied()
        await self._room.keys.end_grant(grant.sid, f"member:{grant.approver}")
        return await self._after_all(grant, browser, tenant, copy, [grant.binding])

    async def clock_set_back(self) -> Tries:
        """The end has come, and the wall clock is set back by an hour; or forward, and back."""
        grant, browser, tenant, copy = await self._copied(minutes=30)
        clock = self._room.clock
        clock.advance(30 * 60_000)
        clock.shift_ms = self._chance.choice([-HOUR_MS, -31 * 60_000, -1])
        try:
            return await self._after_all(grant, browser, tenant, copy, [grant.binding])
        finally:
            clock.shift_ms = 0

    async def another_hour(self) -> Tries:
        """A grant of one hour, on the texts of the other."""
        tenant, browser = self._chance.choice(self._room.tenants), self._room.session()
        hours = sorted({text.epoch for text in tenant.texts})
        granted, wanted = self._chance.sample(hours, 2)
        grant = await self._room.granted(browser, tenant, Scope(epochs=(granted,)))
        sealed = await self._room.keys.grant_boxes(grant.sid, browser.session, [epoch_name(granted)])
        (key,) = open_grant(grant.binding, sealed, browser.recipient).values()
        renamed = replace(sealed, boxes={epoch_name(wanted): sealed.boxes[epoch_name(granted)]})
        keys = [key, *_opened(renamed, browser, [grant.binding]).values()]
        keys += (await self._ask(grant.sid, browser, [epoch_name(wanted)], [grant.binding])).values()
        return [(text, _read(keys, text)) for text in tenant.texts if text.epoch == wanted]

    async def approved_by_others(self) -> Tries:
        """By the asker, one who is the same person, one who is no approver, another tenant's; with keys made up."""
        found: Tries = []
        for changes in ("staff", "same person", "no approver", "another tenant", "unmatched", "a key made up"):
            tenant, browser = self._chance.choice(self._room.tenants), self._room.session()
            grant = await self._room.ask(browser, tenant, self._scope(tenant))
            if changes != "unmatched":
                grant = await self._room.match(grant, browser, tenant)
            now_ms = self._room.clock.now_ms()
            who = {
                "staff": tenant.approver(now_ms, member=browser.staff),
                "same person": tenant.approver(now_ms, staff=browser.staff),
                "no approver": tenant.approver(now_ms, approves=False),
                "another tenant": tenant.approver(now_ms, account=new_sid("AC")),
            }.get(changes, tenant.approver(now_ms))
            made_up = {name: os.urandom(32) for name in grant.scope.names}
            keeper = await self._room.keys.grant_keeper()
            with contextlib.suppress(*_REFUSED):
                await approve_grant(
                    self._room.book,
                    self._room.keys,
                    self._room.keys,
                    self._room.clock,
                    grant.sid,
                    who,
                    typed=browser.number(grant) if grant.value else "000000",
                    sealed=seal_grant(grant.binding, made_up, keeper),
                )
            text = self._covered(grant, tenant)[0]
            keys = await self._ask(grant.sid, browser, [_name(grant, text)], [grant.binding])
            found.append((text, _read(keys.values(), text)))
            self._room.clock.advance(ANSWER_MS)
        return found

    async def too_late(self) -> Tries:
        """The approver's answer comes when its time is up, or when a colleague of theirs has refused."""
        tenant, browser = self._chance.choice(self._room.tenants), self._room.session()
        grant = await self._room.ask(browser, tenant, self._scope(tenant))
        grant = await self._room.match(grant, browser, tenant)
        sealed = await self._room.seal(grant, tenant)
        late = self._chance.random() < 0.5
        if late:
            self._room.clock.advance(ANSWER_MS)
        room, now_ms = self._room, self._room.clock.now_ms()
        approval = approve_grant(
            room.book,
            room.keys,
            room.keys,
            room.clock,
            grant.sid,
            tenant.approver(now_ms),
            typed=browser.number(grant),
            sealed=sealed,
        )
        refusal = refuse_grant(room.book, room.keys, room.clock, grant.sid, tenant.approver(now_ms, member="m-other"))
        await asyncio.gather(refusal, approval, return_exceptions=True)
        after = await room.book.grant(grant.sid)
        if after is not None and after.state is GrantState.APPROVED:
            # The approval was first: then it is a grant, and within it nothing is forbidden.
            return []
        return await self._after_all(grant, browser, tenant, sealed, [grant.binding])

    async def another_key(self) -> Tries:
        """The console shows the approver a key of its own: their browsers' numbers must differ."""
        tenant, victim, browser = self._chance.choice(self._room.tenants), self._room.session(), self._room.session()
        honest = await self._room.ask(victim, tenant, self._scope(tenant))
        grant = await self._room.match(honest, victim, tenant)
        shown = replace(grant, public=browser.recipient.public)
        if victim.number(grant) != shown.number:
            # The approver's browser sees another number than the one that is read out to them, and seals nothing.
            return [(text, b"") for text in self._covered(grant, tenant)]
        sealed = await self._room.seal(shown, tenant)
        await self._keep(shown.binding, sealed)
        return await self._after_all(grant, browser, tenant, sealed, [shown.binding])

    async def _granted(self, minutes: int = 30) -> tuple[Grant, StaffBrowser, Tenant]:
        tenant, browser = self._chance.choice(self._room.tenants), self._room.session()
        return await self._room.granted(browser, tenant, self._scope(tenant), minutes), browser, tenant

    async def _copied(self, minutes: int = 30) -> tuple[Grant, StaffBrowser, Tenant, SealedGrant]:
        """A grant of which the console kept a copy of what went by, and its session took nothing."""
        tenant, browser = self._chance.choice(self._room.tenants), self._room.session()
        grant = await self._room.ask(browser, tenant, self._scope(tenant), minutes)
        grant = await self._room.match(grant, browser, tenant)
        copy = await self._room.seal(grant, tenant)
        if not await self._keep(grant.binding, copy):
            raise AssertionError("a genuine grant was not kept")
        return grant, browser, tenant, copy

    async def _after_all(
        self, grant: Grant, browser: StaffBrowser, tenant: Tenant, copy: SealedGrant, bindings: Sequence[GrantBinding]
    ) -> Tries:
        """Ask for every text of it under every name, and try the copy, its lid as it is and without what comes off."""
        keys: dict[str, bytes] = {}
        for binding in bindings:
            for sid in (grant.sid, binding.grant):
                keys |= await self._ask(sid, replace_session(browser, binding.session), grant.scope.names, bindings)
            try:
                keys |= _opened(replace(copy, lid=unseal_lid(binding, copy.lid, browser.recipient)), browser, bindings)
            except _REFUSED:
                continue
        keys |= _opened(copy, browser, bindings)
        return [(text, _read(keys.values(), text)) for text in self._covered(grant, tenant)]

    async def _keep(self, binding: GrantBinding, sealed: SealedGrant) -> bool:
        try:
            await self._room.keys.keep_grant(KeptGrant(binding=binding, sealed=sealed, approver="m-forged"))
        except _REFUSED:
            return False
        return True

    async def _ask(
        self, sid: str, browser: StaffBrowser, names: Sequence[str], bindings: Iterable[GrantBinding]
    ) -> dict[str, bytes]:
        """By the console's own way, and of the key service directly; opened in the session under each binding."""
        room = self._room
        found: dict[str, bytes] = {}
        with contextlib.suppress(*_REFUSED):
            _, sealed = await use_grant(room.book, room.keys, room.clock, sid, session=browser.session, names=names)
            found |= _opened(sealed, browser, bindings)
        with contextlib.suppress(*_REFUSED):
            found |= _opened(await room.keys.grant_boxes(sid, browser.session, names), browser, bindings)
        return found

    def _scope(self, tenant: Tenant) -> Scope:
        return self._hour(tenant) if self._chance.random() < HOURS_OF_GRANTS else self._records(tenant)

    def _hour(self, tenant: Tenant) -> Scope:
        return Scope(epochs=(self._chance.choice(tenant.texts).epoch,))

    def _records(self, tenant: Tenant) -> Scope:
        return Scope(records=tuple(text.sid for text in self._chance.sample(tenant.texts, COVERED)))

    def _covered(self, grant: Grant, tenant: Tenant) -> list[Text]:
        return [text for text in tenant.texts if _is_covered(grant, text)]

    def _others(self, grant: Grant) -> list[Text]:
        texts = [text for tenant in self._room.tenants for text in tenant.texts if not _is_covered(grant, text)]
        same = [text for text in texts if text.account == grant.account]
        return [*self._chance.sample(same, COVERED // 2), *self._chance.sample(texts, COVERED // 2)]

    def _any(self, count: int) -> list[Text]:
        return self._chance.sample([text for tenant in self._room.tenants for text in tenant.texts], count)


def replace_session(browser: StaffBrowser, session: str) -> StaffBrowser:
    """The same browser under another session's name."""
    other = StaffBrowser(browser.staff, session)
    other.recipient, other.value = browser.recipient, browser.value
    return other


def _opened(sealed: SealedGrant, browser: StaffBrowser, bindings: Iterable[GrantBinding]) -> dict[str, bytes]:
    for binding in bindings:
        try:
            return open_grant(binding, sealed, browser.recipient)
        except UnsealError:
            continue
    return {}


def _is_covered(grant: Grant, text: Text) -> bool:
    return grant.account == text.account and _name(grant, text) in grant.scope.names


def _name(grant: Grant, text: Text) -> str:
    """Under which of a grant's names the text would be opened."""
    return epoch_name(text.epoch) if grant.scope.epochs else text.sid


def _read(keys: Iterable[bytes], text: Text) -> bytes:
    """By each key, as the record's own and as its hour's."""
    for key in keys:
        for own in (key, EpochRecords(key).key(text.sid)):
            try:
                return open_field(own, text.account, text.sid, FIELD, text.sealed)
            except UnsealError:
                continue
    return b""


WAYS: dict[str, Callable[[Forger], Awaitable[Tries]]] = {
    BY_ROLE: Forger.by_role,
    "other records": Forger.other_records,
    "another tenant's": Forger.another_tenants,
    "longer": Forger.longer,
    "after its end": Forger.after_its_end,
    "after revocation": Forger.after_revocation,
    "with the clock set back": Forger.clock_set_back,
    "another hour": Forger.another_hour,
    "approved by others": Forger.approved_by_others,
    "too late": Forger.too_late,
    "to another key": Forger.another_key,
}


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=grant_forgery,
        tenants=10_000,
        each="tries",
    ),
)
