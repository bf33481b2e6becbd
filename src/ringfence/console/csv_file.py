"""Tables for people to save."""

from collections.abc import Iterable, Sequence

from starlette.responses import Response

from ringfence.domain.csv_text import csv_text


def csv_file(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """The answer that a browser saves as NAME.csv."""
    return Response(
        csv_text(heads, rows),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )
