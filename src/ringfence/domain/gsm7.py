"""The GSM 7-bit default alphabet: text to septets and back, and septets packed into octets.

Septets are `bytes` with one septet a byte (0–127). No national shift tables.

Source: 3GPP TS 23.038, clauses 6.1.2.1 (packing), 6.2.1 (default alphabet) and 6.2.1.1 (extension table).
"""

ESCAPE = 0x1B

# The table of clause 6.2.1, in code order. Position 0x1B is the escape, held by U+001B and never text.
DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

# The table of clause 6.2.1.1: the septet that follows the escape.
EXTENSION: dict[int, str] = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}

SEPTETS: dict[str, bytes] = {
    **{char: bytes((code,)) for code, char in enumerate(DEFAULT_ALPHABET) if code != ESCAPE},
    **{char: bytes((ESCAPE, code)) for code, char in EXTENSION.items()},
}


class NotGsm7Error(ValueError):
    """The text holds a character outside the alphabet, or the bytes are not septets. Holds no content."""


def encode_gsm7(text: str) -> bytes:
    """Septets of `text`, one a byte; an extension character takes two. NotGsm7Error if it does not fit."""
    try:
        return b"".join([SEPTETS[char] for char in text])
    except KeyError:
        # The cause would carry the character, which is content.
        raise NotGsm7Error("a character is outside the GSM 7-bit alphabet") from None


def decode_gsm7(septets: bytes) -> str:
    """Text of unpacked septets, as a handset shows it.

    An escape before a septet that the extension table lacks shows that septet's default character; an escape
    before an escape, or at the end, shows a space (clause 6.2.1.1, notes 1 and 3).
    NotGsm7Error when a byte is above 127.
    """
    if not septets.isascii():
        raise NotGsm7Error("a byte is above 127 and no septet")
    chars: list[str] = []
    following = iter(septets)
    for septet in following:
        if septet != ESCAPE:
            chars.append(DEFAULT_ALPHABET[septet])
            continue
        extended = next(following, ESCAPE)
        chars.append(" " if extended == ESCAPE else EXTENSION.get(extended, DEFAULT_ALPHABET[extended]))
    return "".join(chars)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets packed low bit first, after `fill_bits` (0–6) zero bits that align them behind a header.

    No padding character is added when seven bits remain free: SMS carries the septet count (clause 6.1.2.1.1).
    """
    bits = 0
    for septet in reversed(septets):
        bits = bits << 7 | septet
    return (bits << fill_bits).to_bytes((len(septets) * 7 + fill_bits + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """The first `count` septets of packed octets; the inverse of `pack`. NotGsm7Error when there are fewer."""
    if count * 7 + fill_bits > len(octets) * 8:
        raise NotGsm7Error("fewer septets than announced")
    bits = int.from_bytes(octets, "little") >> fill_bits
    return bytes([bits >> 7 * position & 0x7F for position in range(count)])
