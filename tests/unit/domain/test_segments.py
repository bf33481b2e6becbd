"""Segments as Twilio counts and bills them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.graphemes import graphemes
from ringfence.domain.gsm7 import SEPTETS, encode_gsm7
from ringfence.domain.segments import segment


@pytest.mark.parametrize(
    ("body", "encoding", "lengths"),
    # Limits: 3GPP TS 23.040, clause 9.2.3.24.1 (a six-octet header leaves 153 septets or 67 UCS-2 characters).
    [
        pytest.param("", "GSM-7", [0], id="empty"),
        pytest.param("a" * 160, "GSM-7", [160], id="160 septets fit alone"),
        pytest.param("a" * 161, "GSM-7", [153, 8], id="161 do not"),
        pytest.param("a" * 306, "GSM-7", [153, 153], id="two full parts"),
        pytest.param("a" * 307, "GSM-7", [153, 153, 1], id="one more"),
        pytest.param("é" * 160, "GSM-7", [160], id="accented Latin is one septet"),
        pytest.param("é" * 161, "GSM-7", [153, 8], id="accented Latin in parts"),
        pytest.param("€" * 80, "GSM-7", [80], id="80 extension characters are 160 septets"),
        pytest.param("€" * 81, "GSM-7", [76, 5], id="76 pairs are 152 septets; the 77th does not fit"),
        pytest.param("[" + "a" * 158, "GSM-7", [159], id="ASCII extension counts two"),
        pytest.param("[" + "a" * 159, "GSM-7", [152, 8], id="and tips 161 over"),
        pytest.param("a" * 152 + "€" + "b" * 152, "GSM-7", [152, 152, 1], id="an escape pair is not cut"),
        pytest.param("a" * 151 + "€" + "b" * 153, "GSM-7", [152, 153], id="an escape pair that fits stays"),
        pytest.param("я" * 70, "UCS-2", [70], id="70 units fit alone"),
        pytest.param("я" * 71, "UCS-2", [67, 4], id="71 do not"),
        pytest.param("я" * 134, "UCS-2", [67, 67], id="two full UCS-2 parts"),
        pytest.param("я" * 135, "UCS-2", [67, 67, 1], id="one more unit"),
        pytest.param("😀" * 35, "UCS-2", [35], id="an emoji is two units"),
        pytest.param("😀" * 36, "UCS-2", [33, 3], id="36 emoji are 72 units"),
        pytest.param("я" * 66 + "😀" + "я" * 66, "UCS-2", [66, 66, 1], id="a surrogate pair is not cut"),
        pytest.param("я" * 65 + "😀" + "я" * 67, "UCS-2", [66, 67], id="a surrogate pair that fits stays"),
        pytest.param("😀" + "]" * 68, "UCS-2", [69], id="in UCS-2 an extension character is one unit"),
        pytest.param("😀" + "]" * 69, "UCS-2", [66, 4], id="and 71 units are two parts"),
        pytest.param("я" * 66 + "e\u0301" + "я" * 5, "UCS-2", [66, 7], id="a combining mark stays with its letter"),
        pytest.param("я" * 64 + "🇮🇹" + "я" * 9, "UCS-2", [64, 11], id="a flag is not cut"),
    ],
)
def test_where_a_text_is_cut(body, encoding, lengths):
    cut = segment(body)
    assert cut.encoding == encoding
    assert [len(part) for part in cut.parts] == lengths
    assert cut.count == len(lengths)


@pytest.mark.parametrize(
    ("body", "units"),
    [("abc", 3), ("a" * 200, 200), ("a€[", 5), ("€" * 100, 200), ("abcя", 4), ("😀я", 3), ("😀" * 40, 80)],
)
def test_units_leave_headers_out(body, units):
    assert segment(body).units == units


@pytest.mark.parametrize("body", ["don’t", "`", "ç", "\t", "\x1b", "Привет"])
def test_one_character_outside_the_alphabet_makes_the_text_ucs2(body):
    assert segment(body).encoding == "UCS-2"


@pytest.mark.parametrize("body", ["".join(SEPTETS), "it's £5 @ 9:00\r\n", "Größe ÄÖÜ", "{a|b}~^\\[]€\f", "Δ_ΦΓΛΩΠΨΣΘΞ"])
def test_what_the_alphabet_holds_stays_gsm7(body):
    assert segment(body).encoding == "GSM-7"


def test_a_grapheme_larger_than_a_part_is_cut_between_characters():
    zalgo = "e" + "\u0301" * 100
    assert [len(part) for part in segment(zalgo).parts] == [67, 34]
    exactly = "e" + "\u0301" * 66
    assert segment("яяяя" + exactly).parts == ("яяяя", exactly)


def test_a_lone_surrogate_does_not_crash_counting():
    assert segment("\ud83d").units == 1


def test_the_body_is_not_shown():
    assert repr(segment("my secret")) == "Segmentation(GSM-7, 1)"


gsm7_texts = st.text(alphabet=sorted(SEPTETS), max_size=400)
any_texts = st.text(alphabet=st.sampled_from("abя€[😀👍🏽e\u0301\u200d🇮🇹♀️"), max_size=200)


@given(gsm7_texts)
def test_gsm7_parts_are_full_but_never_over(body):
    cut = segment(body)
    assert cut.encoding == "GSM-7"
    assert "".join(cut.parts) == body
    sizes = [len(encode_gsm7(part)) for part in cut.parts]
    assert cut.units == sum(sizes)
    if cut.count == 1:
        assert sizes[0] <= 160
    else:
        assert cut.units > 160
        assert all(152 <= size <= 153 for size in sizes[:-1])
        assert 0 < sizes[-1] <= 153


@given(any_texts)
def test_ucs2_parts_hold_whole_graphemes_and_are_never_over(body):
    cut = segment(body + "я")
    sizes = [len(part.encode("utf-16-le")) // 2 for part in cut.parts]
    assert "".join(cut.parts) == body + "я"
    assert cut.units == sum(sizes)
    if cut.count == 1:
        assert sizes[0] <= 70
    else:
        assert all(0 < size <= 67 for size in sizes)
    whole = graphemes(body + "я")
    if max(len(cluster.encode("utf-16-le")) // 2 for cluster in whole) <= 67:
        assert [cluster for part in cut.parts for cluster in graphemes(part)] == whole
