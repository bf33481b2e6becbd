"""The networks of those who make devices, each for its own."""

from collections.abc import Mapping

from ringfence.ports.push_sender import Push, PushEnd, PushSender


class Makers:
    """Implements `ports.push_sender.PushSender` by platform; REFUSED for one that nobody makes."""

    def __init__(self, by_platform: Mapping[str, PushSender]) -> None:
        self._by_platform = by_platform

    async def send(self, push: Push) -> PushEnd:
        sender = self._by_platform.get(push.platform)
        return PushEnd.REFUSED if sender is None else await sender.send(push)
