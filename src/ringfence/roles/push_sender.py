"""Which network wakes devices: in dev the simulated one, in production those of their makers."""

import contextlib
import importlib.util
from collections.abc import Callable

from ringfence.carriers.simulator.link import LinkClient
from ringfence.carriers.simulator.push import SimulatedPushSender
from ringfence.ports.push_sender import Push, PushEnd, PushSender
from ringfence.roles.settings import Settings


def push_sender(settings: Settings, stack: contextlib.AsyncExitStack) -> PushSender:
    """The network, closed with `stack`. Apple's needs the extra `push`."""
    if settings.dev:
        link = LinkClient(settings.socket("simulator"))
        stack.push_async_callback(link.close)
        return SimulatedPushSender(link)
    return _OnFirstUse(lambda: _makers(settings, stack))


class _OnFirstUse:
    """Where no device is ever woken, an API need not hold what that takes."""

    def __init__(self, make: Callable[[], PushSender]) -> None:
        self._make = make
        self._made: PushSender | None = None

    async def send(self, push: Push) -> PushEnd:
        self._made = self._made or self._make()
        return await self._made.send(push)


def _makers(settings: Settings, stack: contextlib.AsyncExitStack) -> PushSender:
    from ringfence.carriers.push.fcm import FcmSender
    from ringfence.carriers.push.makers import Makers
    from ringfence.http.client import PooledClient
    from ringfence.http.egress_guard import EgressGuard
    from ringfence.roles.dispatcher import egress_policy

    guard = EgressGuard(egress_policy(settings))
    http = PooledClient(guard)
    stack.push_async_callback(http.close)
    senders: dict[str, PushSender] = {"fcm": FcmSender(http)}
    if importlib.util.find_spec("h2") is not None:
        from ringfence.carriers.push.apns import ApnsSender
        from ringfence.roles.apple_clients import AppleClients

        clients = AppleClients(guard)
        stack.callback(clients.end)
        senders["apn"] = ApnsSender(clients.of)
    return Makers(senders)
