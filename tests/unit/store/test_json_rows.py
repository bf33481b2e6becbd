"""Rows go to SQLite and come back as one value."""

import sqlite3

from hypothesis import given
from hypothesis import strategies as st

from ringfence.store.json_rows import JsonRows, joined, json_rows

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
rows = st.lists(st.tuples(texts, st.integers(-(2**63), 2**63 - 1), st.none() | texts))


@given(rows)
def test_rows_are_the_same_on_the_other_side(given_):
    database = sqlite3.connect(":memory:")
    (found,) = database.execute(
        "SELECT json_group_array(json_array(json_extract(value, '$[0]'), json_extract(value, '$[1]'),"
        " json_extract(value, '$[2]'))) FROM json_each(?)",
        (json_rows(given_),),
    ).fetchone()
    assert JsonRows(tuple[str, int, str | None]).read(found) == given_


@given(st.lists(st.binary(min_size=1, max_size=20)))
def test_each_value_is_found_in_the_blob_by_its_place(values):
    database = sqlite3.connect(":memory:")
    blob, places = joined(values)
    assert [database.execute("SELECT substr(?, ?, ?)", (blob, *place)).fetchone()[0] for place in places] == values
