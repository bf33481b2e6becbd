"""What every request looks up and hardly anyone changes: accounts, credentials, numbers, and whether anybody opted out.

The database counts their changes. What was read once stands until that count moves, whoever moved it; so it is asked
for once a turn of the event loop, for all requests of that turn, in place of four rows for each of them.
"""

from typing import Any, TypeAlias

KEPT_MAX = 20_000

Entries: TypeAlias = dict[tuple[str, str], Any]
"""What was found, by the statement that finds it and its one value. What was not found is looked for again."""


class Directory:
    """The entries of the newest version that was seen.

    Read the version first, then what is missing: a row that changes in between is kept under a version that is over.
    """

    def __init__(self) -> None:
        self._version = -1
        self._entries: Entries = {}

    def at(self, version: int) -> Entries:
        """The entries that stand at `version`. Fill what is missing into these, even if others stand meanwhile."""
        if version > self._version:
            self._version = version
            self._entries = {}
        return self._entries


def keep(entries: Entries, key: tuple[str, str], found: Any) -> None:
    """Note what was found; when there is too much, begin anew."""
    if len(entries) >= KEPT_MAX:
        entries.clear()
    entries[key] = found
