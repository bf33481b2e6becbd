"""What a listing command shows, in the form that was asked for: columns for people, JSON or TSV for programs."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from ringfence.cli.terminal import Terminal

Cell = str | int | None


class Output(StrEnum):
    """How to show a list."""

    TABLE = "table"
    JSON = "json"
    TSV = "tsv"


OutputForm = Annotated[Output, typer.Option("--output", help="How to show the list.")]

_ESCAPES = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def show(output: Output, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print `rows` under `columns`, whose names and order do not change from one version to the next.

    JSON is one array of objects with the columns as keys; what is unknown is null. TSV has a heading line; a tab, line
    end or backslash within a value is written as \\t, \\n, \\r or \\\\, and what is unknown is empty.
    """
    if output is Output.TABLE:
        Terminal().table(columns, [["-" if cell is None else str(cell) for cell in row] for row in rows])
    elif output is Output.JSON:
        _write(msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in rows]).decode())
    else:
        for row in (columns, *rows):
            _write("\t".join("" if cell is None else str(cell).translate(_ESCAPES) for cell in row))


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
