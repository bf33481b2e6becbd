"""Who knows of numbers: the operator's own service where one is named, else in dev the simulator, else nobody."""

import contextlib

from ringfence.carriers.simulator.link import LinkClient
from ringfence.domain.clock import Clock
from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.ports.lookups import NumberIntelligence
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


async def number_source(
    settings: Settings, clock: Clock, stack: contextlib.AsyncExitStack
) -> NumberIntelligence | None:
    """The source, closed with `stack`. RefusalError for a `lookup_url` that is none."""
    if settings.lookup_url:
        try:
            parse_url(settings.lookup_url)
        except InvalidUrlError:
            raise RefusalError("lookup_url is no http or https URL", "write https://numbers.example/know") from None
        return _service(settings, clock, stack)
    if not settings.dev:
        return None
    link = LinkClient(settings.socket("simulator"))
    stack.push_async_callback(link.close)
    return link


def _service(settings: Settings, clock: Clock, stack: contextlib.AsyncExitStack) -> NumberIntelligence:
    # An API that asks nobody need not hold an HTTP client.
    from ringfence.http.client import PooledClient
    from ringfence.http.egress_guard import EgressGuard
    from ringfence.http.number_service import NumberService
    from ringfence.roles.dispatcher import egress_policy
    from ringfence.usecases.lookups.remember import Remembering

    http = PooledClient(EgressGuard(egress_policy(settings)))
    stack.push_async_callback(http.close)
    return Remembering(NumberService(http, settings.lookup_url, token=settings.lookup_token), clock)
