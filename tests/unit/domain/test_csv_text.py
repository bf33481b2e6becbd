"""No cell of a table begins a formula, in whatever locale it is opened; plain numbers stay plain."""

import csv
import io

import pytest
from tests.csv_cells import CELLS

from ringfence.domain.csv_text import csv_cell, csv_text


@pytest.mark.parametrize(("value", "cell"), CELLS)
def test_a_cell_is_quoted_and_is_no_formula(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


def test_a_table_reads_back_as_it_was() -> None:
    rows = [("a,b", 'say "hi"', "two\nlines"), ("", "+12025550177", None)]
    written = csv_text(("one", "two", "three"), rows)
    assert written.startswith("\ufeff")
    read = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert read == [["one", "two", "three"], ["a,b", 'say "hi"', "two\nlines"], ["", "+12025550177", ""]]
