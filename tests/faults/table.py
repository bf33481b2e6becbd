"""The fault table: one line a fault and store, over all its rounds."""

from collections.abc import Sequence

from faults.books import Books

HEADINGS = (
    "fault",
    "store",
    "rounds",
    "acknowledged",
    "delivered",
    "lost",
    "duplicates (bound)",
    "order breaks",
    "callbacks missing",
    "receipts gone",
    "unanswered",
    "refused",
    "silent: accepts s",
    "deliveries s",
)


def table(all_books: Sequence[Books]) -> str:
    """Markdown. Counts are sums over the rounds, times the longest of them."""
    grouped: dict[tuple[str, str], list[Books]] = {}
    for books in all_books:
        grouped.setdefault((books.fault, books.store), []).append(books)
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *(_line(rounds) for rounds in grouped.values())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _line(rounds: Sequence[Books]) -> tuple[str, ...]:
    first = rounds[0]
    counts = (
        len(rounds),
        sum(each.acknowledged for each in rounds),
        sum(each.delivered for each in rounds),
        sum(len(each.lost) for each in rounds),
    )
    duplicates = f"{sum(each.duplicates for each in rounds)} ({sum(each.duplicates_bound for each in rounds)})"
    more = (
        sum(each.order_breaks for each in rounds),
        sum(len(each.callbacks_missing) + each.callbacks_disordered for each in rounds),
        sum(each.receipts_gone for each in rounds),
        sum(each.unanswered for each in rounds),
        sum(sum(each.refused.values()) for each in rounds),
    )
    silent = (max(each.accepts_silent_s for each in rounds), max(each.deliveries_silent_s for each in rounds))
    return (
        first.fault,
        first.store,
        *map(str, counts),
        duplicates,
        *map(str, more),
        *(f"{seconds:.1f}" for seconds in silent),
    )
