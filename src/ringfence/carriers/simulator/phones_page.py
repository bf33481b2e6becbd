"""The Phones page: static files of this package. A text can show whatever it likes there and runs nothing."""

from importlib import resources
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.carriers.simulator.calling import CallingNow, no_calls
from ringfence.pages.static_page import INDEX, StaticPage, headers_of_calls


def phones_page(calling: CallingNow = no_calls) -> StaticPage:
    """The page's files. Its policy opens the WebSocket of calls, under the host that the page is asked for at."""

    def headers(request: Request) -> dict[str, str]:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        return headers_of_calls(calling().sockets(f"[{host}]" if ":" in host else host))

    return StaticPage(resources.files(__package__).joinpath("phones"), headers)


def page_routes(calling: CallingNow = no_calls) -> list[Route]:
    """GET /phones and what it loads."""
    page = phones_page(calling)

    async def serve(request: Request) -> Response:
        return page.answer(request, request.path_params.get("name", INDEX))

    return [
        Route("/phones", serve, methods=["GET"]),
        Route("/phones/", serve, methods=["GET"]),
        Route("/phones/{name:path}", serve, methods=["GET"]),
    ]
