"""Every route that a process serves over HTTP, read from the apps themselves: what is not understood is an error."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.routing import Route

import ringfence
from ringfence.api.app import Front, Watch
from ringfence.api.host_guard import HostGuard
from ringfence.api.operations import Listed
from ringfence.api.resource import Operation
from ringfence.carriers.simulator.origin_guard import OriginGuard
from ringfence.console.page_headers import PageHeaders
from ringfence.console.session_guard import SessionGuard

SERVERS = {
    "carriers/sip/websocket.py": "SIP over WebSocket: no routes; who registers there proves a SIP credential",
    "devproxy/proxy.py": "the proxy of `ringfence run`, on the developer's own machine",
    "roles/api.py": "the public port",
    "roles/page_server.py": "the consoles of staff and of members, and the key origin: test_console_matrix.py",
    "roles/simulator.py": "the Phones page and the simulator, in development alone",
}
"""The modules that take HTTP from a network, and what they serve."""

_SERVES = re.compile(r"uvicorn\.Config\(|start_server\(|ServerProtocol\(|HTTPServer\(")


_HELD = (Starlette, SessionGuard, PageHeaders, HostGuard, OriginGuard)


class Open(NamedTuple):
    """A route of `surface` for which nobody signs in with a tenant's credential."""

    surface: str
    method: str
    path: str


def servers() -> set[str]:
    """The modules of the package that take HTTP from a network, besides what drills set up for attackers."""
    root = Path(ringfence.__file__).parent
    found = {str(path.relative_to(root)) for path in root.rglob("*.py") if _SERVES.search(path.read_text("utf-8"))}
    return {module for module in found if not module.startswith("drills/")}


def operations_of(front: Front) -> list[Operation | Listed]:
    """What the API's router knows, the unfinished too."""
    found: list[Operation | Listed] = []
    nodes = list(front._wire._router._products.values())  # type: ignore[attr-defined]
    while nodes:
        node = nodes.pop()
        found += node.methods.values()
        nodes += [*node.literals.values(), *([node.variable] if node.variable else [])]
    return found


def open_routes(app: Any, surface: str = "") -> Iterator[Open]:
    """All routes of `app` besides those operations. TypeError for a kind of app that is new here."""
    if isinstance(app, Front):
        yield from open_routes(app._watch, "watch")
        for prefix, _, mounted in app._mounts:
            yield from open_routes(mounted, prefix)
    elif isinstance(app, Starlette):
        for route in app.routes:
            if not isinstance(route, Route):
                raise TypeError(f"nobody has said who may ask {route!r}")
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield Open(surface, method, route.path)
    elif isinstance(app, HostGuard | OriginGuard | Watch | PageHeaders | SessionGuard):
        yield from open_routes(app._app, surface)
    elif isinstance(app, FunctionType) and app.__closure__:
        # A function that chooses between apps, which it holds.
        held = [cell.cell_contents for cell in app.__closure__]
        yield from (route for one in held if isinstance(one, _HELD) for route in open_routes(one, surface))
    else:
        raise TypeError(f"nobody has said who may ask {type(app)!r}")
