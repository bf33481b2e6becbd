"""Parameters of factors and challenges: bounded, and refused in our own words alone."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.api.verify_v2.read import between, json_strings, of_characters


def test_a_whole_number_is_within_its_bounds():
    read = between(20, 60)
    assert [read("20"), read("60")] == [20, 60]
    for text in ("19", "61", "2e1", "20.0", "\u0662\u0660", ""):
        with pytest.raises(ValueError, match=r"^expected"):
            read(text)


def test_text_is_one_line_of_so_many_characters():
    read = of_characters(2, 4)
    assert [read("ab"), read("abcd")] == ["ab", "abcd"]
    for text in ("a", "abcde", "a\nb", "a\x00b", "a\u202eb"):
        with pytest.raises(ValueError, match=r"^expected"):
            read(text)


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=20), max_size=9))
def test_strings_by_name_are_kept_as_they_were_written(value):
    text = json.dumps(value)
    assert json_strings(2_000)(text) == text
    assert msgspec.json.decode(msgspec.json.encode(json.loads(text))) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "1",
        "null",
        '{"a": 1}',
        '{"a": null}',
        '{"a": {}}',
        '{"a": "\\ud800"}',
        '{"\\udfff": "a"}',
        "[" * 1500,
        '{"a": "' + "x" * 2000 + '"}',
    ],
)
def test_nothing_else_is_an_object_of_strings(text):
    with pytest.raises(ValueError, match=r"^expected") as refused:
        json_strings(2_000)(text)
    assert len(text) < 5 or text not in str(refused.value)
