"""A call as its tenant reads it."""

import msgspec

from ringfence.domain.call import Content
from ringfence.ports.calls import CallRow


class CallView(msgspec.Struct, frozen=True):
    """The row, and its content where the credential that asks opens it."""

    row: CallRow
    content: Content | None

    def __repr__(self) -> str:
        return f"CallView({self.row.sid})"
