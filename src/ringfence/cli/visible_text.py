"""Text that others wrote, made safe to print: a terminal obeys control characters, and hides which way text runs.

Source: ECMA-48 (C0 and C1 controls); Unicode Standard Annex 9 (explicit directional formatting).
"""

_OBEYED = (*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_KEPT = "\t\n"
_ESCAPES = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _OBEYED if chr(code) not in _KEPT}


def visible(text: str) -> str:
    """`text` with each control as \\x1b or \\u202e is written; tabs and line ends stay."""
    return text.translate(_ESCAPES)
