"""Incidents begin and end with what is the case."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ringfence.domain.clock import Clock
from ringfence.domain.sid import new_sid
from ringfence.ports.operations import INCIDENT, Incident, OperationsStore

AT_ONCE = 1_000


class Condition(NamedTuple):
    """Something is wrong with `what` since then (Unix, milliseconds)."""

    kind: str
    what: str
    since_ms: int


async def settle_incidents(
    store: OperationsStore, clock: Clock, found: Sequence[Condition], is_ours: Callable[[Incident], bool]
) -> None:
    """Begin one for each condition that has none, and end those of ours whose condition is over."""
    going_on = {(row.kind, row.what): row for row in await store.incidents(going_on=True, limit=AT_ONCE)}
    now_ms = clock.now_ms()
    for each in found:
        if (each.kind, each.what) not in going_on:
            row = Incident(sid=new_sid(INCIDENT, now_ms), kind=each.kind, what=each.what, began_ms=each.since_ms)
            await store.begin_incident(row)
    still = {(each.kind, each.what) for each in found}
    for place, row in going_on.items():
        if is_ours(row) and place not in still:
            await store.end_incident(row.kind, row.what, now_ms)
