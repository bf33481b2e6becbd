"""No cell of a table begins a formula, in whatever locale it is opened; plain numbers stay plain."""

import csv
import io
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.csv_cells import CELLS, TABLES

from ringfence.domain.csv_text import BEGINNING, csv_cell, csv_text

# A plain number, alone or with what a reader that separates elsewhere takes for its end.
PLAIN = re.compile(r'[+-]?[0-9]+(\.[0-9]+)?($|[,"])')


@pytest.mark.parametrize(("value", "cell"), CELLS)
def test_a_cell_is_quoted_and_is_no_formula(value: object, cell: str) -> None:
    assert csv_cell(value) == cell


def test_a_table_reads_back_as_it_was() -> None:
    rows = [("a,b", 'say "hi"', "two\nlines"), ("", "+12025550177", None)]
    written = csv_text(("one", "two", "three"), rows)
    assert written.startswith("\ufeff")
    read = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"), newline="")))
    assert read == [["one", "two", "three"], ["a,b", 'say "hi"', "two\nlines"], ["", "+12025550177", ""]]


@given(TABLES, st.sampled_from(",;|\t"), st.booleans())
@example([["a", 'x;"=HYPERLINK(1);']], ";", False)
def test_no_reader_finds_a_formula_wherever_it_separates(rows: list[list[str]], separator: str, strips: bool) -> None:
    written = io.StringIO(csv_text(("one", "two"), rows).removeprefix(BEGINNING), newline="")
    for row in csv.reader(written, delimiter=separator, skipinitialspace=strips):
        for cell in (each.lstrip(" \t\r\n") for each in row):
            assert not cell.startswith(tuple("=+-@＝＋－＠")) or PLAIN.match(cell), cell
