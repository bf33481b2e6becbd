"""The page of a recovery kit is a PDF whose objects are where it says, with the account, the groups and a QR code."""

import re

import segno

from ringfence.cli.recovery_pdf import QUIET_MODULES, recovery_pdf
from ringfence.domain.recovery_kit import write_recovery_secret

ACCOUNT = "AC" + "a" * 32
GROUPS = write_recovery_secret(bytes(range(32)))


def test_its_objects_are_where_its_table_says() -> None:
    pdf = recovery_pdf(ACCOUNT, "Acme", GROUPS, "2026-11-29")
    assert pdf.startswith(b"%PDF-1.4\n")
    start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", pdf)[1])  # type: ignore[index]
    assert pdf[start:].startswith(b"xref\n0 5\n")
    places = [int(place) for place in re.findall(rb"^(\d{10}) 00000 n $", pdf[start:], re.MULTILINE)]
    assert [pdf[place:].split(b" ", 1)[0] for place in places] == [b"1", b"2", b"3", b"4"]
    length = int(re.search(rb"/Length (\d+)", pdf)[1])  # type: ignore[index]
    stream = re.search(rb"stream\n(.*)\nendstream", pdf, re.DOTALL)
    assert stream is not None
    assert len(stream[1]) == length


def test_it_shows_account_and_groups_and_escapes_a_name() -> None:
    pdf = recovery_pdf(ACCOUNT, r"A (b\) Ä€", GROUPS, "2026-11-29").decode("latin-1")
    assert f"A \\(b\\\\\\) Ä?  {ACCOUNT}" in pdf
    shown = re.findall(r"\(([0-9A-Z ]+)\) Tj", pdf)
    assert " ".join(shown).split() == GROUPS


def test_its_squares_are_the_dark_modules_of_the_code() -> None:
    pdf = recovery_pdf(ACCOUNT, "Acme", GROUPS, "2026-11-29").decode("latin-1")
    squares = [tuple(map(float, found)) for found in re.findall(r"^([\d.]+) ([\d.]+) ([\d.]+) [\d.]+ re f$", pdf, re.M)]
    matrix = segno.make_qr("-".join(GROUPS), error="q").matrix
    assert len(squares) == sum(map(sum, matrix))
    side, (left, top) = squares[0][2], (min(x for x, _, _ in squares), max(y for _, y, _ in squares))
    drawn = {(round((top - y) / side), round((x - left) / side)) for x, y, _ in squares}
    assert drawn == {(r, c) for r, row in enumerate(matrix) for c, dark in enumerate(row) if dark}
    assert left >= 56 + QUIET_MODULES * side - 0.01
