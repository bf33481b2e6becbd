"""What wakes a device, whoever made it, and how often it is tried: the same for all networks.

An app that knows Twilio's library looks for these names. There is no word of the question among them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ringfence.ports.http import HttpFailedError, HttpResponse
from ringfence.ports.push_sender import Push

KIND: Final = "verify_push_challenge"
WORDS: Final = "Something waits for your answer. Open the app."
TRIES: Final = 3
WAIT_S: Final = 0.5
WAIT_MAX_S: Final = 2.0
BUSY: Final = frozenset({429, 500, 502, 503, 504})

Sleep = Callable[[float], Awaitable[None]]


def told(push: Push) -> dict[str, str]:
    """What the app gets."""
    return {"type": KIND, "factor_sid": push.factor, "challenge_sid": push.challenge}


async def persistently(ask: Callable[[], Awaitable[HttpResponse]], sleep: Sleep = asyncio.sleep) -> HttpResponse:
    """The first answer but that the network has no time for it. ConnectionError after three tries."""
    wait_s = WAIT_S
    for left in reversed(range(TRIES)):
        try:
            answer = await ask()
        except HttpFailedError as error:
            if not left:
                raise ConnectionError(f"the network that wakes devices is away: {error.cause}") from None
            answer = None
        if answer is not None and answer.status not in BUSY:
            return answer
        if left:
            asked = "" if answer is None else answer.header("retry-after") or ""
            await sleep(min(float(asked), WAIT_MAX_S) if asked.isdecimal() else wait_s)
            wait_s = min(2 * wait_s, WAIT_MAX_S)
    raise ConnectionError("the network that wakes devices has no time")
