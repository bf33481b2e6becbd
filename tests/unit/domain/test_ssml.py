"""What a Say says: words in their order, pauses between them, and the manner of each."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.ssml import MAX_BREAK_MS, Break, Phrase, Spoken, read_ssml
from ringfence.domain.twiml.parser import parse


def say(inside: str) -> Spoken:
    return read_ssml(parse(f"<Response><Say>{inside}</Say></Response>").children[0])


def words(inside: str) -> list[str]:
    return [part.text for part in say(inside) if isinstance(part, Phrase)]


def test_plain_text_is_one_phrase_without_its_line_breaks() -> None:
    assert say("  Hello\n   there &amp; welcome ") == (Phrase(text="Hello there & welcome"),)


def test_nothing_is_said_of_white_space() -> None:
    assert say(" \n ") == ()


def test_words_and_pauses_keep_their_order() -> None:
    assert say('One <break time="250ms"/> two <break time="1.5s"/>three') == (
        Phrase(text="One"),
        Break(250),
        Phrase(text="two"),
        Break(1_500),
        Phrase(text="three"),
    )


@pytest.mark.parametrize(
    ("attributes", "length_ms"),
    [("", 400), ('strength="x-strong"', 1_200), ('time="90s"', MAX_BREAK_MS), ('time="soon"', 400)],
)
def test_a_break_has_a_bounded_length(attributes: str, length_ms: int) -> None:
    assert say(f"a<break {attributes}/>b")[1] == Break(length_ms)


def test_a_break_of_no_strength_is_none() -> None:
    assert say('a <break strength="none"/>b') == (Phrase(text="a b"),)


def test_pauses_beside_each_other_are_one() -> None:
    assert say("<s>One.</s><break time='2s'/><p>Two.</p>") == (
        Phrase(text="One."),
        Break(2_000),
        Phrase(text="Two."),
        Break(700),
    )


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ('<sub alias="World Wide Web">WWW</sub>', "World Wide Web"),
        ('<say-as interpret-as="digits">402</say-as>', "4, 0, 2"),
        ('<say-as interpret-as="spell-out">a B</say-as>', "a, B"),
        ('<say-as interpret-as="telephone">+1 (202) 555-0177</say-as>', "plus 1, 2 0 2, 5 5 5, 0 1 7 7"),
        ('<say-as interpret-as="ordinal">3</say-as>', "3"),
        ('<phoneme alphabet="ipa" ph="pɪˈkɑːn">pecan</phoneme>', "pecan"),
        ('<w role="amazon:VB">read</w>', "read"),
    ],
)
def test_what_stands_for_other_words_is_said_as_these(inside: str, said: str) -> None:
    assert words(inside) == [said]


def test_words_around_an_element_of_one_manner_are_one_phrase() -> None:
    assert words('Your code is <say-as interpret-as="digits">12</say-as>. Bye.') == ["Your code is 1, 2 . Bye."]


@pytest.mark.parametrize(
    ("attributes", "rate", "volume_db"),
    [
        ('rate="slow"', 0.75, 0.0),
        ('rate="150%"', 1.5, 0.0),
        ('rate="900%"', 2.0, 0.0),
        ('rate="1%"', 0.2, 0.0),
        ('volume="loud"', 1.0, 4.0),
        ('volume="-6dB"', 1.0, -6.0),
        ('volume="+60dB"', 1.0, 12.0),
        ('pitch="high" rate="odd" volume="odd"', 1.0, 0.0),
    ],
)
def test_prosody_sets_rate_and_volume_within_bounds(attributes: str, rate: float, volume_db: float) -> None:
    assert say(f"<prosody {attributes}>a</prosody>") == (Phrase(text="a", rate=rate, volume_db=volume_db),)


def test_prosody_within_prosody_adds_up_and_ends_with_its_element() -> None:
    inside = '<prosody rate="fast">a <prosody rate="fast" volume="soft">b</prosody></prosody> c'
    assert say(inside) == (
        Phrase(text="a", rate=1.25),
        Phrase(text="b", rate=1.5625, volume_db=-6.0),
        Phrase(text="c"),
    )


def test_strong_emphasis_is_slower_and_louder() -> None:
    (phrase,) = say('<emphasis level="strong">now</emphasis>')
    assert isinstance(phrase, Phrase)
    assert phrase.rate < 1
    assert phrase.volume_db > 0


def test_a_language_holds_within_its_element() -> None:
    assert say('Hello <lang xml:lang="fr-FR">Bonjour</lang>') == (
        Phrase(text="Hello"),
        Phrase(text="Bonjour", language="fr-FR"),
    )


def test_words_are_not_shown() -> None:
    assert "secret" not in repr(say("secret"))


PARTS = {
    "a ": "a",
    "<s>b</s>": "b",
    "<prosody rate='fast'>c</prosody>": "c",
    "<w>d</w>": "d",
    "<break/>": "",
    " ": "",
}


@given(st.lists(st.sampled_from(sorted(PARTS))))
def test_every_word_is_said_once_in_order_and_no_phrase_is_empty(parts: list[str]) -> None:
    spoken = say("".join(parts))
    heard = "".join(part.text for part in spoken if isinstance(part, Phrase)).replace(" ", "")
    assert heard == "".join(PARTS[part] for part in parts)
    assert all(part.text.strip() for part in spoken if isinstance(part, Phrase))
    assert not any(isinstance(a, Break) and isinstance(b, Break) for a, b in pairwise(spoken))
