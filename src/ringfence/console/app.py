"""Both consoles behind one port: the Host decides which."""

from starlette.types import ASGIApp

from ringfence.console.dependencies import ConsoleDependencies, host_of
from ringfence.console.host_split import HostSplit
from ringfence.console.operator.app import create_operator_console
from ringfence.console.page_headers import PageHeaders, page_headers
from ringfence.console.pages import Pages
from ringfence.console.tenant.app import create_tenant_console


def create_console(dependencies: ConsoleDependencies) -> ASGIApp:
    """The consoles, over storage and ports that are open."""
    origins = dependencies.origins
    pages = Pages()
    apps = {
        origins.operator: create_operator_console(dependencies, pages),
        origins.tenant: create_tenant_console(dependencies, pages),
    }
    return HostSplit(
        {
            host_of(origin): PageHeaders(app, page_headers(origins.keys, secure=origin.startswith("https://")))
            for origin, app in apps.items()
        }
    )
