"""Which network vouches for telephones: in dev the simulated one, else none, until a carrier offers it."""

import contextlib

from ringfence.carriers.simulator.link import LinkClient
from ringfence.carriers.simulator.silent_network import SimulatedSilentNetwork
from ringfence.ports.silent_network import SilentNetwork
from ringfence.roles.settings import Settings


def silent_network(settings: Settings, stack: contextlib.AsyncExitStack) -> SilentNetwork | None:
    """The network, closed with `stack`."""
    if not settings.dev:
        return None
    link = LinkClient(settings.socket("simulator"))
    stack.push_async_callback(link.close)
    return SimulatedSilentNetwork(link, settings.url)
