"""The verbs that lead through a document, as steps of the timeline: name, and what decides what they do.

Verbs with something to carry out (Say, Play, Record, Dial, Sms, Reject) are noted where that is done.
"""

from ringfence.domain.twiml.voice_verbs import Gather, Hangup, Pause, Redirect, VoiceVerb
from ringfence.usecases.voice.call_record import CallRecord

Fields = tuple[tuple[str, str], ...]


def note_verb(record: CallRecord, verb: VoiceVerb) -> None:
    """Note a verb that begins, if it is one of these."""
    match verb:
        case Gather():
            fields: Fields = (("timeout", str(verb.timeout_s)), ("finishOnKey", verb.finish_on_key))
            if verb.num_digits is not None:
                fields = (("numDigits", str(verb.num_digits)), *fields)
            record.step("verb", "Gather", fields=fields)
        case Pause():
            record.step("verb", "Pause", fields=(("length", str(verb.length_s)),))
        case Redirect():
            record.step("verb", "Redirect", url=verb.url, fields=(("method", verb.method),))
        case Hangup():
            record.step("verb", "Hangup")
