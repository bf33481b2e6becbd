"""A mailbox in a test: the mails with codes that came to it."""

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from ringfence.domain.message import Status
from ringfence.testing.clock import moment
from ringfence.testing.code import code_in

if TYPE_CHECKING:
    from ringfence.testing.world import Ringfence


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail. `sender` is as in its From: a name and an address."""

    sender: str
    to: str
    subject: str
    body: str
    at: datetime

    def __repr__(self) -> str:
        return f"Mail({len(self.body)} characters)"


class Mailbox:
    """One person's mailbox. It may stand for its address: `to=mailbox`."""

    def __init__(self, world: "Ringfence", address: str) -> None:
        self.address = address
        self._world = world

    @property
    def inbox(self) -> list[Mail]:
        """The mails that arrived, oldest first; the last 200 are kept."""
        return [
            Mail(sender=text.sender, to=text.to, subject=text.subject, body=text.body, at=moment(text.at_ms))
            for text in self._world.texts_of(self.address)
            if text.status is Status.DELIVERED
        ]

    def last_mail(self) -> Mail:
        """The latest. LookupError when none has come, with what was said instead."""
        inbox = self.inbox
        if not inbox:
            raise LookupError(f"no mail has come to {self.address}\n\n{self._world.conversation()}")
        return inbox[-1]

    def last_code(self) -> str:
        """The code in the latest mail that has one. LookupError when none has."""
        for mail in reversed(self.inbox):
            if (code := code_in(mail.body)) is not None:
                return code
        raise LookupError(f"no mail with a code has come to {self.address}\n\n{self._world.conversation()}")

    def __str__(self) -> str:
        return self.address

    def __repr__(self) -> str:
        return f"Mailbox({self.address})"
