"""How fast calls are set up: from INVITE to first sound, from a key to the next verb, and the CPU of each process.

A carrier of this process calls an installation's number; each call runs a Gather that plays, presses a key at the first
sound, hears the next document's sound, and hangs up. `--rate` calls a second for `--seconds`, or `--at-once` calls in a
closed loop as fast as they go.

Times are taken in this process: what it adds itself (it shares the machine) counts against the installation.
"""

import argparse
import asyncio
import itertools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

from twilio.rest import Client

SHOP = "+12025550123"
HOST = "127.0.0.1"
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# µ-law of two steady levels: a packet's octet tells which sound it is.
FIRST, SECOND = 4_000, -4_000
SILENCE = {0xFF, 0x7F}
EVENT_TYPE = 101

_STATUS = re.compile(rb"SIP/2\.0 (\d{3})")
_CSEQ = re.compile(rb"^CSeq: *(\d+) (\w+)", re.MULTILINE | re.IGNORECASE)
_CALL = re.compile(rb"^(?:Call-ID|i): *(\S+)", re.MULTILINE | re.IGNORECASE)
_TO = re.compile(rb"^(?:To|t): *(.+?)\r", re.MULTILINE | re.IGNORECASE)
_VIA = re.compile(rb"^(?:Via|v): *(.+?)\r", re.MULTILINE | re.IGNORECASE)
_FROM = re.compile(rb"^(?:From|f): *(.+?)\r", re.MULTILINE | re.IGNORECASE)
_PORT = re.compile(rb"m=audio (\d+)")
_FROM_FIELD = re.compile(rb"(?:^|&)From=%2B(\d+)")


class Call:
    """One call's times, seconds of the loop's clock."""

    def __init__(self, number: int) -> None:
        self.caller = f"1202{number + 5_000_000:07d}"
        self.id = f"c{number}"
        self.invited = self.answered = self.asked = self.documented = 0.0
        self.first = self.pressed = self.keyed = self.second = 0.0
        self.tag = b""
        self.remote: tuple[str, int] | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sound: Sound | None = None


class Sound(asyncio.DatagramProtocol):
    """A call's ear and mouth."""

    def __init__(self, carrier: "Carrier", call: Call) -> None:
        self._carrier = carrier
        self._call = call
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) < 100 or data[1] & 0x7F or data[-1] in SILENCE:
            return
        call, now = self._call, asyncio.get_running_loop().time()
        if not call.first:
            call.first = now
            self._press(addr)
        elif data[-1] < 0x80 and not call.second:
            # The sign bit of µ-law is inverted: the second sound is the negative one.
            call.second = now
            self._carrier.hang_up(call)

    def _press(self, addr: tuple[str, int]) -> None:
        """The key 1 by three packets of an event, its end three times."""
        self._call.pressed = asyncio.get_running_loop().time()
        for sequence, (end, duration) in enumerate(((0, 160), (0, 320), (0x80, 480), (0x80, 480), (0x80, 480))):
            head = bytes([0x80, EVENT_TYPE | (0x80 if sequence == 0 else 0)]) + sequence.to_bytes(2)
            event = bytes([1, end | 10]) + duration.to_bytes(2)
            self.transport.sendto(head + (160).to_bytes(4) + (7).to_bytes(4) + event, addr)


class Carrier(asyncio.DatagramProtocol):
    """Signalling of all calls, on one socket."""

    def __init__(self, to: tuple[str, int]) -> None:
        self.calls: dict[str, Call] = {}
        self._to = to
        self.transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    async def call(self, call: Call) -> None:
        self.calls[call.id] = call
        _, call.sound = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Sound(self, call), local_addr=(HOST, 0)
        )
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
            f"m=audio {call.sound.port} RTP/AVP 0 {EVENT_TYPE}\r\na=rtpmap:{EVENT_TYPE} telephone-event/8000\r\n"
        )
        call.invited = asyncio.get_running_loop().time()
        self._send(call, "INVITE", 1, b"", body)

    def hang_up(self, call: Call) -> None:
        self._send(call, "BYE", 2, call.tag, "")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        found = _CALL.search(data)
        call = self.calls.get(found[1].decode()) if found else None
        status, cseq = _STATUS.match(data), _CSEQ.search(data)
        if call is None or cseq is None:
            return
        if status is None:
            self._answer_bye(data, addr)
            self._over(call)
        elif cseq[2] == b"INVITE" and 200 <= int(status[1]) < 300:
            to = _TO.search(data)
            call.tag = to[1] if to else b""
            call.answered = call.answered or asyncio.get_running_loop().time()
            self._send(call, "ACK", 1, call.tag, "")
        elif int(status[1]) >= 200:
            self._over(call)

    def _over(self, call: Call) -> None:
        if not call.done.done():
            call.done.set_result(None)
            assert call.sound is not None
            call.sound.transport.close()

    def _answer_bye(self, data: bytes, addr: tuple[str, int]) -> None:
        if not data.startswith(b"BYE"):
            return
        heads = [
            b"%b: %b" % (name, match[1])
            for name, pattern in ((b"Via", _VIA), (b"From", _FROM), (b"To", _TO), (b"Call-ID", _CALL))
            if (match := pattern.search(data))
        ]
        sequence = _CSEQ.search(data)
        assert sequence is not None
        lines = [b"SIP/2.0 200 OK", *heads, b"CSeq: %b BYE" % sequence[1], b"Content-Length: 0", b"", b""]
        self.transport.sendto(b"\r\n".join(lines), addr)

    def _send(self, call: Call, method: str, sequence: int, to: bytes, body: str) -> None:
        target = f"sip:{SHOP}@{HOST}:{self._to[1]}"
        lines = [
            f"{method} {target} SIP/2.0",
            f"Via: SIP/2.0/UDP {HOST}:{self.port};rport;branch=z9hG4bK{call.id}{method}",
            f"From: <sip:+{call.caller}@{HOST}>;tag={call.id}",
            f"To: {to.decode() or f'<{target}>'}",
            f"Call-ID: {call.id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <sip:+{call.caller}@{HOST}:{self.port}>",
            "Max-Forwards: 70",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self.transport.sendto("\r\n".join([*lines, "", body]).encode(), self._to)


class Program(asyncio.Protocol):
    """The tenant's program: two documents and two sounds, by the shortest HTTP that works."""

    def __init__(self, callers: dict[str, Call], sounds: dict[bytes, bytes]) -> None:
        self._callers = callers
        self._sounds = sounds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = re.search(rb"content-length: (\d+)", self._buffer[:end].lower())
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < whole:
                return
            request, self._buffer = self._buffer[:whole], self._buffer[whole:]
            self._answer(request.split(b" ", 2)[1], request)

    def _answer(self, path: bytes, request: bytes) -> None:
        caller = _FROM_FIELD.search(request.partition(b"\r\n\r\n")[2])
        call = self._callers.get(caller[1].decode()) if caller else None
        now = asyncio.get_running_loop().time()
        kind, body = b"audio/wav", self._sounds.get(path, b"")
        if path == b"/voice":
            kind = b"text/xml"
            body = (
                b"<Response><Gather numDigits='1' action='/next'><Play loop='0'>/first.wav</Play></Gather></Response>"
            )
            if call is not None:
                call.documented = now
        elif path == b"/next":
            kind, body = b"text/xml", b"<Response><Play loop='0'>/second.wav</Play></Response>"
            if call is not None:
                call.keyed = now
        head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nCache-Control: max-age=600\r\nContent-Length: %d\r\n\r\n"
        self._transport.write(head % (kind, len(body)) + body)


class Installation:
    """`ringfence up` with this carrier as its trunk. `settings` are more lines of its file."""

    def __init__(self, home: Path, *, trunk_port: int = 9, settings: str = "") -> None:
        config = home / "ringfence.toml"
        trunk = f'[[trunk]]\nname = "bench"\nhost = "{HOST}"\nport = {trunk_port}\n'
        config.write_text(f'sip_listen = ["udp:{HOST}:0"]\n{settings}{trunk}', "utf-8")
        self.data = home / "data"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ringfence", "up", "--data", str(self.data), "--port", "0", "--json"],
            env=os.environ | {"HOME": str(home), "RINGFENCE_CONFIG": str(config), "XDG_CONFIG_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=(home / "log").open("wb"),
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit((home / "log").read_text()[-2_000:])
        ready = json.loads(line)
        self.client = Client(ready["account_sid"], ready["auth_token"])
        self.client.api.base_url = ready["base_url"]

    @property
    def sip_port(self) -> int:
        listens = json.loads(next(self.data.rglob("sip.json")).read_text())
        return int(listens[0].rpartition(":")[2])

    def pids(self) -> dict[str, int]:
        """The processes of the roles."""
        found, up = {}, self.process.pid
        for pid in Path(f"/proc/{up}/task/{up}/children").read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"ringfence.roles" in words:
                found[words[words.index(b"ringfence.roles") + 1].decode()] = int(pid)
        return found

    def pid(self, role: str) -> int:
        return self.pids()[role]

    def cpu_s(self) -> dict[str, float]:
        """CPU seconds of each role so far."""
        spent = {}
        for role, pid in self.pids().items():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            spent[role] = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
        return spent

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def steady(level: int, path: Path) -> bytes:
    """A second of one level."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        sound.writeframes(level.to_bytes(2, "little", signed=True) * 8_000)
    return path.read_bytes()


def shown(name: str, times: list[float]) -> str:
    if not times:
        return f"{name}: none"
    ordered = sorted(1_000 * one for one in times)
    at = {share: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)}
    return f"{name}: p50 {at[0.5]:.0f} ms, p95 {at[0.95]:.0f} ms, p99 {at[0.99]:.0f} ms"


async def measure(arguments: argparse.Namespace, installation: Installation, home: Path) -> None:
    loop = asyncio.get_running_loop()
    sounds = {b"/first.wav": steady(FIRST, home / "first"), b"/second.wav": steady(SECOND, home / "second")}
    callers: dict[str, Call] = {}
    server = await loop.create_server(lambda: Program(callers, sounds), HOST, 0)
    url = f"http://{HOST}:{server.sockets[0].getsockname()[1]}/voice"
    (number,) = await asyncio.to_thread(installation.client.incoming_phone_numbers.list, phone_number=SHOP)
    await asyncio.to_thread(number.update, voice_url=url)
    _, carrier = await loop.create_datagram_endpoint(
        lambda: Carrier((HOST, installation.sip_port)), local_addr=(HOST, 0)
    )
    made: list[Call] = []
    numbers = itertools.count()

    async def one() -> None:
        call = Call(next(numbers))
        made.append(call)
        callers[call.caller] = call
        await carrier.call(call)
        async with asyncio.timeout(20):
            await call.done

    await one()  # the sounds are fetched, and everything is warm
    made.clear()
    before, began = installation.cpu_s(), loop.time()
    if arguments.rate:
        tasks = []
        for place in range(int(arguments.rate * arguments.seconds)):
            await asyncio.sleep(max(0.0, began + place / arguments.rate - loop.time()))
            tasks.append(asyncio.create_task(one()))
        await asyncio.gather(*tasks, return_exceptions=True)
    else:

        async def again() -> None:
            while loop.time() - began < arguments.seconds:
                await one()

        await asyncio.gather(*(again() for _ in range(arguments.at_once)), return_exceptions=True)
    took_s = loop.time() - began
    after = installation.cpu_s()
    good = [call for call in made if call.second]
    print(f"{len(good)} of {len(made)} calls went as they should, {len(good) / took_s:.0f} a second", end="; ")
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    for call in made:
        if not call.second:
            reached = {name: value > 0 for name, value in vars(call).items() if isinstance(value, float)}
            print(f"not whole: {call.id} {reached}")
    print(shown("INVITE → 200", [call.answered - call.invited for call in good]))
    print(shown("webhook answer → first audio", [call.first - call.documented for call in good]))
    print(shown("digit → next webhook", [call.keyed - call.pressed for call in good]))
    print(shown("digit → next verb's audio", [call.second - call.pressed for call in good]))
    for role, spent_s in sorted(after.items()):
        used_ms = 1_000 * (spent_s - before.get(role, 0.0)) / max(len(made), 1)
        print(f"{role}: {used_ms:.2f} ms CPU a call")
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=10.0, help="calls a second; 0: as fast as they go")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--at-once", type=int, default=50, help="calls at once, with --rate 0")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder))
        try:
            asyncio.run(measure(arguments, installation, Path(folder)))
        finally:
            installation.stop()


if __name__ == "__main__":
    main()
