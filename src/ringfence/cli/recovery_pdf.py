"""A recovery kit on one page of PDF, to be printed and put away. Written by hand: text and squares are all there is.

Source: ISO 32000-1, 7.5 (file structure) and 8.5 (paths); the two fonts are among the 14 that every reader has.
"""

from collections.abc import Sequence

import segno

WIDTH_PT, HEIGHT_PT = 595, 842  # A4
MARGIN_PT = 56
QR_PT = 190
QUIET_MODULES = 4
GROUPS_A_ROW = 5
_BODY, _MONOSPACED, _BOLD = "F1", "F2", "F3"


def recovery_pdf(account: str, name: str, groups: Sequence[str], made: str) -> bytes:
    """The page. `name` is shown as far as it is Latin-1; `made` is a date."""
    content = [
        _text(_BOLD, 22, MARGIN_PT, 760, "Recovery kit"),
        _text(_BODY, 11, MARGIN_PT, 736, f"{name}  {account}"),
        _text(_BODY, 11, MARGIN_PT, 720, f"made on {made}; it replaces any kit made before"),
    ]
    for row in range(0, len(groups), GROUPS_A_ROW):
        y = 672 - 30 * (row // GROUPS_A_ROW)
        content.append(_text(_MONOSPACED, 17, MARGIN_PT, y, "  ".join(groups[row : row + GROUPS_A_ROW])))
    lines = (
        "Whoever has this page can read all that this account ever sent and received, once at the machine",
        "that keeps it. Nobody, not even its operator, can make another page like it without the account's",
        "Auth Token. Put it where you would put a passport. Do not photograph it, and do not mail it.",
        "",
        "When every other secret of the account is lost:",
    )
    content += [_text(_BODY, 11, MARGIN_PT, 562 - 16 * n, line) for n, line in enumerate(lines)]
    content.append(_text(_MONOSPACED, 11, MARGIN_PT, 474, f"ringfence account recover {account}"))
    content.append(_text(_BODY, 11, MARGIN_PT, 452, "and type the characters above, or scan them:"))
    content.append(_squares("-".join(groups), MARGIN_PT, 430 - QR_PT, QR_PT))
    return _file("\n".join(content).encode("latin-1"))


def _text(font: str, size_pt: int, x: int, y: int, text: str) -> str:
    shown = "".join(c if " " <= c <= "~" or "\xa1" <= c <= "\xff" else "?" for c in text)
    escaped = shown.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font} {size_pt} Tf {x} {y} Td ({escaped}) Tj ET"


def _squares(text: str, x: int, y: int, side_pt: int) -> str:
    matrix = segno.make_qr(text, error="q").matrix
    module = side_pt / (len(matrix) + 2 * QUIET_MODULES)
    top = y + side_pt - QUIET_MODULES * module
    return "\n".join(
        f"{x + (QUIET_MODULES + column) * module:.3f} {top - (row + 1) * module:.3f} {module:.3f} {module:.3f} re f"
        for row, modules in enumerate(matrix)
        for column, dark in enumerate(modules)
        if dark
    )


def _file(content: bytes) -> bytes:
    fonts = ((_BODY, "Helvetica"), (_MONOSPACED, "Courier-Bold"), (_BOLD, "Helvetica-Bold"))
    named = " ".join(
        f"/{name} << /Type /Font /Subtype /Type1 /BaseFont /{base} /Encoding /WinAnsiEncoding >>"
        for name, base in fonts
    )
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH_PT} {HEIGHT_PT}] /Contents 4 0 R"
        f" /Resources << /Font << {named} >> >> >>".encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    )
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, each in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
