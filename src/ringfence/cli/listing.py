"""What a listing command shows, in the form that was asked for: columns for people, JSON or TSV for programs."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import msgspec
import typer

from ringfence.cli.terminal import Terminal
from ringfence.cli.visible_text import OBEYED

Cell = str | int | None


class Output(StrEnum):
    """How to show a list."""

    TABLE = "table"
    JSON = "json"
    TSV = "tsv"


OutputForm = Annotated[Output, typer.Option("--output", help="How to show the list.")]

_IN_TSV = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in OBEYED}
_IN_TSV |= str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
# JSON escapes the others itself.
_IN_JSON = {code: f"\\u{code:04x}" for code in OBEYED if code >= 0x7F}


def show(output: Output, columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print `rows` under `columns`, whose names and order do not change from one version to the next.

    JSON is one array of objects with the columns as keys; what is unknown is null. TSV has a heading line; a tab, line
    end or backslash within a value is written as \\t, \\n, \\r or \\\\, any other control as \\x1b or \\u202e, and what
    is unknown is empty. Neither holds a control character that a terminal would obey.
    """
    if output is Output.TABLE:
        Terminal().table(columns, [["-" if cell is None else str(cell) for cell in row] for row in rows])
    elif output is Output.JSON:
        _write(msgspec.json.encode([dict(zip(columns, row, strict=True)) for row in rows]).decode().translate(_IN_JSON))
    else:
        for row in (columns, *rows):
            _write("\t".join("" if cell is None else str(cell).translate(_IN_TSV) for cell in row))


def _write(line: str) -> None:
    sys.stdout.write(line + "\n")
