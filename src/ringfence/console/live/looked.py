"""What somebody looks at, and what of it is there now."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, TypeVar

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session

# Of one process: nobody outside can tell from a version what it is of.
_KEY: Final = secrets.token_bytes(32)
_encoder: Final = msgspec.json.Encoder(order="deterministic")

T = TypeVar("T")
Now = Mapping[str, object]


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
Read = Callable[[Looked], Awaitable[Now]]


def whose(session: Session) -> str:
    """Whom bounds of what is followed are for: a member's account, or one of staff."""
    return session.account or session.person


class Snapshot(msgspec.Struct, frozen=True):
    """`version` is another whenever anything that was read is; `names` are the rows'."""

    version: str
    names: frozenset[str]


def filter_of(looked: Looked, shape: type[T]) -> T:
    """The filter as a form sends it, of which what is empty is not asked for. RefusedError with 400."""
    try:
        return msgspec.convert({name: value for name, value in looked.query if value}, shape)
    except msgspec.ValidationError:
        raise RefusedError("That is no filter of this page.", status=400) from None


def rows_by(name: Callable[[T], str], rows: Iterable[T]) -> Now:
    """Now by their names."""
    return {name(each): each for each in rows}


def snapshot(rows: Now) -> Snapshot:
    """What tells these rows from others."""
    digest = hashlib.blake2b(_encoder.encode(list(rows.items())), digest_size=12, key=_KEY)
    return Snapshot(version=digest.hexdigest(), names=frozenset(rows))
