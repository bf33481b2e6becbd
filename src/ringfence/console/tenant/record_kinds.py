"""Texts and calls, as far as their pages are alike: what is asked of them, and all that belongs to one."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

import msgspec

from ringfence.console.tenant.calls import CallsWanted, TenantCalls, sealed_call
from ringfence.console.tenant.told import Told, told_of
from ringfence.console.tenant.traffic import TenantTraffic, TextsWanted
from ringfence.domain import call, message

TEXTS: Final = "texts"
CALLS: Final = "calls"


class Whole(NamedTuple):
    """All of one record for the key origin: what is sealed of it, of which hours, and what belongs to it."""

    record: msgspec.Struct
    hours: Sequence[int]
    more: Mapping[str, Any]


class RecordKind(NamedTuple):
    """`name` is the pages' place, `one` what people call one of it. `page` takes an account and what is `wanted` of it,
    `has` and `whole` an account and a SID."""

    name: str
    one: str
    statuses: Iterable[Enum]
    directions: Iterable[Enum]
    wanted: Any
    page: Callable[[str, Any], Awaitable[tuple[Sequence[Any], str | None]]]
    has: Callable[[str, str], Awaitable[bool]]
    whole: Callable[[str, str], Awaitable[Whole | None]]


def texts_of(traffic: TenantTraffic, told: Told) -> RecordKind:
    """Accounts' texts."""

    async def has(account: str, sid: str) -> bool:
        return await traffic.text(account, sid) is not None

    async def whole(account: str, sid: str) -> Whole | None:
        record = await traffic.text(account, sid)
        if record is None:
            return None
        more = {"trail": await traffic.trail(account, sid), "told": await told_of(told, account, sid)}
        return Whole(record, [record.epoch], more)

    return RecordKind(TEXTS, "text", message.Status, message.Direction, TextsWanted, traffic.page, has, whole)


def calls_of(calls: TenantCalls, told: Told) -> RecordKind:
    """Accounts' calls."""

    async def has(account: str, sid: str) -> bool:
        return await calls.call(account, sid) is not None

    async def whole(account: str, sid: str) -> Whole | None:
        row = await calls.call(account, sid)
        if row is None:
            return None
        of = await calls.of(row)
        more = {"told": await told_of(told, account, sid), **msgspec.structs.asdict(of)}
        return Whole(sealed_call(row), [row.epoch, *(child.epoch for child in of.children)], more)

    return RecordKind(CALLS, "call", call.Status, call.Direction, CallsWanted, calls.page, has, whole)
