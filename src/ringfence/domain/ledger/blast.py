"""Whom an actor reached: what the ledger says of it, tenant by tenant."""

from collections.abc import Iterable

import msgspec

# What the ledger tells of itself, and of openings that were refused, reached nobody.
_REFUSED = "refused."


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """What of one account was opened. `objects` are epochs, records and names as the entries give them, in order."""

    account: str
    openings: int
    objects: tuple[str, ...]
    first_ms: int
    last_ms: int


def reach_of(entries: Iterable[tuple[int, str, str, tuple[str, ...]]]) -> list[Reach]:
    """From an actor's entries (time in ms, account, verb, scope): the accounts reached, the first reached first."""
    found: dict[str, tuple[int, dict[str, None], int, int]] = {}
    for at_ms, account, verb, scope in entries:
        if not account or verb.startswith(_REFUSED):
            continue
        openings, objects, first_ms, last_ms = found.get(account, (0, {}, at_ms, at_ms))
        objects.update((f"{verb}:{name}", None) for name in scope)
        found[account] = (openings + 1, objects, min(first_ms, at_ms), max(last_ms, at_ms))
    reached = [
        Reach(account=account, openings=openings, objects=tuple(objects), first_ms=first_ms, last_ms=last_ms)
        for account, (openings, objects, first_ms, last_ms) in found.items()
    ]
    return sorted(reached, key=lambda one: (one.first_ms, one.account))
