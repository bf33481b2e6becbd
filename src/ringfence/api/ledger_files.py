"""The ledger for whoever watches it: its checkpoint, the key that signs it, and its tiles. No credential is asked for.

GET /ledger/checkpoint, /ledger/cosigned, /ledger/key, /ledger/tile/…: source C2SP, tlog-tiles and tlog-cosignature.
What is served tells how many entries there are, and nothing of them.
"""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from ringfence.api.held_records import HeldRecords, TooManyQuestionsError
from ringfence.domain.clock import Clock
from ringfence.domain.ledger.cosigned import most_cosigned, with_lines_of
from ringfence.ports.ledger import LedgerRecords

PREFIX = "/ledger"
_TEXT = "text/plain; charset=utf-8"
_FRESH = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_FOR_GOOD = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}


def ledger_files(ledger: LedgerRecords, clock: Clock) -> ASGIApp:
    """404 for what is not there yet, 429 for who asks for too much that was not told yet, 503 while nobody can tell."""
    records = HeldRecords(ledger, clock)

    async def checkpoint(_: Request) -> Response:
        note = await records.checkpoint()
        signed = with_lines_of(note, await records.cosigned()) if note else "no checkpoint yet\n"
        return Response(signed, 200 if note else 404, _FRESH, _TEXT)

    async def cosigned(_: Request) -> Response:
        note = most_cosigned(await records.cosigned())
        return Response(note or "no witness has signed yet\n", 200 if note else 404, _FRESH, _TEXT)

    async def key(_: Request) -> Response:
        return Response(f"{await records.verifier()}\n", 200, _FRESH, _TEXT)

    async def tile(request: Request) -> Response:
        found = await records.tile(f"tile/{request.path_params['path']}")
        if not found:
            return Response("no such tile\n", 404, _FRESH, _TEXT)
        return Response(found, 200, _FOR_GOOD, "application/octet-stream")

    return Starlette(
        routes=[
            Route(f"{PREFIX}/checkpoint", _told(checkpoint)),
            Route(f"{PREFIX}/cosigned", _told(cosigned)),
            Route(f"{PREFIX}/key", _told(key)),
            Route(f"{PREFIX}/tile/{{path:path}}", _told(tile)),
        ]
    )


def _told(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def told(request: Request) -> Response:
        try:
            return await answer(request)
        except TooManyQuestionsError as error:
            headers = {**_FRESH, "retry-after": str(error.wait_s)}
            return Response("the ledger is asked too much: ask later\n", 429, headers, _TEXT)
        except ConnectionError:
            return Response("the ledger cannot be read now\n", 503, _FRESH, _TEXT)

    return told
