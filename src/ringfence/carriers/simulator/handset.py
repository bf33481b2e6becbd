"""A handset with its texts and calls, as the simulated network keeps them: in memory, bounded, never on disk."""

import re
from collections import deque
from typing import Literal

import msgspec

from ringfence.carriers.simulator.subscriber import Subscriber
from ringfence.domain.message import Status

HANDSET_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
ADDRESS = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{3,8}")
MAX_TEXTS_PER_HANDSET = 200
MAX_CALLS_PER_HANDSET = 100


class Text(msgspec.Struct, kw_only=True, eq=False):
    """One text on one handset.

    `inbound` is the platform's point of view: True when this handset wrote it. `sid` is the platform's reference of a
    text it submitted, None for one written here. A mail alone has a `subject`. `version` is the network's version when
    the text last changed.
    """

    id: str
    handset: str
    sender: str
    to: str
    body: str
    inbound: bool
    status: Status
    at_ms: int
    sid: str | None = None
    media_urls: tuple[str, ...] = ()
    error_code: int | None = None
    read: bool = False
    version: int = 0
    subject: str = ""

    @property
    def peer(self) -> str:
        """The other end of the conversation, as the handset sees it."""
        return self.to if self.inbound else self.sender

    def __repr__(self) -> str:
        return f"Text({self.id})"


class LoggedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that a handset had, as its softphone noted it when it was over.

    `direction` is the handset's point of view; `outcome` answered, missed, or why not in a word or two. `length_ms` is
    what was talked. `sid` is the platform's call, where it said which.
    """

    id: str
    handset: str
    peer: str
    direction: Literal["incoming", "outgoing"]
    outcome: str
    at_ms: int
    length_ms: int
    sid: str | None = None

    def __repr__(self) -> str:
        return f"LoggedCall({self.id})"


class Handset(msgspec.Struct, kw_only=True, eq=False):
    """A handset: `automatic` when a text to an unknown number made it, so that it may be dropped for a newer one.

    A mailbox is one too: its `number` is a mail address, and what comes to it are mails. Nothing is written on it.
    `silent` are paths of addresses by whose opening it proves itself, and until when each may be (Unix, milliseconds).
    """

    number: str
    name: str
    automatic: bool
    made_ms: int
    texts: deque[Text] = msgspec.field(default_factory=lambda: deque(maxlen=MAX_TEXTS_PER_HANDSET))
    calls: deque[LoggedCall] = msgspec.field(default_factory=lambda: deque(maxlen=MAX_CALLS_PER_HANDSET))
    version: int = 0
    subscriber: Subscriber = Subscriber()
    silent: tuple[tuple[str, int], ...] = ()

    @property
    def is_mailbox(self) -> bool:
        """True where mails come to, and neither texts nor calls."""
        return "@" in self.number

    def __repr__(self) -> str:
        return "Handset(…)"


def is_handset_number(text: str) -> bool:
    """True for a number in E.164 form, which a handset can have."""
    return HANDSET_NUMBER.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """True for what a handset can text: a number in E.164 form or a short code."""
    return ADDRESS.fullmatch(text) is not None
