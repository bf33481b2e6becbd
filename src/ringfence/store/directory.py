"""What every request looks up and hardly anyone changes: accounts, credentials, numbers, opt-outs, how Verify is set.

The database counts their changes. What was read once stands until that count moves, whoever moved it; so it is asked
for once a turn of the event loop, for all requests of that turn, in place of four rows for each of them.
"""

from typing import Any, TypeAlias

import structlog

_log = structlog.get_logger(__name__)

KEPT_MAX = 20_000

Entries: TypeAlias = dict[tuple[str, ...], Any]
"""What was found, by the statement that finds it and its values. Most that was not found is looked for again."""


class Directory:
    """The entries of the newest version that was seen.

    Read the version first, then what is missing: a row that changes in between is kept under a version that is over.
    """

    def __init__(self) -> None:
        self._version = -1
        self._entries: Entries = {}

    @property
    def version(self) -> int:
        """The newest that was seen. Note it before the database is asked for its own."""
        return self._version

    def at(self, version: int, *, seen: int = -1) -> Entries:
        """The entries that stand at `version`. Fill what is missing into these, even if others stand meanwhile.

        `seen` is the newest version that was seen before the question was asked: an answer below it is no late one, but
        that of a database that was put back to an earlier state, of which other entries hold.
        """
        if version < seen:
            _log.warning("the database was put back to an earlier state")
        if version > self._version or version < seen:
            self._version = version
            self._entries = {}
        return self._entries

    def forget(self) -> None:
        """Another database may answer from now on."""
        self._version = -1
        self._entries = {}


def keep(entries: Entries, key: tuple[str, ...], found: Any) -> None:
    """Note what was found; when there is too much, begin anew."""
    if len(entries) >= KEPT_MAX:
        entries.clear()
    entries[key] = found
