"""By whose leave somebody opened what they did: which grants of an account's members stood behind it."""

from collections.abc import Iterable

import msgspec

from ringfence.domain.ledger.blast import GRANT, things


class Leave(msgspec.Struct, frozen=True):
    """Of one account: `grants` by their SIDs, in order, and how many `objects` were opened under them alone."""

    grants: tuple[str, ...] = ()
    objects: int = 0


def leaves_of(entries: Iterable[tuple[int, str, str, tuple[str, ...]]]) -> dict[str, Leave]:
    """By account, from the same entries as `reach_of`, whose objects are counted."""
    grants: dict[str, dict[str, None]] = {}
    under: dict[str, set[str]] = {}
    beside: dict[str, set[str]] = {}
    for _, account, verb, scope in entries:
        if not account or "." in verb:
            continue
        named = [name.removeprefix(GRANT) for name in scope if name.startswith(GRANT)]
        grants.setdefault(account, {}).update(dict.fromkeys(named))
        opened = under if named else beside
        opened.setdefault(account, set()).update(f"{verb}:{name}" for name in things(scope))
    return {
        account: Leave(tuple(named), len(under.get(account, set()) - beside.get(account, set())))
        for account, named in grants.items()
    }
