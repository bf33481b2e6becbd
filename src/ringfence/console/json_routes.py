"""Handlers that take JSON and answer it, with refusals in words."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ringfence.console.refusals import RefusedError
from ringfence.domain.passkeys.refusal import PasskeyRefusedError

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]


def answering(handler: Handler) -> Handler:
    """The handler, whose refusals become answers: 4xx with `error`, and `fresh` where a passkey must be shown first.

    503 where storage or key service are away: nothing was done.
    """

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except RefusedError as error:
            return JSONResponse({"error": error.text, "fresh": error.fresh}, error.status)
        except PasskeyRefusedError:
            return JSONResponse({"error": "No answer of an authenticator.", "fresh": False}, 400)
        except ConnectionError:
            return JSONResponse({"error": "This cannot be written down now, so it was not done.", "fresh": False}, 503)

    return answer


async def read_json(request: Request, shape: type[T]) -> T:
    """The body; RefusedError with 400."""
    return decoded(await request.body(), shape)


def decoded(body: bytes | msgspec.Raw, shape: type[T]) -> T:
    """A body, or a part of one; RefusedError with 400."""
    try:
        return msgspec.json.decode(body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RefusedError("The body is not what this takes.", status=400) from None


def done(**values: Any) -> JSONResponse:
    """200 with `values`."""
    return JSONResponse(values)
