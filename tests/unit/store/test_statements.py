"""SQL in files, under headings."""

from importlib.resources import files

import pytest

from ringfence.store import columns
from ringfence.store.statements import parse, statements


def test_statements_are_found_by_their_heading():
    assert parse("-- one --\nSELECT 1\n\n-- two --\nSELECT\n  2\n") == {"one": "SELECT 1", "two": "SELECT\n  2"}


def test_comments_are_left_out():
    assert parse("-- a preface\n-- one --\n-- why\nSELECT 1 -- because\n") == {"one": "SELECT 1"}


def test_a_brace_stands_for_what_an_earlier_heading_has():
    text = "-- c --\na, b\n-- s --\nSELECT {c} FROM t\n-- w --\n{s} WHERE {later}\n-- later --\n1"
    assert parse(text)["w"] == "SELECT a, b FROM t WHERE {later}"


@pytest.mark.parametrize("text", ["SELECT 1\n-- one --\nSELECT 2", "-- one --\nSELECT 1\n-- one --\nSELECT 2"])
def test_a_file_without_order_is_refused(text):
    with pytest.raises(ValueError):
        parse(text)


def test_every_file_of_statements_can_be_read():
    names = [file.name for file in files("ringfence.store").joinpath("sql", "sqlite").iterdir()]
    assert names
    for name in names:
        assert statements(f"sqlite/{name.removesuffix('.sql')}")


@pytest.mark.parametrize(
    ("file", "heading", "kind"),
    [
        ("messages", "columns", columns.MESSAGE),
        ("listing", "columns", columns.MESSAGE),
        ("outbox", "columns", columns.EVENT),
        ("accounts", "account_columns", columns.ACCOUNT),
        ("accounts", "credential_columns", columns.CREDENTIAL),
        ("numbers", "columns", columns.NUMBER),
        ("numbers", "stock_columns", columns.STOCK),
    ],
)
def test_columns_are_the_fields_of_their_struct_in_order(file, heading, kind):
    assert statements(f"sqlite/{file}")[heading].replace("\n", " ").split(", ") == list(kind.names)
