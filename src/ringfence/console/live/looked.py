"""What somebody looks at, and what of it is there now."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeVar

import msgspec

# Of one process: nobody outside can tell from a version what it is of.
_KEY: Final = secrets.token_bytes(32)
_encoder: Final = msgspec.json.Encoder(order="deterministic")

T = TypeVar("T")
Rows = Mapping[str, object]


class Looked(msgspec.Struct, frozen=True):
    """The first page of a list: the route's path, the member's account ("" for staff), the names in the address.

    `query` is the filter. Nothing else may decide what is read: whoever looks at the same shares one poll.
    """

    page: str
    account: str
    path: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()

    def named(self, name: str) -> str:
        """What stands for `name` in the address, "" where nothing does."""
        return dict(self.path).get(name, "")

    def asked(self, name: str) -> str:
        """What the filter says of `name`, "" where nothing is said."""
        return dict(self.query).get(name, "")


# What the page shows, by the names of its rows: what is not in the clear goes in sealed.
Read = Callable[[Looked], Awaitable[Rows]]


class Snapshot(msgspec.Struct, frozen=True):
    """`version` is another whenever anything that was read is; `names` are the rows'."""

    version: str
    names: frozenset[str]


def rows_by(name: Callable[[T], str], rows: Iterable[T]) -> Rows:
    """Rows by their names."""
    return {name(each): each for each in rows}


def snapshot(rows: Rows) -> Snapshot:
    """What tells these rows from others."""
    digest = hashlib.blake2b(_encoder.encode(list(rows.items())), digest_size=12, key=_KEY)
    return Snapshot(version=digest.hexdigest(), names=frozenset(rows))
