"""A call in a test, as the phone has it."""

from typing import TYPE_CHECKING

import msgspec

from ringfence.testing.code import code_spelled
from ringfence.testing.still_lines import StillLine

if TYPE_CHECKING:
    from ringfence.ports.calls import RecordingRow
    from ringfence.testing.exchange import Exchange
    from ringfence.testing.webhooks import Webhook


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording of a call. `words` is what was said while it ran, `duration` whole seconds, as the API has it.

    `source` is RecordVerb, DialVerb or another of Twilio's words; `words` are there when it is over.
    """

    sid: str
    status: str
    duration: int
    source: str
    channels: int
    words: str

    def __repr__(self) -> str:
        return f"Recording({self.status}, {self.duration} s, {len(self.words)} characters)"


class PhoneCall:
    """One call of one phone: what is heard on it, and what its owner does."""

    def __init__(self, exchange: "Exchange", line: StillLine) -> None:
        self._exchange = exchange
        self._line = line
        self._heard: list[str] = []

    @property
    def sender(self) -> str:
        """Who calls, as a phone shows it."""
        return self._line.sender

    @property
    def to(self) -> str:
        """Who is called."""
        return self._line.to

    @property
    def sid(self) -> str:
        """The call's SID; "" before the platform has taken it."""
        self._exchange.settle()
        return self._exchange.leg_of(self._line)

    @property
    def status(self) -> str:
        """Its status as the API has it."""
        return self._exchange.row(self.sid).status.value

    @property
    def duration(self) -> int:
        """How long it has lasted since it was answered, in seconds."""
        row = self._exchange.row(self.sid)
        if row.answered_ms is None:
            return 0
        return round(((row.ended_ms or self._exchange.now_ms()) - row.answered_ms) / 1_000)

    # What happens on it

    @property
    def heard(self) -> list[str]:
        """What the phone has heard so far: the words of each Say, the URL of each Play, what the other phone said."""
        self._exchange.settle()
        return list(self._heard)

    def hears(self, words: str) -> bool:
        """True when these words were heard, in whatever case. AssertionError with the conversation when not."""
        if not any(words.casefold() in heard.casefold() for heard in self.heard):
            self._exchange.fail(f"{words!r} was not heard on {self._line.phone}")
        return True

    def last_code(self) -> str | None:
        """The code that the call has said, one character after the other; None where it has not."""
        return code_spelled(self.heard)

    def plays(self, url: str) -> bool:
        """True when the sound at this URL, or path, was heard. AssertionError with the conversation when not."""
        if not any(url == heard or (url.startswith("/") and url == _path(heard)) for heard in self.heard):
            self._exchange.fail(f"{url} was not played on {self._line.phone}")
        return True

    @property
    def documents(self) -> "list[Webhook]":
        """The requests for its documents, oldest first: its first, each action, each redirect."""
        return self._exchange.documents_of(self.sid)

    @property
    def legs(self) -> "list[PhoneCall]":
        """The calls that its Dial made, oldest first."""
        return self._exchange.legs_of(self.sid)

    @property
    def recordings(self) -> list[Recording]:
        """Its recordings, oldest first."""
        return [_recording_of(row, words) for row, words in self._exchange.recordings_of(self.sid)]

    def ended(self, status: str) -> bool:
        """True when it is over with this status. AssertionError with the conversation when not."""
        if self.status != status:
            self._exchange.fail(f"the call is {self.status}, not {status}")
        return True

    # What its owner does

    def press(self, keys: str) -> None:
        """Press keys one after the other."""
        self._exchange.press(self._line, keys)

    def says(self, words: str) -> None:
        """Speak: a recording that runs takes it, and the phone hears it that the call is joined with.

        Words last as long as they take to be said; what is said next follows. AssertionError before it is answered.
        """
        self._exchange.say(self._line, words)

    def listens(self) -> None:
        """Let time pass until nothing is played or said on the line any more. Sounds that loop for ever count once."""
        self._exchange.listen(self._line)

    def picks_up(self) -> None:
        """Answer a call that rings."""
        self._exchange.act(self._line.pick_up)

    def hangs_up(self) -> None:
        """End the call."""
        self._exchange.act(self._line.hang_up)

    def hear(self, text: str) -> None:
        """Note what the phone hears."""
        self._heard.append(text)

    def __repr__(self) -> str:
        return f"PhoneCall({self._line.state})"


def _path(url: str) -> str:
    return "/" + url.partition("://")[2].partition("?")[0].partition("/")[2]


def _recording_of(row: "RecordingRow", words: str) -> Recording:
    return Recording(
        sid=row.sid,
        status=row.status,
        duration=-(-(row.duration_ms or 0) // 1_000),
        source=row.source,
        channels=row.channels,
        words=words,
    )
