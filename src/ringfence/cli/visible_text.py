"""Text that others wrote, made safe to print: a terminal obeys control characters, and hides which way text runs.

Source: ECMA-48 (C0 and C1 controls); Unicode Standard Annex 9 (explicit directional formatting).
"""

OBEYED = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_ESCAPES = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in OBEYED if code != ord("\t")}
_ESCAPES[ord("\n")] = r"\n"


def visible(text: str) -> str:
    """`text` on one line, with each control as \\x1b or \\u202e is written and a line end as \\n; tabs stay.

    A line end that others wrote would begin a line that looks like one of ours.
    """
    return text.translate(_ESCAPES)
