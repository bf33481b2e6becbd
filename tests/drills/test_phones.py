"""A drill's telephones hear long events too, and one that was cut off is none."""

import asyncio
import json

import pytest

from ringfence.drills.phones import Phones


def event(*sids: str) -> bytes:
    texts = [{"sid": sid, "status": "delivered", "to": "+12025550177", "body": f"for {sid}"} for sid in sids]
    return b"data: " + json.dumps({"messages": texts}).encode() + b"\n\n"


async def heard(chunks: list[bytes], *sids: str) -> list[str]:
    async def feed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for chunk in chunks:
            writer.write(b"%x\r\n" % len(chunk) + chunk + b"\r\n")
        # Cut off within a chunk.
        writer.write(b"ff\r\n" + event("late")[:40])
        writer.close()

    server = await asyncio.start_server(feed, "127.0.0.1", 0)
    async with server, Phones(server.sockets[0].getsockname()[1]) as phones:
        bodies = [await phones.text_of(sid) for sid in sids]
        with pytest.raises(ConnectionResetError):
            await phones.text_of("late")
        assert phones.texts == {"+12025550177": len(sids)}
        return bodies


def test_an_event_in_many_chunks_is_heard_as_one() -> None:
    whole = event("first") + b": keep alive\n\n" + event("second", "third")
    for size in (7, 100, len(whole)):
        chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
        bodies = asyncio.run(heard(chunks, "first", "second", "third"))
        assert bodies == ["for first", "for second", "for third"]
