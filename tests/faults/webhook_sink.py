"""A program's webhook, in a process of its own: answers 204 at once and writes down what it was told.

`python webhook_sink.py PORT FILE`: one line a callback, `monotonic_s sid status token`.
"""

import asyncio
import sys
import time
from typing import BinaryIO
from urllib.parse import parse_qs


async def serve(port: int, path: str) -> None:
    with open(path, "ab", buffering=0) as notes:  # noqa: PTH123
        server = await asyncio.start_server(lambda reader, writer: answer(reader, writer, notes), "127.0.0.1", port)
        print("ready", flush=True)
        await server.serve_forever()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, notes: BinaryIO) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
            headers = dict(line.split(": ", 1) for line in head[1:] if line)
            form = parse_qs((await reader.readexactly(int(headers.get("content-length", "0")))).decode())
            token = headers.get("i-twilio-idempotency-token", "-")
            line = f"{time.monotonic():.6f} {form['MessageSid'][0]} {form['MessageStatus'][0]} {token}\n"
            notes.write(line.encode())
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
