"""Parts of a body as RFC 9110 names them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.byte_ranges import UnsatisfiableRangeError, asked_range

BODY = bytes(range(200))


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (b"bytes=0-9", (0, 10)),
        (b"bytes=10-", (10, 200)),
        (b"bytes=199-", (199, 200)),
        (b"bytes=0-500", (0, 200)),
        (b"bytes=-10", (190, 200)),
        (b"bytes=-500", (0, 200)),
        (b"Bytes= 5-5 ", (5, 6)),
    ],
)
def test_one_range_is_answered(header: bytes, part: tuple[int, int]) -> None:
    assert asked_range(header, len(BODY)) == part


@pytest.mark.parametrize(
    "header", [b"", b"bytes=-", b"bytes=9-5", b"bytes=0-1,5-6", b"items=0-1", b"bytes=a-b", b"bytes=1-2-3", b"bytes"]
)
def test_what_is_no_range_or_several_is_the_whole(header: bytes) -> None:
    assert asked_range(header, len(BODY)) is None


@pytest.mark.parametrize("header", [b"bytes=200-", b"bytes=500-600", b"bytes=-0"])
def test_what_lies_outside_cannot_be_had(header: bytes) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        asked_range(header, len(BODY))


def test_nothing_of_an_empty_body_can_be_had() -> None:
    for header in (b"bytes=0-", b"bytes=-5"):
        with pytest.raises(UnsatisfiableRangeError):
            asked_range(header, 0)


@given(first=st.integers(0, 300), last=st.integers(0, 300))
def test_any_range_is_what_a_slice_says(first: int, last: int) -> None:
    try:
        part = asked_range(b"bytes=%d-%d" % (first, last), len(BODY))
    except UnsatisfiableRangeError:
        assert not BODY[first:]
        return
    if part is not None:
        assert BODY[part[0] : part[1]] == BODY[first : last + 1]
    else:
        assert last < first
