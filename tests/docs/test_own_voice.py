"""The two services of "Bring your own voice" speak to ringfence as they stand there."""

import asyncio
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringfence.domain.ssml import Phrase
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, development
from ringfence.roles.settings import Settings
from ringfence.roles.voices import voices_of
from ringfence.speech.wav import Sound

PAGE = Path(__file__).parents[2] / "docs/howto/bring-your-own-voice.md"


@pytest.mark.parametrize(("scheme", "place"), [("http", 0), ("ws", 1)])
def test_the_shown_service_speaks(scheme: str, place: int) -> None:
    program = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[place]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    service = subprocess.Popen([sys.executable, "-c", program.replace("9000", str(port))], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until, "the service does not listen"
                time.sleep(0.05)
        assert asyncio.run(said(f"{scheme}://127.0.0.1:{port}/say")) == Sound(8_000, bytes(16_000))
    finally:
        service.kill()
        service.wait(10)


async def said(url: str) -> Sound:
    guard = EgressGuard(development())
    client = PooledClient(guard)
    (voice,) = voices_of(Settings(speech_url=url), client, guard)
    try:
        return await voice.render(Phrase(text="Hello"), voice="alice", language="en-US")
    finally:
        await voice.close()
        await client.close()
