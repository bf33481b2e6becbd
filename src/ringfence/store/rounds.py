"""Settlements that are written together."""

from collections.abc import Sequence

from ringfence.ports.store import Settlement


def rounds(settlements: Sequence[Settlement]) -> list[list[Settlement]]:
    """The settlements in as few rounds as hold no event twice, in order of each event."""
    parted: list[list[Settlement]] = []
    seen: dict[tuple[str, int], int] = {}
    for each in settlements:
        key = each.account, each.event_id
        turn = seen[key] = seen.get(key, -1) + 1
        if turn == len(parted):
            parted.append([])
        parted[turn].append(each)
    return parted
