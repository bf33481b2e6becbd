"""What staff did of late, as the ledger has it."""

from collections.abc import Sequence

import msgspec

from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.note import split_note
from ringfence.ports.access_notes import OPERATOR
from ringfence.ports.ledger import ENTRIES_AT_ONCE, AccessEntry, OwnRecords

PAGE = 50


class Acts(msgspec.Struct, frozen=True, kw_only=True):
    """A page of entries, the latest first, each with its place in the ledger, which has `size` entries at its last
    checkpoint. `before` leads to the page after this one; None where there is none."""

    size: int
    entries: Sequence[tuple[int, AccessEntry]]
    before: int | None


async def ledger_size(records: OwnRecords) -> int:
    """How many entries the last checkpoint signs. ConnectionError."""
    note = await records.checkpoint()
    return parse_checkpoint(split_note(note)[0]).size if note else 0


async def acts_of_staff(records: OwnRecords, before: int | None = None) -> Acts:
    """Those that concern no account, before the `before`th entry. ConnectionError where the ledger cannot be read."""
    size = await ledger_size(records)
    end = size if before is None else min(before, size)
    found: list[tuple[int, AccessEntry]] = []
    start, width = end, ENTRIES_AT_ONCE
    # Staff's are few among many, and the record is read forwards: windows that grow, until one page is found.
    while start > 0 and len(found) <= PAGE:
        stop, start = start, max(0, start - width)
        found = [*await _between(records, start, stop), *found]
        width *= 4
    page = found[-PAGE:]
    more = len(found) > PAGE or start > 0
    return Acts(size=size, entries=page[::-1], before=page[0][0] if page and more else None)


async def _between(records: OwnRecords, start: int, stop: int) -> list[tuple[int, AccessEntry]]:
    found: list[tuple[int, AccessEntry]] = []
    after = start - 1
    while True:
        some = (await records.entries_for(OPERATOR, after, ENTRIES_AT_ONCE)).entries
        found += [(each.n, each.entry) for each in some if each.n < stop]
        if len(some) < ENTRIES_AT_ONCE or some[-1].n >= stop:
            return found
        after = some[-1].n
