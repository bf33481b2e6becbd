"""Which network wakes devices: in dev the simulated one, else none."""

import contextlib

from ringfence.carriers.simulator.link import LinkClient
from ringfence.carriers.simulator.push import SimulatedPushSender
from ringfence.ports.push_sender import PushSender
from ringfence.roles.settings import Settings


def push_sender(settings: Settings, stack: contextlib.AsyncExitStack) -> PushSender | None:
    """The network, closed with `stack`."""
    if not settings.dev:
        return None
    link = LinkClient(settings.socket("simulator"))
    stack.push_async_callback(link.close)
    return SimulatedPushSender(link)
