"""The answer of a voice webhook as a document to run.

Source: Twilio, "TwiML for Programmable Voice", section "Data formats"; errors 11750, 12100 and 12300.
"""

from ringfence.domain.twiml.content_type import PLAIN_TEXT, decode, is_twiml, media_type
from ringfence.domain.twiml.document import Element, TwimlError
from ringfence.domain.twiml.parser import MAX_BYTES, parse
from ringfence.domain.twiml.voice_verbs import Play, Say, VoiceDocument, read_voice_document

_SOUND = "audio/"


def read_voice_answer(content_type: str, body: bytes, url: str) -> VoiceDocument:
    """The document of a 2xx answer from `url`.

    XML and HTML types are TwiML, text/plain is said, a sound is played. TwimlError: 11750 over 64 kB, 12300 for any
    other type or none, 12100 and 12102 as `parse`.
    """
    essence, charset = media_type(content_type)
    if essence.startswith(_SOUND):
        return VoiceDocument((Play(url=url),))
    if len(body) > MAX_BYTES:
        raise TwimlError(11750, f"the answer is larger than {MAX_BYTES // 1024} kB")
    if essence == PLAIN_TEXT:
        text = decode(body, charset or "utf-8").strip()
        return VoiceDocument((_said(text),) if text else ())
    if is_twiml(essence):
        return read_voice_document(parse(decode(body, charset) if charset else body))
    raise TwimlError(12300, "the Content-Type is not one that can answer a call")


def _said(text: str) -> Say:
    return Say(content=Element("Say", {}, text, (), 1, 1, (text,)))
