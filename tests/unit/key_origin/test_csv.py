"""The frame's tables are the server's, byte for byte: what holds of those holds of these."""

from hypothesis import given, settings
from tests.csv_cells import CELLS, TABLES
from tests.unit.key_origin.bundle_modules import evaluated

from ringfence.domain.csv_text import csv_text


def test_the_frame_writes_each_known_cell_as_the_server_does() -> None:
    body = "return given.values.map(csv.csvCell);"
    assert evaluated(body, "../csv", values=[value for value, _ in CELLS]) == [cell for _, cell in CELLS]


@settings(max_examples=5, deadline=None)
@given(TABLES)
def test_the_frame_writes_what_the_server_writes(rows: list[list[str]]) -> None:
    heads = ["one", 'x;"=two']
    assert evaluated("return csv.csvText(given.heads, given.rows);", "../csv", heads=heads, rows=rows) == csv_text(
        heads, rows
    )
