"""A message as its tenant sees it."""

import msgspec

from ringfence.domain.message import Content
from ringfence.ports.store import MessageRow


class MessageView(msgspec.Struct, frozen=True, kw_only=True):
    """A row with its opened content; `content` is None where this credential opens no key of that hour."""

    row: MessageRow
    content: Content | None

    def __repr__(self) -> str:
        return f"MessageView({self.row.sid})"
