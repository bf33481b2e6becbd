"""The timeline page: static files of this package.

What it shows it reads through the API, with the reader's own credential.
"""

from collections.abc import Awaitable, Callable
from importlib import resources

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ringfence.api.parcels import ID_BYTES, Parcels
from ringfence.pages.static_page import StaticPage

PREFIX = "/timeline"


def timeline_files() -> StaticPage:
    """The page's files."""
    return StaticPage(resources.files(__package__).joinpath("timeline"))


def timeline_page(
    parcels: Parcels, now_ms: Callable[[], int], elsewhere: Callable[[str], Awaitable[str | None]] | None = None
) -> ASGIApp:
    """GET /timeline/{MessageSid} and what it loads; POST /timeline/parcels/{id}, which gives a parcel away once.

    A parcel that is not here may be `elsewhere`.
    """
    page = timeline_files()

    async def serve_index(request: Request) -> Response:
        return page.answer(request)

    async def serve_file(request: Request) -> Response:
        return page.answer(request, request.path_params["name"])

    async def give_parcel(request: Request) -> Response:
        parcel_id: str = request.path_params["id"]
        sealed = parcels.take(parcel_id, now_ms())
        if sealed is None and elsewhere is not None and len(parcel_id) == 2 * ID_BYTES:
            sealed = await elsewhere(parcel_id)
        headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
        return JSONResponse({"sealed": sealed}, 404 if sealed is None else 200, headers)

    return Starlette(
        routes=[
            Route(f"{PREFIX}/assets/{{name}}", serve_file, methods=["GET"]),
            Route(f"{PREFIX}/parcels/{{id}}", give_parcel, methods=["POST"]),
            Route(PREFIX, serve_index, methods=["GET"]),
            Route(f"{PREFIX}/{{sid}}", serve_index, methods=["GET"]),
        ]
    )
