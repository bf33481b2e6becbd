"""Where the tables hold standing configuration, for both databases: table, key, column.

A test holds this against every call in the program that seals some.
"""

from collections.abc import Callable
from typing import NamedTuple

from ringfence.ports.standing_rows import StandingRow

_SID = ("account", "sid")
_KIND = ("account", "kind", "parent", "sid")
_OF_SERVICE = ("account", "service", "sid")


class Place(NamedTuple):
    """A column of a table, the table's key, and columns beside it that the record's name is made of."""

    table: str
    column: str
    key: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        return self.key + self.beside


STANDING_PLACES = {
    "number": Place("number", "standing", _SID),
    "credential": Place("credential", "hmac_states", _SID),
    "application": Place("application", "standing", _SID),
    "messaging_service": Place("messaging_service", "standing", _SID),
    "sip_access": Place("sip_access", "standing", _KIND),
    "verify_config": Place("verify_config", "standing", _KIND),
    "notice_address": Place("notice_address", "standing", ("account",)),
    "lookup_override": Place("lookup_override", "standing", ("account", "tag")),
    "challenge.shown": Place("verify_challenge", "shown", _OF_SERVICE, ("factor",)),
    "challenge.metadata": Place("verify_challenge", "metadata", _OF_SERVICE),
}
TOTP_FACTORS = (
    "SELECT account, service, sid FROM verify_factor WHERE (account, service, sid) > (%s, %s, %s)"
    " AND factor_type = 'totp' ORDER BY account, service, sid LIMIT %s"
)

Mark = Callable[[int], str]


def select(place: Place, *, after: bool, mark: Mark) -> str:
    """The rows behind a key, if there is one; `mark(n)` stands for the nth parameter."""
    key = ", ".join(place.key)
    behind = f" AND ({key}) > ({', '.join(mark(n) for n in range(1, len(place.key) + 1))})" if after else ""
    limit = mark(len(place.key) + 1 if after else 1)
    return (  # Names are those above, never from elsewhere.
        f"SELECT {', '.join(place.fields)}, {place.column} FROM {place.table}"  # noqa: S608
        f" WHERE length({place.column}) > 0{behind} ORDER BY {key} LIMIT {limit}"
    )


def update(place: Place, *, mark: Mark) -> str:
    """Parameters: the new value, the value that was read, then the key."""
    where = " AND ".join(f"{name} = {mark(n)}" for n, name in enumerate(place.key, 3))
    return (
        f"UPDATE {place.table} SET {place.column} = {mark(1)}"  # noqa: S608
        f" WHERE {place.column} = {mark(2)} AND {where}"
    )


def key_of(row: StandingRow) -> tuple[str | bytes, ...]:
    """The values of the row's key."""
    return tuple(row.fields[name] for name in STANDING_PLACES[row.place].key)
