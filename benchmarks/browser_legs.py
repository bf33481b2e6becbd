"""How many browsers a core carries: a media worker under legs with ICE, DTLS and SRTP, beside browsers of its own.

    python benchmarks/browser_legs.py [--legs 300] [--seconds 15] [--record]

CPU a leg is the figure to compare (the worker's own time, from the kernel), with and without the handshakes. Every leg
plays a sound, is heard through a jitter buffer and, with --record, is recorded in two channels.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import secrets
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from voice import Told, cpu_s, packets_sent, speech

from ringfence.media import g711
from ringfence.media.link import MediaLink
from ringfence.media.rtp import RtpPacket
from ringfence.media.srtp import SrtpSession
from ringfence.media.webrtc import BrowserLegs
from ringfence.ports.media import Clip, RecordingPlan, RemoteEnd

WARM_UP_S = 2.0
AT_ONCE = 20


class Browser:
    """One leg's other end: a socket of its own, our half of ICE and DTLS, and a stream of packets."""

    name = "browser"

    def __init__(self, legs: BrowserLegs) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self.address, self.port = self._socket.getsockname()
        self.control = legs(self)
        self.session: SrtpSession | None = None
        self.heard = 0
        self._remote: Any = None
        self._ssrc = secrets.randbits(32)
        self._sequence = 0

    def send_raw(self, data: bytes, address: Any) -> None:
        self._socket.sendto(data, address)

    def set_remote(self, address: Any) -> None:
        self._remote = address

    def set_srtp(self, session: SrtpSession) -> None:
        self.session = session

    def fail(self, cause: str) -> None:
        raise SystemExit(cause)

    def beat(self, payload: bytes) -> None:
        """Say 20 ms, and hear what has come."""
        if self.session is not None:
            self._sequence += 1
            packet = RtpPacket(
                payload_type=0,
                sequence=self._sequence & 0xFFFF,
                timestamp=self._sequence * 160,
                ssrc=self._ssrc,
                payload=payload,
            )
            self._socket.sendto(self.session.protect(bytes(packet)), self._remote)
        self.listen()

    def listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                data, address = self._socket.recvfrom(2_048)
                if 128 <= data[0] <= 191:
                    self.heard += 1
                else:
                    self.control.datagram(data, address)

    def close(self) -> None:
        self.control.close()
        self._socket.close()


async def connected(link: MediaLink, name: str, browser: Browser) -> None:
    """Offer on the worker's side, answer on the browser's, and shake hands."""
    local = await link.open(name, "webrtc")
    assert local.ice is not None
    browser.control.connect(local.ice)
    theirs = msgspec.structs.replace(browser.control.local(), setup="active")
    remote = RemoteEnd(
        address=browser.address,
        port=browser.port,
        rtcp_port=browser.port,
        encoding="PCMU",
        payload_type=0,
        event_payload_type=101,
        ice=theirs,
    )
    await link.connect(name, remote)
    while browser.session is None:
        browser.listen()
        await asyncio.sleep(0.005)


async def run(browsers: list[Browser], seconds: float) -> None:
    """All browsers talk and listen for so long."""
    loop = asyncio.get_running_loop()
    payload = g711.encode(speech(10), "PCMU").tobytes()
    due = loop.time()
    for number in range(int(seconds * 50)):
        start = number * 160 % (len(payload) - 160)
        for place, browser in enumerate(browsers):
            browser.beat(payload[start : start + 160])
            if place % 64 == 0:
                await asyncio.sleep(0)
        due += 0.02
        await asyncio.sleep(max(0, due - loop.time()))


async def measure(count: int, seconds: float, *, record: bool) -> None:
    legs = BrowserLegs(SrtpSession)
    browsers = [Browser(legs) for _ in range(count)]
    names = [f"CA{number:032x}" for number in range(count)]
    with tempfile.TemporaryDirectory(prefix="ringfence-") as folder:
        program = Path(__file__).with_name("voice.py")
        worker = await asyncio.create_subprocess_exec(sys.executable, str(program), "--worker", folder)
        link = MediaLink(Path(folder, "run", "media.sock"), Told())
        running = asyncio.create_task(link.run())
        try:
            await link.ready(30)
            await link.keep("words", speech(10).tobytes())
            begun = sum(cpu_s(worker.pid))
            for first in range(0, count, AT_ONCE):
                batch = range(first, min(first + AT_ONCE, count))
                await asyncio.gather(*(connected(link, names[at], browsers[at]) for at in batch))
                for browser in browsers[:first]:
                    browser.listen()
            shaken = sum(cpu_s(worker.pid)) - begun
            for number, name in enumerate(names):
                await link.play(name, 1, [Clip("words")], loop=0)
                if record:
                    plan = RecordingPlan(
                        account="AC" + "0" * 32, sid=f"RE{number:032x}", key=secrets.token_bytes(32), channels=2
                    )
                    await link.record(name, plan)
            gc.freeze()
            await run(browsers, WARM_UP_S)
            sent_before = await packets_sent(link, count)
            heard_before = sum(browser.heard for browser in browsers)
            before = cpu_s(worker.pid)
            await run(browsers, seconds)
            after = cpu_s(worker.pid)
            sent = await packets_sent(link, count) - sent_before
            heard = sum(browser.heard for browser in browsers) - heard_before
            stats = [await link.close(name) for name in names]
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            worker.terminate()
            await worker.wait()
            for browser in browsers:
                browser.close()
    user, system = (b - a for a, b in zip(before, after, strict=True))
    share = (user + system) / (sent / count / 50)
    unheard = sum(one.packets_lost + one.packets_late for one in stats if one)
    received = sum(one.packets_received for one in stats if one)
    print(
        f"{count} browser legs{', recorded' * record}, load {os.getloadavg()[0]:.1f}: {share:.1%} of a core "
        f"(user {user / (user + system):.0%}), {share / count:.3%} a leg, so {count / share:,.0f} a core\n"
        f"  handshake and all that goes with opening a leg: {shaken / count * 1e3:.1f} ms of CPU each\n"
        f"  ticks {sent / count / seconds:.1f} a second; browsers heard {heard:,} of {sent:,} packets; "
        f"the worker heard {received:,}, lost or late {unheard}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--legs", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    np.seterr(all="raise")
    asyncio.run(measure(arguments.legs, arguments.seconds, record=arguments.record))


if __name__ == "__main__":
    main()
