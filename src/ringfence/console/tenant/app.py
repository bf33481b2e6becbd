"""The tenants' console."""

from importlib import resources

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ringfence.console.dependencies import ConsoleDependencies
from ringfence.console.pages import Pages
from ringfence.pages.static_page import StaticPage


def create_tenant_console(dependencies: ConsoleDependencies, pages: Pages) -> ASGIApp:
    """For members of accounts, who cannot sign in yet: it says so, with 501."""
    files = StaticPage(resources.files("ringfence.console").joinpath("static"))

    async def home(request: Request) -> Response:
        return pages.page("not_yet.html", 501, title="Console")

    async def asset(request: Request) -> Response:
        return files.answer(request, request.path_params["name"])

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    return Starlette(
        routes=[
            Route("/healthz", health, methods=["GET"]),
            Route("/assets/{name}", asset, methods=["GET"]),
            Route("/", home, methods=["GET"]),
        ]
    )
