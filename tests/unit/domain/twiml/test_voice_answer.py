"""What a program answers to a call with: TwiML, words to be said, or a sound to be played."""

import pytest

from ringfence.domain.twiml.document import TwimlError
from ringfence.domain.twiml.parser import MAX_BYTES
from ringfence.domain.twiml.voice_answer import read_voice_answer
from ringfence.domain.twiml.voice_verbs import Hangup, Play, Say

URL = "https://shop.example/voice"
HANG_UP = b"<Response><Hangup/></Response>"


@pytest.mark.parametrize("kind", ["text/xml", "application/xml", "text/html; charset=utf-8", "application/x+xml"])
def test_xml_of_any_usual_type_is_run(kind: str) -> None:
    assert read_voice_answer(kind, HANG_UP, URL).verbs == (Hangup(),)


def test_plain_text_is_said() -> None:
    (say,) = read_voice_answer("text/plain", " Grüße ".encode(), URL).verbs
    assert isinstance(say, Say)
    assert say.content.content == ("Grüße",)
    assert read_voice_answer("text/plain", b" ", URL).verbs == ()


def test_a_sound_is_played_from_where_it_came() -> None:
    assert read_voice_answer("audio/mpeg", b"\xff\xfb" * MAX_BYTES, URL).verbs == (Play(url=URL),)


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("application/json", b"{}", 12300),
        ("", HANG_UP, 12300),
        ("text/xml", b"", 12100),
        ("text/xml", b"<Response>", 12100),
        ("text/xml", b"<Twiml/>", 12102),
        ("text/xml", b"x" * (MAX_BYTES + 1), 11750),
        ("text/plain; charset=utf-8", b"\xff\xff", 12100),
        ("text/plain; charset=klingon", b"x", 12300),
        ("text/xml", b'<!DOCTYPE r [<!ENTITY a "b">]><Response>&a;</Response>', 12100),
    ],
)
def test_what_cannot_be_run_has_twilios_code(kind: str, body: bytes, code: int) -> None:
    with pytest.raises(TwimlError) as refused:
        read_voice_answer(kind, body, URL)
    assert refused.value.code == code
