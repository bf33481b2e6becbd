"""How an answered webhook sends texts, and under which names."""

import hashlib
from typing import Protocol

from ringfence.ports.store import EventRow


class Replies(Protocol):
    """Accepts the texts that TwiML asks for."""

    async def send(
        self,
        account: str,
        sender: str,
        to: str,
        body: str,
        media_urls: tuple[str, ...],
        status_callback: str | None,
        sid: str,
    ) -> None:
        """Accept one text durably under `sid`; the same sid again is a no-op.

        Raises ApiError with Twilio's code where it may not be sent, ConnectionError where nothing is known.
        """


def reply_sid(event: EventRow, place: int, *, media: bool) -> str:
    """The SID of the `place`-th text in answer to an event: always the same one, so that no text goes out twice.

    In the time-ordered form of `domain.sid`: a millisecond after the event, and one more for each reply before it, so
    that lists show them behind the text they answer and in the order of the answer.
    """
    named = f"reply|{event.account}|{event.message_sid}|{event.sequence}|{place}"
    digest = hashlib.sha256(named.encode()).hexdigest()
    return f"{'MM' if media else 'SM'}{event.at_ms + 1 + place & 0xFFFFFFFFFFFF:012x}{digest[:20]}"
