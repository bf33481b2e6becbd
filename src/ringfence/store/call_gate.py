"""Which calls of a batch go out: one after the other, each counted before the next is looked at, whatever the store."""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from ringfence.ports.call_brakes import Bound, Burden, Held

Key = tuple[str, str]
Scope = tuple[Literal["account", "tenant"], str]


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """A call that wants to go out, and what bounds its account and its tenant. Times are those of `burden`."""

    account: str
    sid: str
    from_ms: int
    now_ms: int
    own: Bound | None
    tenant: str
    whole: Bound | None

    @property
    def key(self) -> Key:
        return self.account, self.sid

    def bounds(self) -> Iterator[tuple[Scope, Bound]]:
        """What holds for it."""
        if self.own is not None:
            yield ("account", self.account), self.own
        if self.whole is not None:
            yield ("tenant", self.tenant), self.whole


def scopes(leavings: Sequence[Leaving]) -> dict[Scope, tuple[int, int]]:
    """Whose burdens are to be known, each with its `from_ms` and `now_ms`: the longest time that is asked for."""
    found: dict[Scope, tuple[int, int]] = {}
    for leaving in leavings:
        for scope, _ in leaving.bounds():
            from_ms, now_ms = found.get(scope, (leaving.from_ms, leaving.now_ms))
            found[scope] = min(from_ms, leaving.from_ms), max(now_ms, leaving.now_ms)
    return found


def pass_gate(
    leavings: Sequence[Leaving], waiting: Mapping[Key, int], burdens: MutableMapping[Scope, Burden]
) -> tuple[list[Held], list[Key]]:
    """What holds each, and which go out now. `waiting` has the price of a minute of those that were not let out yet.

    Nothing holds a call that waits no longer. `burdens` grow by what goes out.
    """
    held: list[Held] = []
    out: list[Key] = []
    for leaving in leavings:
        held.append("")
        rate_micros = waiting.get(leaving.key)
        if rate_micros is None or leaving.key in out:
            continue
        bounds = list(leaving.bounds())
        if any(burdens[scope].live >= bound.live for scope, bound in bounds):
            held[-1] = "live"
        elif any(_costs_more(burdens[scope].micros + rate_micros, bound) for scope, bound in bounds):
            held[-1] = "micros"
        else:
            out.append(leaving.key)
            for scope, _ in bounds:
                burdens[scope] = _and_one(burdens[scope], rate_micros)
    return held, out


def _costs_more(micros: int, bound: Bound) -> bool:
    return bound.micros is not None and micros > bound.micros


def _and_one(burden: Burden, rate_micros: int) -> Burden:
    return replace(
        burden,
        running_micros=burden.running_micros + rate_micros,
        queued_micros=burden.queued_micros + rate_micros,
        live=burden.live + 1,
    )
