"""The GSM 7-bit alphabet, held against the tables and examples of 3GPP TS 23.038."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.gsm7 import (
    DEFAULT_ALPHABET,
    EXTENSION,
    SEPTETS,
    NotGsm7Error,
    decode_gsm7,
    encode_gsm7,
    pack,
    unpack,
)

texts = st.text(alphabet=sorted(SEPTETS), max_size=200)


def test_the_default_alphabet_has_128_positions_and_is_ascii_where_the_standard_says_so():
    assert len(DEFAULT_ALPHABET) == 128
    assert len(set(DEFAULT_ALPHABET)) == 128
    for code in (*range(0x20, 0x24), *range(0x25, 0x40), *range(0x41, 0x5B), *range(0x61, 0x7B)):
        assert DEFAULT_ALPHABET[code] == chr(code)


@pytest.mark.parametrize(
    ("code", "char"),
    # TS 23.038, clause 6.2.1: the positions that differ from ASCII.
    [
        (0x00, "@"), (0x01, "£"), (0x02, "$"), (0x03, "¥"), (0x04, "è"), (0x05, "é"), (0x06, "ù"), (0x07, "ì"),
        (0x08, "ò"), (0x09, "Ç"), (0x0A, "\n"), (0x0B, "Ø"), (0x0C, "ø"), (0x0D, "\r"), (0x0E, "Å"), (0x0F, "å"),
        (0x10, "Δ"), (0x11, "_"), (0x12, "Φ"), (0x13, "Γ"), (0x14, "Λ"), (0x15, "Ω"), (0x16, "Π"), (0x17, "Ψ"),
        (0x18, "Σ"), (0x19, "Θ"), (0x1A, "Ξ"), (0x1C, "Æ"), (0x1D, "æ"), (0x1E, "ß"), (0x1F, "É"), (0x24, "¤"),
        (0x40, "¡"), (0x5B, "Ä"), (0x5C, "Ö"), (0x5D, "Ñ"), (0x5E, "Ü"), (0x5F, "§"), (0x60, "¿"), (0x7B, "ä"),
        (0x7C, "ö"), (0x7D, "ñ"), (0x7E, "ü"), (0x7F, "à"),
    ],
)  # fmt: skip
def test_positions_of_the_default_alphabet(code, char):
    assert encode_gsm7(char) == bytes([code])
    assert decode_gsm7(bytes([code])) == char


@pytest.mark.parametrize(
    ("code", "char"),
    # TS 23.038, clause 6.2.1.1.
    [
        (0x0A, "\f"), (0x14, "^"), (0x28, "{"), (0x29, "}"), (0x2F, "\\"), (0x3C, "["), (0x3D, "~"), (0x3E, "]"),
        (0x40, "|"), (0x65, "€"),
    ],
)  # fmt: skip
def test_extension_characters_take_an_escape_and_a_septet(code, char):
    assert encode_gsm7(char) == bytes([0x1B, code])
    assert decode_gsm7(bytes([0x1B, code])) == char
    assert EXTENSION[code] == char
    assert len(EXTENSION) == 10


@pytest.mark.parametrize("char", ["`", "ç", "á", "’", "\t", "\x1b", "я", "😀", "\x00"])
def test_a_character_outside_the_alphabet_is_refused_without_being_named(char):
    with pytest.raises(NotGsm7Error) as refusal:
        encode_gsm7(f"secret {char}")
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
    assert str(refusal.value) == "a character is outside the GSM 7-bit alphabet"


@pytest.mark.parametrize(
    ("septets", "text"),
    [
        (b"\x1b\x61", "a"),  # not in the extension table: the default character is shown
        (b"\x1b\x1bz", " z"),  # reserved for a second table: shown as a space
        (b"z\x1b", "z "),
    ],
)
def test_what_a_handset_shows_for_unknown_escapes(septets, text):
    assert decode_gsm7(septets) == text


def test_a_byte_above_127_is_no_septet():
    assert decode_gsm7(b"\x7f") == "à"
    with pytest.raises(NotGsm7Error, match=r"^a byte is above 127 and no septet$"):
        decode_gsm7(b"a\x80")


@pytest.mark.parametrize(
    ("text", "octets"),
    # Worked by hand after TS 23.038, clause 6.1.2.1.1.
    [
        ("", ""),
        ("1", "31"),
        ("12", "3119"),
        ("hello", "e8329bfd06"),
        ("1234567", "31d98c56b3dd00"),
        ("12345678", "31d98c56b3dd70"),
        ("123456789", "31d98c56b3dd7039"),
        ("\f", "1b05"),
    ],
)
def test_packing(text, octets):
    septets = encode_gsm7(text)
    assert pack(septets).hex() == octets
    assert unpack(bytes.fromhex(octets), len(septets)) == septets


def test_fill_bits_align_septets_behind_a_six_octet_header():
    assert pack(b"\x7f", fill_bits=1) == b"\xfe"
    assert pack(b"\x7f\x7f", fill_bits=1) == b"\xfe\x7f"
    assert pack(b"\x7f", fill_bits=2) == b"\xfc\x01"
    assert unpack(b"\xfc\x01", 1, fill_bits=2) == b"\x7f"


def test_a_part_of_153_septets_fills_134_octets():
    assert len(pack(b"\x00" * 153, fill_bits=1)) == 134
    assert len(pack(b"\x00" * 160)) == 140


def test_unpacking_more_septets_than_there_are_is_refused():
    assert unpack(b"\x31\x19", 2) == b"12"
    assert unpack(b"\x00" * 7, 8) == b"\x00" * 8
    with pytest.raises(NotGsm7Error, match=r"^fewer septets than announced$"):
        unpack(b"\x31\x19", 3)
    with pytest.raises(NotGsm7Error):
        unpack(b"\x00" * 7, 8, fill_bits=1)


@given(texts)
def test_text_survives_encoding(text):
    assert decode_gsm7(encode_gsm7(text)) == text


@given(st.binary(max_size=200).map(lambda raw: bytes(byte & 0x7F for byte in raw)), st.integers(0, 6))
def test_septets_survive_packing(septets, fill_bits):
    octets = pack(septets, fill_bits)
    assert len(octets) == -(-(len(septets) * 7 + fill_bits) // 8)
    assert unpack(octets, len(septets), fill_bits) == septets


@given(st.binary(max_size=100))
def test_any_septets_decode_and_any_bytes_never_crash(raw):
    try:
        assert isinstance(decode_gsm7(raw), str)
    except NotGsm7Error:
        assert max(raw) > 127
