"""Writes a long body a piece at a time, for as long as somebody reads it."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

import structlog
from starlette.types import Receive, Send

_log = structlog.get_logger(__name__)


async def write_pieces(send: Send, receive: Receive, pieces: AsyncGenerator[bytes], request_id: str) -> None:
    """The body's pieces and its end. It is broken off where its source fails, which ends the connection.

    A reader who has gone ends it too: the server does not say so by itself.
    """
    gone = asyncio.create_task(_disconnected(receive))
    try:
        async with contextlib.aclosing(pieces) as body:
            async for piece in body:
                if gone.done():
                    return
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    except Exception as error:
        # Its text may quote what was being read. Without an end to the body, the reader knows that it is not whole.
        _log.error("answer broken off", request_id=request_id, error=type(error).__name__)
    finally:
        gone.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
