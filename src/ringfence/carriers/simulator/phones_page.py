"""The Phones page: static files of this package. A text can show whatever it likes there and runs nothing."""

from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringfence.pages.static_page import INDEX, StaticPage


def phones_page() -> StaticPage:
    """The page's files."""
    return StaticPage(resources.files(__package__).joinpath("phones"))


def page_routes() -> list[Route]:
    """GET /phones and what it loads."""
    page = phones_page()

    async def serve(request: Request) -> Response:
        return page.answer(request, request.path_params.get("name", INDEX))

    return [
        Route("/phones", serve, methods=["GET"]),
        Route("/phones/", serve, methods=["GET"]),
        Route("/phones/{name}", serve, methods=["GET"]),
    ]
