"""The platform's side of the simulated push network: what wakes a device is a text on a handset of the Phones page."""

from typing import Protocol

from ringfence.ports.push_sender import Push, PushEnd

SENDER = "Push"
WORDS = "Something waits for your answer. Open the app."


class PushLink(Protocol):
    """What the platform asks of the network, near or far. ConnectionError: it is away."""

    async def notify(self, token: str, sender: str, body: str) -> None: ...


class SimulatedPushSender:
    """`ports.push_sender.PushSender` over a link. A device is the handset whose number is in its token; others are not
    there, as devices that were wiped are not."""

    def __init__(self, link: PushLink) -> None:
        self._link = link

    async def send(self, push: Push) -> PushEnd:
        await self._link.notify(push.token, SENDER, WORDS)
        return PushEnd.TAKEN
