"""Who really asks, where the operator named proxies in front of a port."""

from starlette.types import ASGIApp

from ringfence.api.trusted_proxies import TrustedProxies, parse_networks
from ringfence.roles.settings import Settings


def behind_proxies(app: ASGIApp, settings: Settings) -> ASGIApp:
    """The app, told who really asks where the operator named proxies; without any it is left alone."""
    return TrustedProxies(app, parse_networks(settings.trusted_proxies)) if settings.trusted_proxies else app
