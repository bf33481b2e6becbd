"""Whom an actor reached: what the ledger says of it, tenant by tenant.

A verb with a point in it let go of no key: what was refused, what people did in a console (`note.`), what became of a
grant, what the ledger tells of itself.
"""

from collections.abc import Iterable, Sequence

import msgspec

SESSION = "session:"
GRANT = "grant:"
MEMBER = "member:"
OFFICER = "officer:"
REFERENCE = "reference:"
DUTY = "duty:"
STAFF = "staff:"
KEPT = "grant.keep"
THROUGH = (SESSION, GRANT, MEMBER, OFFICER)
"""What names of a scope begin with that say who asked, and by whose leave."""


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
        if not account or "." in verb:
            continue
        openings, objects, first_ms, last_ms = found.get(account, (0, {}, at_ms, at_ms))
        objects.update((f"{verb}:{name}", None) for name in things(scope))
        found[account] = (openings + 1, objects, min(first_ms, at_ms), max(last_ms, at_ms))
    reached = [
        Reach(account=account, openings=openings, objects=tuple(objects), first_ms=first_ms, last_ms=last_ms)
        for account, (openings, objects, first_ms, last_ms) in found.items()
    ]
    return sorted(reached, key=lambda one: (one.first_ms, one.account))


def left_unopened(entries: Iterable[tuple[int, str, str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    """What approved grants would have opened and was never taken, by account: names of `grant.keep` without an opening.

    A session that ended, or a grant that did, cannot take it any more.
    """
    granted: dict[str, dict[str, None]] = {}
    taken: set[tuple[str, str]] = set()
    for _, account, verb, scope in entries:
        if verb == KEPT:
            granted.setdefault(account, {}).update(dict.fromkeys(things(scope)))
        elif "." not in verb:
            taken.update((account, name) for name in things(scope))
    left = {
        account: tuple(name for name in names if (account, name) not in taken) for account, names in granted.items()
    }
    return {account: names for account, names in left.items() if names}


def session_of(scope: Sequence[str]) -> str:
    """The session that an entry names, or ""."""
    return scope[0][len(SESSION) :] if scope and scope[0].startswith(SESSION) else ""


def things(scope: Sequence[str]) -> list[str]:
    """What was opened, without what it was opened through, and for whom. What a duty kept of some days is one thing."""
    names = [name for name in scope if not name.startswith((*THROUGH, REFERENCE))]
    return [" ".join(names)] if names and names[0].startswith(DUTY) else names
