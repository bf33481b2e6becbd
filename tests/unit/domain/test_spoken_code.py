"""What a call that brings a code says."""

from ringfence.domain.spoken_code import INVITATIONS, SpokenCode, Wording, announcement, invitation
from ringfence.domain.ssml import Phrase, read_ssml
from ringfence.domain.twiml.voice_verbs import Pause, Say, VoiceDocument
from ringfence.domain.verify_templates.press_a_key import PRESS_A_KEY
from ringfence.domain.verify_templates.wordings import WORDINGS

ENGLISH = Wording("en", "Your Barber verification code is: {{code}}. Don't share it.")


def heard(document: VoiceDocument) -> list[str]:
    words = []
    for verb in document.verbs:
        if isinstance(verb, Say):
            (phrase,) = read_ssml(verb.content)
            assert isinstance(phrase, Phrase)
            words.append(phrase.text)
    return words


def test_a_code_is_said_twice_character_by_character() -> None:
    once = ["Your Barber verification code is:", "0", "4", "2", "9", ". Don't share it."]
    assert heard(announcement(ENGLISH, "", "0429")) == once * 2


def test_nothing_that_is_said_at_once_holds_more_than_one_character_of_a_code() -> None:
    assert all(sum(char.isdigit() for char in words) <= 1 for words in heard(announcement(ENGLISH, "", "918273")))


def test_words_before_or_after_a_code_may_be_missing() -> None:
    assert heard(announcement(Wording("en", "{{code}}"), "", "17"))[:2] == ["1", "7"]
    assert heard(announcement(Wording("en", "{{code}}."), "", "17"))[:3] == ["1", "7", "1"]


def test_everything_is_said_in_the_language_and_voice_asked_for() -> None:
    for document in (announcement(Wording("de", "Code: {{code}}"), "alice", "12"), invitation(ENGLISH, "alice")):
        assert {verb.voice for verb in document.verbs if isinstance(verb, Say)} == {"alice"}
    assert {
        verb.language for verb in announcement(Wording("de", "{{code}}"), "", "12").verbs if isinstance(verb, Say)
    } == {"de"}
    assert {verb.voice for verb in invitation(ENGLISH, "").verbs if isinstance(verb, Say)} == {"man"}


def test_a_key_is_asked_for_a_few_times_with_time_to_press_it() -> None:
    document = invitation(ENGLISH, "")
    assert heard(document) == [PRESS_A_KEY["en"]] * INVITATIONS
    assert isinstance(document.verbs[-1], Pause)
    assert document.verbs[-1].length_s == 5


def test_every_language_that_has_a_wording_can_ask_for_a_key() -> None:
    assert PRESS_A_KEY.keys() == WORDINGS.keys()
    assert len(set(PRESS_A_KEY.values())) == len(PRESS_A_KEY) - 2


def test_what_stands_at_rest_shows_nothing_but_its_verification() -> None:
    assert repr(SpokenCode(verification="VE1", service="VA1", wordings=(ENGLISH,))) == "SpokenCode(VE1)"
