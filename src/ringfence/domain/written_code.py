"""A text that brings a code: its words are kept with a place for the code, which is filled when it is submitted."""

import msgspec

from ringfence.domain.spoken_code import CODE_PLACE
from ringfence.domain.verification import DOTS


class WrittenCode(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """Which code, and the words that hold `{{code}}` once or more. It holds no code.

    `subject` is that of a mail.
    """

    verification: str
    service: str
    words: str
    subject: str = ""

    def __repr__(self) -> str:
        return f"WrittenCode({self.verification})"

    def with_code(self, code: str) -> str:
        """The text as the handset gets it."""
        return self.words.replace(CODE_PLACE, code)

    def dotted(self) -> str:
        """The text as everybody else sees it."""
        return self.with_code(DOTS)
