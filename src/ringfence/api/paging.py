"""Pages of lists: a keyset behind Twilio's page numbers, so that nothing shifts while a caller walks.

The token names the last sid of the page before, and those of up to eight pages before that, for the way back; `Page`
is the caller's own count. The 2010 API's URIs are relative and begin at the API version, because SDKs put their base
URL before them; those of the other products are absolute. Source: Twilio, "API responses", section "Paging".
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from ringfence.domain.errors import ApiError
from ringfence.domain.sid import is_sid

T = TypeVar("T")

MAX_PAGE_SIZE = 1_000
MAX_PAGE = 1_000_000_000
MAX_PAGES_BACK = 8
_TOKEN_PREFIX = "PA"  # noqa: S105


class PageForm(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The parameters that every list takes beside its filters."""

    page_size: int = 50
    page: int = 0
    page_token: str | None = None


class Cursor(NamedTuple):
    """What a list's handler is asked for: up to `limit` items, newest first, older than `before`.

    `limit` is one more than the page holds: the extra item tells that there is a next page.
    """

    before: str | None
    limit: int


class Page(NamedTuple):
    """One page's place and its items, ready to be written."""

    size: int
    number: int
    items: Sequence[Any]
    uri: str
    first_uri: str
    previous_uri: str | None
    next_uri: str | None

    def envelope(self, listed: str) -> dict[str, object]:
        """Twilio's page object with the items under `listed`."""
        start = self.number * self.size
        return {
            "first_page_uri": self.first_uri,
            "end": start + max(len(self.items) - 1, 0),
            "previous_page_uri": self.previous_uri,
            listed: self.items,
            "uri": self.uri,
            "page_size": self.size,
            "start": start,
            "next_page_uri": self.next_uri,
            "page": self.number,
        }

    def with_meta(self, listed: str) -> dict[str, object]:
        """The page object of every product but the 2010 API: the items, and `meta`, which names them."""
        meta = {
            "page": self.number,
            "page_size": self.size,
            "first_page_url": self.first_uri,
            "previous_page_url": self.previous_uri,
            "url": self.uri,
            "next_page_url": self.next_uri,
            "key": listed,
        }
        return {listed: self.items, "meta": meta}


def cursor_of(form: PageForm) -> Cursor:
    """Where to read; ApiError 20001 for a size or number that cannot be, 21481 for a token that is not ours."""
    if not 1 <= form.page_size <= MAX_PAGE_SIZE:
        raise ApiError(20001, f"PageSize must be from 1 to {MAX_PAGE_SIZE}.")
    if not 0 <= form.page <= MAX_PAGE:
        raise ApiError(20001, "Page must not be negative.")
    places = _places(form.page_token)
    return Cursor(places[0] if places else None, form.page_size + 1)


def _places(token: str | None) -> list[str]:
    """Where the page begins, then where the pages before it began, the first page excepted."""
    if not token:
        return []
    places = token.removeprefix(_TOKEN_PREFIX).split(".")
    if not token.startswith(_TOKEN_PREFIX) or len(places) > 1 + MAX_PAGES_BACK or not all(map(is_sid, places)):
        raise ApiError(21481)
    return places


def _token(places: Sequence[str]) -> str:
    return _TOKEN_PREFIX + ".".join(places[: 1 + MAX_PAGES_BACK])


def page_of(
    form: PageForm,
    path: str,
    filters: Sequence[tuple[str, str]],
    items: Sequence[Any],
    key: Callable[[Any], str],
    root: str = "",
) -> Page:
    """The page of up to `page_size` of `items`, and its neighbours' URIs below `root`; `key` is an item's sid."""
    size, number = form.page_size, form.page
    kept = items[:size]
    places = _places(form.page_token)

    def uri(page: int, token: str | None) -> str:
        tail = [("PageSize", str(size)), ("Page", str(page))]
        if token is not None:
            tail.append(("PageToken", token))
        return f"{root}{quote(path)}?{urlencode([*filters, *tail])}"

    previous = None
    if number == 1:
        previous = uri(0, None)
    elif number > 1 and len(places) > 1:
        previous = uri(number - 1, _token(places[1:]))
    return Page(
        size=size,
        number=number,
        items=kept,
        uri=uri(number, form.page_token),
        first_uri=uri(0, None),
        previous_uri=previous,
        next_uri=uri(number + 1, _token([key(kept[-1]), *places])) if len(items) > size else None,
    )


async def sift(
    cursor: Cursor,
    read: Callable[[Cursor], Awaitable[Sequence[T]]],
    keep: Callable[[T], bool],
    key: Callable[[T], str],
) -> list[T]:
    """A page of what `keep` lets through, for filters that the store does not know; reads on until it is full."""
    kept: list[T] = []
    place = cursor
    while len(kept) < cursor.limit:
        batch = await read(place)
        kept.extend(item for item in batch if keep(item))
        if len(batch) < place.limit:
            break
        place = Cursor(key(batch[-1]), place.limit)
    return kept[: cursor.limit]
