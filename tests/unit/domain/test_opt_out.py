"""Opt-out keywords, as Twilio's default set matches them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.opt_out import (
    HELP_KEYWORDS,
    START_KEYWORDS,
    STOP_KEYWORDS,
    Keyword,
    OptOut,
    classify,
    reply_text,
)
from ringfence.domain.segments import segment

KEYWORDS = {
    OptOut.STOP: ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"],
    OptOut.START: ["START", "YES", "UNSTOP"],
    OptOut.HELP: ["HELP", "INFO"],
}


def test_the_default_set_is_complete():
    assert set(KEYWORDS[OptOut.STOP]) == STOP_KEYWORDS
    assert set(KEYWORDS[OptOut.START]) == START_KEYWORDS
    assert set(KEYWORDS[OptOut.HELP]) == HELP_KEYWORDS


@pytest.mark.parametrize(("word", "kind"), [(word, kind) for kind, words in KEYWORDS.items() for word in words])
def test_a_keyword_is_the_whole_body_in_any_case(word, kind):
    for body in (word, word.lower(), word.title(), f"  {word}\n", f"\t{word.lower()} "):
        assert classify(body) == Keyword(kind, only_when_opted_out=word == "YES")


@pytest.mark.parametrize(
    "body",
    [
        *["", " ", "C", "STOP please", "please STOP", "STOP.", "STOP!", "'STOP'", "ST OP", "STOPP", "ARRET", "ends"],
        *["UNSUBSCRIBES", "STOP\u200b", "help me", "info@example.com", "yes please", "YES!", "NO"],
        *["ſtop", "ＳＴＯＰ", "ＹＥＳ", "STΟP", "y" * 5000],
    ],
)
def test_any_other_text_is_an_ordinary_one(body):
    assert classify(body) is None


def test_kinds_are_spelled_as_opt_out_type_is():
    assert {*map(str, OptOut)} == {"STOP", "START", "HELP"}


@pytest.mark.parametrize(
    ("kind", "first_words"),
    [
        (OptOut.STOP, "You are unsubscribed"),
        (OptOut.START, "You are subscribed again"),
        (OptOut.HELP, "Reply STOP to unsubscribe"),
    ],
)
def test_each_reply_says_what_has_happened(kind, first_words):
    assert reply_text(kind).startswith(first_words)
    assert reply_text(kind).endswith(".")


@pytest.mark.parametrize("kind", OptOut)
def test_each_reply_is_one_segment_and_names_the_way_back(kind):
    cut = segment(reply_text(kind))
    assert (cut.encoding, cut.count) == ("GSM-7", 1)
    way_back = {OptOut.STOP: "START", OptOut.START: "STOP", OptOut.HELP: "STOP"}[kind]
    assert way_back in reply_text(kind).split()


@given(st.text(max_size=30))
def test_only_the_keywords_are_keywords(body):
    if classify(body) is not None:
        assert body.strip().upper() in {word for words in KEYWORDS.values() for word in words}
