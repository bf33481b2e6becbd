"""A small role for the supervisor's tests: it speaks the real contract, and misbehaves as its name asks.

Appends `name pid` to the file `starts` of the data folder at each start.
"""

import argparse
import asyncio
import os
import signal
import sys
import time

from ringfence.roles.listeners import adopt
from ringfence.roles.process import REFUSED, RoleProcess, hold_lifeline, read_lifeline

parser = argparse.ArgumentParser()
parser.add_argument("name")
parser.add_argument("--lifeline", type=int)
parser.add_argument("--ready", type=int)
parser.add_argument("--listen", type=int, nargs="*", default=())
arguments = parser.parse_args()
settings = read_lifeline(arguments.lifeline)
hold_lifeline(arguments.lifeline)
process = RoleProcess(arguments.name, settings, ready_fd=arguments.ready, listeners=adopt(arguments.listen))
with (settings.data_dir / "starts").open("a") as starts:
    print(arguments.name, os.getpid(), file=starts)
if arguments.name == "broken":
    sys.exit(3)
if arguments.name == "unwilling":
    sys.exit(REFUSED)
if arguments.name == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.write(str(os.getpid()).encode())
    writer.close()


async def serve() -> None:
    for listener in process.listeners:
        await asyncio.start_server(answer, sock=listener)
    process.ready()
    await asyncio.sleep(60)


if process.listeners:
    asyncio.run(serve())
process.ready()
time.sleep(60)
