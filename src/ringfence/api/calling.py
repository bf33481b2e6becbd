"""What the API drives of calls."""

import msgspec

from ringfence.usecases.voice.change_call import CallChanger
from ringfence.usecases.voice.change_recordings import RecordingChanger
from ringfence.usecases.voice.create_call import CallCreator
from ringfence.usecases.voice.read_calls import CallReader
from ringfence.usecases.voice.read_recordings import RecordingReader


class Calling(msgspec.Struct, frozen=True, kw_only=True):
    """One of each, over the same store and keys."""

    creator: CallCreator
    reader: CallReader
    changer: CallChanger
    recordings: RecordingReader
    recording_changer: RecordingChanger
