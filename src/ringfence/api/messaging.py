"""The messaging use cases that the API drives."""

import msgspec

from ringfence.usecases.messaging.edit import Editor
from ringfence.usecases.messaging.read import Reader
from ringfence.usecases.messaging.read_media import MediaReader
from ringfence.usecases.messaging.send import Sender


class Messaging(msgspec.Struct, frozen=True, kw_only=True):
    """One of each, over the same store and keys."""

    sender: Sender
    reader: Reader
    editor: Editor
    media: MediaReader
