"""Characters as readers see them: UAX #29, as far as texts need it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.graphemes import graphemes

FAMILY = "👨\u200d👩\u200d👧"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    "cluster",
    [
        "a",
        "e\u0301",  # combining acute
        "e\u0301\u0301\u0301",
        "कि",  # a spacing vowel sign
        "क्\u200cष"[:3],  # a non-joiner stays with what it follows
        "☁️",  # variation selector
        "👍🏽",  # skin tone
        "👍🏿",
        "👍🏻",
        FAMILY,
        "❤️\u200d🔥",
        "🏃\u200d♀️",  # ends in a symbol below U+1F000
        "🇮🇹",
        SCOTLAND,
        "1️⃣",  # keycap
        "각",
        "\u1100\u1161\u11a8",  # the same syllable in jamo
        "\u1100\u1100\u1161\u1161\u11a8\u11a8",
        "가\u11a8",  # an open syllable takes a trailing consonant
        "가\u1161",
        "각\u11a8",
        "\u1100각",
        "\u1100가",
        "\u115f\u1160\u11a7\u11ff",
        "개\u1161",  # the second open syllable, 28 after the first
        "힣\u11a8",  # the last syllable
        "\u0301",  # a mark with nothing before it
    ],
)
def test_one_cluster(cluster):
    assert graphemes(cluster) == [cluster]
    assert graphemes(f"x{cluster}")[0][0] == "x"
    assert graphemes(f"{cluster}x") == [cluster, "x"]
    assert graphemes(f"\n{cluster}") == ["\n", cluster]


@pytest.mark.parametrize(
    ("text", "clusters"),
    [
        ("", []),
        ("ab", ["a", "b"]),
        ("\r\n", ["\r", "\n"]),
        ("\n\u0301", ["\n", "\u0301"]),  # nothing joins a line break
        ("a\u2028\u0301", ["a", "\u2028", "\u0301"]),
        ("a\u2029\u0301", ["a", "\u2029", "\u0301"]),
        ("🇮🇹🇫🇷", ["🇮🇹", "🇫🇷"]),
        ("🇮🇹🇫", ["🇮🇹", "🇫"]),
        ("a🇮🇹", ["a", "🇮🇹"]),
        ("a\u200db", ["a\u200d", "b"]),  # a joiner joins emoji only
        ("각\u1161", ["각", "\u1161"]),  # a closed syllable takes no vowel
        ("갛\u1161", ["갛", "\u1161"]),  # nor does the one before the second open one
        ("\ud7a4\u11a8", ["\ud7a4", "\u11a8"]),  # not a syllable any more
        ("\u11a8\u1161", ["\u11a8", "\u1161"]),
        ("\u1161\u1100", ["\u1161", "\u1100"]),
        ("\u1161가", ["\u1161", "가"]),
        ("\u1100\u11a8", ["\u1100", "\u11a8"]),
        ("가각", ["가", "각"]),
        ("😀😀", ["😀", "😀"]),
        ("a♀", ["a", "♀"]),
    ],
)
def test_boundaries(text, clusters):
    assert graphemes(text) == clusters


@given(st.text(alphabet=st.sampled_from("ae\u0301\u200d\u200c👍🏽🇮🇹가각\u1100\u1161\u11a8\r\n♀️❤x"), max_size=40))
def test_clusters_joined_are_the_text_and_none_is_empty(text):
    clusters = graphemes(text)
    assert "".join(clusters) == text
    assert all(clusters)


@given(
    st.text(alphabet=st.sampled_from("a\u0301\u200d👍🏽각x"), max_size=20),
    st.text(alphabet="bc", min_size=1, max_size=5),
)
def test_a_letter_always_begins_a_cluster(text, letters):
    assert graphemes(text + letters)[-len(letters) :] == list(letters)
