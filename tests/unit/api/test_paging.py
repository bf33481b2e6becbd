from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.forms import Form
from ringfence.api.paging import Cursor, Page, PageForm, cursor_of, page_of, sift
from ringfence.domain.errors import ApiError
from ringfence.domain.sid import new_sid


class Item(NamedTuple):
    sid: str


ITEMS = [Item(new_sid("SM", 1_000 + n)) for n in range(7)][::-1]
PATH = "/2010-04-01/Accounts/AC1/Messages.json"
form = Form(PageForm)


def read(cursor: Cursor, items: Sequence[Item] = ITEMS) -> list[Item]:
    older = [item for item in items if cursor.before is None or item.sid < cursor.before]
    return older[: cursor.limit]


def page(query: str) -> Page:
    asked = form.read(parse_qsl(query))
    return page_of(asked, PATH, [("To", "+1202")], read(cursor_of(asked)), lambda item: item.sid)


def query_of(uri: str) -> str:
    return urlsplit(uri).query


def test_the_first_page() -> None:
    first = page("PageSize=3").envelope("messages")
    assert list(first) == [
        "first_page_uri",
        "end",
        "previous_page_uri",
        "messages",
        "uri",
        "page_size",
        "start",
        "next_page_uri",
        "page",
    ]
    assert first["messages"] == ITEMS[:3]
    assert (first["page"], first["page_size"], first["start"], first["end"]) == (0, 3, 0, 2)
    assert first["uri"] == first["first_page_uri"] == f"{PATH}?To=%2B1202&PageSize=3&Page=0"
    assert first["previous_page_uri"] is None
    assert first["next_page_uri"] == f"{PATH}?To=%2B1202&PageSize=3&Page=1&PageToken=PA{ITEMS[2].sid}"


def test_the_last_page_has_no_next() -> None:
    second = page(query_of(page("PageSize=3").next_uri or ""))
    third = page(query_of(second.next_uri or ""))
    assert third.items == ITEMS[6:]
    assert third.next_uri is None
    assert third.envelope("messages")["start"] == third.envelope("messages")["end"] == 6


def test_a_full_last_page_has_no_next() -> None:
    assert page("PageSize=7").next_uri is None


def test_an_empty_page_begins_and_ends_at_its_start() -> None:
    asked = PageForm(page_size=50, page=0)
    empty = page_of(asked, PATH, [], [], lambda item: str(item.sid)).envelope("messages")
    assert (empty["start"], empty["end"], empty["next_page_uri"]) == (0, 0, None)


@given(st.integers(1, 9))
def test_walking_sees_every_item_once(size: int) -> None:
    seen: list[Item] = []
    place: Page | None = page(f"PageSize={size}")
    while place is not None:
        seen.extend(place.items)
        place = page(query_of(place.next_uri)) if place.next_uri else None
    assert seen == ITEMS


def test_the_way_back_shows_the_same_pages() -> None:
    seen = [page("PageSize=1")]
    while seen[-1].next_uri is not None:
        seen.append(page(query_of(seen[-1].next_uri)))
    back = seen[-1]
    for before in seen[-2::-1]:
        assert back.previous_uri is not None
        back = page(query_of(back.previous_uri))
        assert back.items == before.items
        assert back.number == before.number
    assert back.previous_uri is None


def test_the_way_back_is_eight_pages_long() -> None:
    items = [Item(new_sid("SM", 1_000 + n)) for n in range(14)][::-1]

    def at(query: str) -> Page:
        asked = form.read(parse_qsl(query))
        return page_of(asked, PATH, [], read(cursor_of(asked), items), lambda item: item.sid)

    place = at("PageSize=1")
    while place.next_uri is not None:
        place = at(query_of(place.next_uri))
        assert len(place.next_uri or "") < 500
    back = 0
    while place.previous_uri is not None:
        place = at(query_of(place.previous_uri))
        back += 1
    assert (back, place.number) == (8, 5)


@pytest.mark.parametrize(
    "query", ["PageSize=0", "PageSize=1001", "PageSize=-1", "PageSize=x", "Page=-1", "PageToken=x", "PageToken=PASM1"]
)
def test_what_cannot_be_a_place_is_refused(query: str) -> None:
    with pytest.raises(ApiError) as refused:
        page(query)
    assert refused.value.code == (21481 if "Token" in query else 20001)


def test_a_token_may_be_absent_or_empty() -> None:
    assert cursor_of(PageForm()) == cursor_of(PageForm(page_token="")) == Cursor(None, 51)


def test_a_thousand_is_the_largest_page() -> None:
    assert cursor_of(PageForm(page_size=1000)) == Cursor(None, 1001)


@given(st.integers(1, 8), st.integers(1, 4))
def test_sifting_fills_the_page_from_as_many_reads_as_it_takes(limit: int, modulus: int) -> None:
    wanted = [item for n, item in enumerate(ITEMS) if n % modulus == 0]

    async def read_async(cursor: Cursor) -> list[Item]:
        return read(cursor)

    async def walk() -> list[Item]:
        return await sift(Cursor(None, limit), read_async, lambda item: item in wanted, lambda item: item.sid)

    assert run_now(walk) == wanted[:limit]


def run_now(walk: Callable[[], Any]) -> Any:
    """The walk awaits nothing that waits: one step is all of it."""
    try:
        walk().send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waited")
