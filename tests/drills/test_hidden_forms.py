"""Encodings are undone one inside another, wherever a text stands, and what a file says often is undone once."""

import base64
import gzip
import json
from collections.abc import Callable
from itertools import product

import pytest

from ringfence.drills.canary import Canaries
from ringfence.drills.hidden_forms import views

LAYERS: dict[str, Callable[[bytes], bytes]] = {
    "hex": lambda text: text.hex().encode(),
    "base64": base64.b64encode,
    "percent": lambda text: "".join(f"%{byte:02x}" for byte in text).encode(),
    "JSON": lambda text: json.dumps("".join(f"\\u{byte:04x}" for byte in text)).encode(),
    "UTF-16": lambda text: text.decode("latin-1").encode("utf-16-be"),
    "gzip": gzip.compress,
}
WIDE: dict[str, Callable[[str], bytes]] = {
    "LE": lambda text: text.encode("utf-16-le"),
    "BE": lambda text: text.encode("utf-16-be"),
}


def found(text: bytes, number: bytes) -> bool:
    canaries = Canaries(bytes(32))
    assert canaries.number("AC1", "to", 7).encode() == number
    return canaries.found_in(text) == {("AC1", "to")}


@pytest.mark.parametrize("layers", list(product(LAYERS, repeat=3)), ids=" in ".join)
def test_any_three_encodings_one_inside_another_are_undone(layers: tuple[str, str, str]) -> None:
    text = b"To +12122000007."
    for layer in layers:
        text = LAYERS[layer](text)
    assert found(b"\xff\xfe: " + text + b"\xfe", b"+12122000007")


def test_a_text_in_gzip_in_base64_in_json_in_gzip_is_found() -> None:
    body = json.dumps({"body": base64.b64encode(gzip.compress(b"To +12122000007.")).decode()})
    assert found(gzip.compress(body.encode()), b"+12122000007")


@pytest.mark.parametrize("before", ["", "f", "AC", "abc"])
@pytest.mark.parametrize("after", ["", "0", "Zz", "dead"])
def test_no_letter_that_touches_a_canary_hides_it(before: str, after: str) -> None:
    canaries = Canaries(b"touch")
    mark = canaries.mark("AC1", "body")
    for text in (mark, base64.b64encode(f"{mark}!".encode()).decode(), mark.encode().hex()):
        assert canaries.found_in(f"{before}{text}{after}".encode()) == {("AC1", "body")}


@pytest.mark.parametrize("order", WIDE)
def test_utf_16_is_found_among_much_that_is_not(order: str) -> None:
    canaries = Canaries(b"wide")
    sids = (sid for sid in map("AC{}".format, range(1_000)) if "0" not in canaries.mark(sid, "body"))
    marks = [canaries.mark(sid, "body") for _, sid in zip(range(5), sids, strict=False)]
    for at, mark in enumerate(marks):
        # At an odd place and at an even one, in a file that has next to no zeros and no digit 0.
        blob = b"\xff" * (50_000 + at) + WIDE[order](mark) + b"\xff" * 50_000
        assert {kind for _, kind in canaries.found_in(blob)} == {"body"}


def test_a_number_by_itself_in_base64_is_found() -> None:
    assert found(base64.b64encode(b"2122000007"), b"+12122000007")


def test_what_a_file_says_a_thousand_times_is_undone_once() -> None:
    word = b"QUNtZSBpcyBhIG5hbWUgZm9yIGFueWJvZHk"
    runs = [run for view in views((word + b", ") * 1_000) for run in view.runs]
    assert runs.count(word) == 1


def test_what_was_met_too_deep_to_be_undone_is_undone_where_it_stands_less_deep() -> None:
    inner = base64.b64encode(base64.b64encode(b"To +12122000007."))
    deep = gzip.compress(gzip.compress(gzip.compress(gzip.compress(inner))))
    assert not found(deep, b"+12122000007")
    assert found(deep + b" " + inner.hex().encode(), b"+12122000007")
    assert found(deep + gzip.compress(inner), b"+12122000007")
