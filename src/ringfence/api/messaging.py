"""The use cases around texts that the API drives."""

import msgspec

from ringfence.usecases.messaging.edit import Editor
from ringfence.usecases.messaging.read import Reader
from ringfence.usecases.messaging.read_media import MediaReader
from ringfence.usecases.messaging.send import Sender
from ringfence.usecases.timeline.notifications import NotificationReader
from ringfence.usecases.timeline.read import TimelineReader
from ringfence.usecases.timeline.read_call import CallTimelineReader
from ringfence.usecases.timeline.tell_again import EventTeller


class Messaging(msgspec.Struct, frozen=True, kw_only=True):
    """One of each, over the same store and keys."""

    sender: Sender
    reader: Reader
    editor: Editor
    media: MediaReader
    timeline: TimelineReader
    call_timeline: CallTimelineReader
    notifications: NotificationReader
    teller: EventTeller
