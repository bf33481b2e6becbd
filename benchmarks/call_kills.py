"""What is left of many calls when a process of theirs is killed: how long until each has a final status and is told.

Calls come in and hear a sound; then the process of `--role` gets SIGKILL. Counted: calls that are still live, and
programs that have not been told that theirs is over.
"""

import argparse
import asyncio
import os
import re
import signal
import tempfile
import time
from pathlib import Path
from typing import ClassVar

import call_setups
from call_setups import FIRST, HOST, SHOP, Call, Carrier, Installation, Program, Sound, steady
from twilio.base.exceptions import TwilioException

LIMIT_S = 60.0


class Quiet(Sound):
    """Presses nothing: its call goes on."""

    def _press(self, addr: tuple[str, int]) -> None:
        return


class Told(Program):
    """A program that notes which calls it was told are over."""

    over: ClassVar[set[bytes]] = set()

    def _answer(self, path: bytes, request: bytes) -> None:
        body = request.partition(b"\r\n\r\n")[2]
        if path == b"/status" and (found := re.search(rb"CallSid=(\w+)", body)):
            self.over.add(found[1])
        super()._answer(path, request)


async def measure(role: str, count: int, installation: Installation, home: Path) -> None:
    loop = asyncio.get_running_loop()
    call_setups.Sound = Quiet  # type: ignore[misc]
    callers: dict[str, Call] = {}
    sounds = {b"/first.wav": steady(FIRST, home / "first")}
    server = await loop.create_server(lambda: Told(callers, sounds), HOST, 0)
    base = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
    (number,) = await asyncio.to_thread(installation.client.incoming_phone_numbers.list, phone_number=SHOP)
    await asyncio.to_thread(number.update, voice_url=f"{base}/voice", status_callback=f"{base}/status")
    _, carrier = await loop.create_datagram_endpoint(
        lambda: Carrier((HOST, installation.sip_port)), local_addr=(HOST, 0)
    )
    calls = [Call(place) for place in range(count)]
    for call in calls:
        callers[call.caller] = call
        await carrier.call(call)
        await asyncio.sleep(0.03)
    while sum(1 for call in calls if call.first) < count:
        await asyncio.sleep(0.1)
    os.kill(installation.pid(role), signal.SIGKILL)
    killed_s, final_s, left = time.monotonic(), None, count
    while time.monotonic() - killed_s < LIMIT_S and (final_s is None or len(Told.over) < count):
        await asyncio.sleep(0.1)
        try:
            live = await asyncio.to_thread(installation.client.calls.list, status="in-progress", page_size=1_000)
        except (TwilioException, OSError):
            continue  # the api itself may be what was killed
        left = len(live)
        if not live and final_s is None:
            final_s = time.monotonic() - killed_s
    shown = "never" if final_s is None else f"after {final_s:.1f} s"
    print(f"{role}: {count} calls, {left} left live; all final {shown}, {len(Told.over)} told", end=" ")
    print(f"after {time.monotonic() - killed_s:.1f} s")
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--role", default="voice", choices=["voice", "media"])
    parser.add_argument("--calls", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder))
        try:
            asyncio.run(measure(arguments.role, arguments.calls, installation, Path(folder)))
        finally:
            installation.stop()


if __name__ == "__main__":
    main()
