"""A phone in a test: what is on it, and what its owner does."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from ringfence.carriers.simulator import handset
from ringfence.domain.message import Status
from ringfence.domain.replies import suggest_replies
from ringfence.testing.clock import moment
from ringfence.testing.code import code_in
from ringfence.testing.phone_call import PhoneCall

if TYPE_CHECKING:
    from ringfence.testing.world import Ringfence


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text on a phone. `sid` is its message SID where the platform sent it; `replies` what its buttons would send."""

    sender: str
    to: str
    body: str
    at: datetime
    sid: str | None = None
    media_urls: tuple[str, ...] = ()
    replies: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Text(to {self.to}, {len(self.body)} characters)"


class Phone:
    """The phone of one subscriber, or a client or SIP address. It may stand for its number: `to=phone`."""

    def __init__(self, world: "Ringfence", number: str) -> None:
        self.number = number
        self._world = world

    @property
    def inbox(self) -> list[Text]:
        """The texts that arrived, oldest first; the last 200 texts are kept."""
        return [text_of(text) for text in self._texts() if not text.inbound and text.status is Status.DELIVERED]

    @property
    def outbox(self) -> list[Text]:
        """The texts written on this phone, oldest first."""
        return [text_of(text) for text in self._texts() if text.inbound]

    def last_text(self) -> Text:
        """The latest text that arrived. LookupError when none has, with what was said instead."""
        inbox = self.inbox
        if not inbox:
            raise LookupError(f"no text has come to {self.number}\n\n{self._world.conversation()}")
        return inbox[-1]

    def last_code(self) -> str:
        """The code in the latest text that has one, else that of the latest call that said one.

        LookupError when none has.
        """
        for text in reversed(self.inbox):
            if (code := code_in(text.body)) is not None:
                return code
        for call in reversed(self.calls):
            if (code := call.last_code()) is not None:
                return code
        raise LookupError(f"no text with a code has come to {self.number}\n\n{self._world.conversation()}")

    def reply(self, body: str) -> None:
        """Answer whoever texted last. LookupError when nobody has."""
        self.send(self.last_text().sender, body)

    def send(self, to: object, body: str, media_urls: Sequence[str] = ()) -> None:
        """Text a number; return when everybody has been told and has answered."""
        self._world.text_from(self.number, str(to), body, tuple(media_urls))

    def answers(self) -> None:
        """Answer each call from now on, as a phone does by itself."""
        self._world.exchange.behave(self.number, "answers")

    def declines(self) -> None:
        """Decline each call from now on."""
        self._world.exchange.behave(self.number, "declines")

    def calls_through(self, program: Callable[..., Any] | str, path: str = "/voice", *, method: str = "POST") -> str:
        """Have this client's calls told to `program`, as `Number.calls_to` takes it; the answer is the URL."""
        url = program if isinstance(program, str) else self._world.host(program) + "/" + path.removeprefix("/")
        self._world.exchange.call_through(self.number, url, method)
        return url

    def ignores(self) -> None:
        """Let each call ring from now on."""
        self._world.exchange.behave(self.number, "ignores")

    def busy(self) -> None:
        """Be busy from now on."""
        self._world.exchange.behave(self.number, "busy")

    def subscriber(self, **facts: object) -> None:
        """What lookups tell of its owner: members of the simulator's subscriber; the others are as with any mobile.

        As in `phone.subscriber(sim_swapped_at=ringfence.clock.now)`. ValueError for what is no such member.
        """
        self._world.subscribe(self.number, facts)

    def opens(self, url: str) -> str:
        """Open a verification's `sna` address over this phone's mobile network: the client token, "" without one.

        ValueError for an address that does not wait to be opened.
        """
        return self._world.open(self.number, url)

    @property
    def calls(self) -> list[PhoneCall]:
        """The calls of this phone, those it made and those it got, oldest first."""
        return self._world.exchange.calls_of(self.number)

    def await_call(self) -> PhoneCall:
        """The latest call. LookupError when none has come, with what was said instead."""
        calls = self.calls
        if not calls:
            raise LookupError(f"no call has come to {self.number}\n\n{self._world.conversation()}")
        return calls[-1]

    def call(self, to: object) -> PhoneCall:
        """Call a number; return when everything that needs no time has happened."""
        return self._world.exchange.call_from(self.number, str(to))

    def __str__(self) -> str:
        return self.number

    def __repr__(self) -> str:
        return f"Phone({self.number})"

    def _texts(self) -> list[handset.Text]:
        return self._world.texts_of(self.number)


def text_of(text: handset.Text) -> Text:
    """A handset's text as a test sees it."""
    return Text(
        sender=text.sender,
        to=text.to,
        body=text.body,
        at=moment(text.at_ms),
        sid=text.sid,
        media_urls=text.media_urls,
        replies=tuple(reply.send for reply in suggest_replies(text.body)),
    )
