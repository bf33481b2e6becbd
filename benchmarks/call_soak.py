"""Calls for as long as is asked, and whether anything grows: `make soak-calls`.

    python benchmarks/call_soak.py [--calls 500] [--minutes 60]

`--calls` telephones are always on a call through a whole installation, each for half a minute to a minute and a half.
Every call presses a key at a Gather, and is recorded in one of three ways: as a menu that plays on (by REST, in two
channels), as voicemail (Record), or joined with another telephone (Dial, in two channels). Programs are told of each
end, and delete what was recorded. Once a minute a line says how that goes; in the end stands what each process takes,
early and late. It ends with an error where something grew, a process began anew, or calls went wrong.
"""

import argparse
import asyncio
import concurrent.futures
import contextlib
import itertools
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from call_setups import (
    _CALL,
    _CSEQ,
    _FROM,
    _PORT,
    _STATUS,
    _VIA,
    FIRST,
    HOST,
    SHOP,
    Call,
    Carrier,
    Installation,
    steady,
)
from soak_phones import EVENT_TYPE, SoakPhones
from soak_readings import FILES, Growth, Reading, count_files, growth, growths, read_process
from twilio.base.exceptions import TwilioException

from ringfence.media import g711

KINDS = ("menu", "voicemail", "transfer")
OTHER = "+12025550188"
# How much faster calls are begun than they end, until all are under way.
HASTE = 2.0
PATIENCE_S = 40.0
AFTER_THE_MENU_S = 2.0
READ_EVERY_S = 5.0
WRONG_SHARE = 0.001
# So long after the last call everything that was to be told has been told.
LAST_WORD_S = 20.0
SETTINGS = "call_rate_cps = 1000\ncalls_at_once = 100000\ncall_spend = 1000000\n"


@dataclass
class Held:
    """What became of a call so far."""

    call: Call
    kind: str
    row: int
    length_s: float
    sid: str = ""
    reached: set[str] = field(default_factory=set)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def wrong(self) -> str:
        """What did not happen, empty where all did."""
        return ", ".join(sorted({"answered", "document", "key", "recording", "told"} - self.reached))


class Books:
    """All that is counted, and the calls that are not over yet, by caller and by SID."""

    def __init__(self) -> None:
        self.by_caller: dict[str, Held] = {}
        self.by_sid: dict[str, Held] = {}
        self.good = self.recordings = self.deleted = 0
        self.wrong: Counter[str] = Counter()


class SoakCarrier(Carrier):
    """Signalling of all calls: those made here, and the other telephones that are dialled."""

    def __init__(self, phones: SoakPhones) -> None:
        super().__init__((HOST, 9))
        self._phones = phones
        self._others: dict[bytes, int] = {}
        self.free_rows: list[int] = []

    def begin(self, to: tuple[str, int]) -> None:
        self._to = to

    async def invite(self, held: Held) -> None:
        call = held.call
        self.calls[call.id] = call
        call.held = held  # type: ignore[attr-defined]
        self._send(call, "INVITE", 1, b"", self._sdp(held.row))

    def drop(self, held: Held) -> None:
        """Know nothing of a call any more."""
        self.calls.pop(held.call.id, None)
        self._phones.rest(held.row)

    def _sdp(self, row: int) -> str:
        return (
            f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
            f"m=audio {self._phones.port(row)} RTP/AVP 0 {EVENT_TYPE}\r\na=rtpmap:{EVENT_TYPE} telephone-event/8000\r\n"
        )

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        found = _CALL.search(data)
        if found is None:
            return
        if found[1].decode() in self.calls:
            self._hear_own(self.calls[found[1].decode()], data)
            super().datagram_received(data, addr)
            return
        if data.startswith(b"INVITE"):
            self._take(found[1], data, addr)
        elif data.startswith((b"BYE", b"CANCEL")):
            self._answer_bye(data, addr)
            row = self._others.pop(found[1], None)
            if row is not None:
                self._phones.rest(row)
                self.free_rows.append(row)
        elif data.startswith(b"OPTIONS"):
            self._reply(data, addr, b"OPTIONS", b"", "")

    def _hear_own(self, call: Call, data: bytes) -> None:
        status, cseq, port = _STATUS.match(data), _CSEQ.search(data), _PORT.search(data)
        if status is None or cseq is None or cseq[2] != b"INVITE" or status[1] != b"200" or port is None:
            return
        held: Held = call.held  # type: ignore[attr-defined]
        if "answered" not in held.reached:
            held.reached.add("answered")
            self._phones.aim(held.row, int(port[1]))

    def _over(self, call: Call) -> None:
        held: Held = call.held  # type: ignore[attr-defined]
        held.reached.add("ended")
        held.over.set()

    def _take(self, name: bytes, data: bytes, addr: tuple[str, int]) -> None:
        """A telephone that is dialled answers at once."""
        if name not in self._others:
            if not self.free_rows:
                return
            self._others[name] = self.free_rows.pop()
        row, port = self._others[name], _PORT.search(data)
        if port is not None:
            self._phones.aim(row, int(port[1]))
        self._reply(data, addr, b"INVITE", b"tag-" + name[:8], self._sdp(row))

    def _reply(self, data: bytes, addr: tuple[str, int], method: bytes, tag: bytes, body: str) -> None:
        vias = [b"Via: " + match[1] for match in _VIA.finditer(data)]
        routes = [b"Record-Route: " + one for one in re.findall(rb"^Record-Route: *(.+?)\r", data, re.MULTILINE)]
        to = re.search(rb"^(?:To|t): *(.+?)\r", data, re.MULTILINE | re.IGNORECASE)
        caller, name, sequence = _FROM.search(data), _CALL.search(data), _CSEQ.search(data)
        if to is None or caller is None or name is None or sequence is None:
            return
        lines = [
            b"SIP/2.0 200 OK",
            *vias,
            *routes,
            b"From: " + caller[1],
            b"To: " + to[1] + (b";tag=" + tag if tag else b""),
            b"Call-ID: " + name[1],
            b"CSeq: %b %b" % (sequence[1], method),
            b"Contact: <sip:other@%b:%d>" % (HOST.encode(), self.port),
            *([b"Content-Type: application/sdp"] if body else []),
            b"Content-Length: %d" % len(body),
        ]
        self.transport.sendto(b"\r\n".join([*lines, b"", body.encode()]), addr)


class SoakProgram(asyncio.Protocol):
    """The tenant's program, by the shortest HTTP that works."""

    def __init__(self, soak: "Soak") -> None:
        self._soak = soak
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
            kind, body = self._soak.answer(request.split(b" ", 2)[1].decode(), request[end + 4 :])
            head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nCache-Control: max-age=600\r\nContent-Length: %d\r\n\r\n"
            self._transport.write(head % (kind, len(body)) + body)


class Soak:
    """All calls of a soak, their program, and what is read of the installation meanwhile."""

    def __init__(self, calls: int, length_s: float, home: Path) -> None:
        self._count = calls
        self._length_s = length_s
        self._home = home
        self._numbers = itertools.count()
        self._random = random.Random(1)
        self._sound = steady(FIRST, home / "first")
        self.books = Books()
        self.phones = SoakPhones(2 * calls, g711.encode(_words(10), "PCMU"))
        self.carrier = SoakCarrier(self.phones)
        self.carrier.free_rows = list(range(calls, 2 * calls))
        self._rest = concurrent.futures.ThreadPoolExecutor(4, "rest")
        self._begun = asyncio.Semaphore(0)
        self.pids: dict[str, int] = {}
        self.readings: dict[str, list[Reading]] = {}
        self.files: dict[str, list[float]] = {"data files": [], "recordings": [], "temporary files": []}
        self.ending = False

    async def run(self, minutes: float) -> bool:
        """True where all is well."""
        loop = asyncio.get_running_loop()
        _, _ = await loop.create_datagram_endpoint(lambda: self.carrier, local_addr=(HOST, 0))
        os.environ["TMPDIR"] = str(self._home / "tmp")
        (self._home / "tmp").mkdir()
        self.installation = await asyncio.to_thread(
            Installation, self._home, trunk_port=self.carrier.port, settings=SETTINGS
        )
        server = await loop.create_server(lambda: SoakProgram(self), HOST, 0)
        self.base = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"
        speaking = threading.Thread(target=self.phones.run_on, name="phones")
        try:
            self.carrier.begin((HOST, self.installation.sip_port))
            (number,) = await asyncio.to_thread(self.installation.client.incoming_phone_numbers.list, phone_number=SHOP)
            await asyncio.to_thread(number.update, voice_url=f"{self.base}/voice", status_callback=f"{self.base}/told")
            self.pids = self.installation.pids()
            self.readings = {role: [] for role in self.pids}
            speaking.start()
            return await self._go(minutes)
        finally:
            self.phones.stop()
            if speaking.ident:
                await asyncio.to_thread(speaking.join)
            server.close()
            await asyncio.to_thread(self.installation.stop)

    async def _go(self, minutes: float) -> bool:
        minutes += self._length_s / HASTE / 60
        places = [asyncio.create_task(self._place(row)) for row in range(self._count)]
        pacer = asyncio.create_task(self._pace())
        watching = asyncio.create_task(self._watch(min(60.0, minutes * 60 / 8)))
        try:
            await asyncio.wait([watching, *places], timeout=60 * minutes, return_when=asyncio.FIRST_COMPLETED)
            self.ending = True
            await asyncio.wait(places, timeout=self._length_s * 2 + PATIENCE_S)
            pacer.cancel()
            await asyncio.sleep(LAST_WORD_S)
        finally:
            for task in (pacer, watching, *places):
                task.cancel()
            results = await asyncio.gather(pacer, watching, *places, return_exceptions=True)
        for failed in results:
            if isinstance(failed, Exception):
                raise failed
        return self._verdict()

    async def _pace(self) -> None:
        """No more starts a second than are asked for: a crowd at the first moment tells nothing."""
        while True:
            self._begun.release()
            await asyncio.sleep(self._length_s / self._count / HASTE)

    async def _place(self, row: int) -> None:
        """One telephone, on one call after another."""
        while not self.ending:
            await self._begun.acquire()
            if self.ending:
                break
            number = next(self._numbers)
            length_s = self._length_s * self._random.uniform(0.5, 1.5)
            held = Held(Call(number % 4_000_000), KINDS[number % len(KINDS)], row, length_s)
            self.books.by_caller[held.call.caller] = held
            await self.carrier.invite(held)
            await self._live(held)
            self.carrier.drop(held)
            asyncio.get_running_loop().call_later(LAST_WORD_S, self._close, held)

    async def _live(self, held: Held) -> None:
        # Whoever hears the menu presses a key: not before there is one, however long a loaded machine takes.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await held.asked.wait()
        await asyncio.sleep(AFTER_THE_MENU_S)
        self.phones.press(held.row, 1)
        try:
            async with asyncio.timeout(held.length_s):
                await held.over.wait()
        except TimeoutError:
            if "answered" in held.reached:
                self.carrier.hang_up(held.call)
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await held.over.wait()
            except TimeoutError:
                held.reached.discard("ended")

    def _close(self, held: Held) -> None:
        """Count a call whose program has had its time to be told."""
        self.books.by_caller.pop(held.call.caller, None)
        self.books.by_sid.pop(held.sid, None)
        if missing := held.wrong():
            self.books.wrong[f"{held.kind}: without {missing}"] += 1
        else:
            self.books.good += 1

    def answer(self, path: str, body: bytes) -> tuple[bytes, bytes]:
        """What the program says to a request: type and body."""
        fields = dict(re.findall(rb"(\w+)=([^&]*)", body))
        sid = fields.get(b"CallSid", b"").decode()
        if path == "/first.wav":
            return b"audio/wav", self._sound
        held = self.books.by_sid.get(sid)
        if held is None and path == "/voice":
            held = self.books.by_caller.get(fields.get(b"From", b"").decode().removeprefix("%2B"))
            if held is not None:
                held.sid = sid
                self.books.by_sid[sid] = held
                held.reached.add("document")
        if path == "/recorded":
            self._recorded(held, fields)
        elif path == "/told" and held is not None:
            held.reached.add("told")
        elif path == "/voice":
            if held is not None:
                held.asked.set()
            gather = "<Gather numDigits='1' action='/next'><Play loop='0'>/first.wav</Play></Gather>"
            return b"text/xml", f"<Response>{gather}</Response>".encode()
        elif path == "/next" and held is not None:
            held.reached.add("key")
            return b"text/xml", f"<Response>{self._next(held)}</Response>".encode()
        return b"text/xml", b"<Response/>"

    def _next(self, held: Held) -> str:
        told = f"recordingStatusCallback='{self.base}/recorded'"
        if held.kind == "menu":
            self._rest.submit(self._record, held.sid)
            return "<Play loop='0'>/first.wav</Play>"
        if held.kind == "voicemail":
            return f"<Record maxLength='{int(held.length_s / 2)}' action='/over' {told}/>"
        return f"<Dial record='record-from-answer-dual' {told}><Number>{OTHER}</Number></Dial>"

    def _record(self, sid: str) -> None:
        try:
            self.installation.client.calls(sid).recordings.create(
                recording_channels="dual", recording_status_callback=f"{self.base}/recorded"
            )
        except (TwilioException, OSError) as error:
            self.books.wrong[f"recording not begun: {type(error).__name__}"] += 1

    def _recorded(self, held: Held | None, fields: dict[bytes, bytes]) -> None:
        if held is not None:
            held.reached.add("recording")
        self.books.recordings += 1
        self._rest.submit(self._delete, fields[b"RecordingSid"].decode())

    def _delete(self, sid: str) -> None:
        try:
            self.installation.client.recordings(sid).delete()
            self.books.deleted += 1
        except (TwilioException, OSError) as error:
            self.books.wrong[f"recording not deleted: {type(error).__name__}"] += 1

    async def _watch(self, every_s: float) -> None:
        """Read the processes every few seconds, and say once in a while how it goes. It ends when one has gone."""
        while len(self.carrier.calls) < 0.95 * self._count:
            await asyncio.sleep(0.1)
        began_s = said_s = time.monotonic()
        good = recordings = 0
        while True:
            await asyncio.sleep(min(READ_EVERY_S, every_s))
            if self.ending:
                continue
            if self.installation.pids() != self.pids:
                self.books.wrong["a process began anew"] += 1
                return
            for role, pid in self.pids.items():
                self.readings[role].append(read_process(pid))
            data = self.installation.data
            self.files["recordings"].append(count_files(data / "recordings"))
            self.files["data files"].append(count_files(data) - self.files["recordings"][-1])
            self.files["temporary files"].append(count_files(self._home / "tmp"))
            now_s = time.monotonic()
            if now_s - said_s >= every_s:
                minutes = (now_s - said_s) / 60
                pace = await asyncio.to_thread(self._pacing)
                rss = " ".join(f"{role} {self.readings[role][-1].rss_kb / 1_024:.0f}" for role in sorted(self.pids))
                print(
                    f"{(now_s - began_s) / 60:5.1f} min  {len(self.carrier.calls)} calls"
                    f"  {(self.books.good - good) / minutes:.0f} ended/min"
                    f"  {(self.books.recordings - recordings) / minutes:.0f} recordings/min"
                    f"  {sum(self.books.wrong.values())} wrong  {pace}  MB: {rss}  load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
                said_s, good, recordings = now_s, self.books.good, self.books.recordings

    def _pacing(self) -> str:
        span = self.phones.span()
        if span is None:
            return "no sound"
        figures = self.phones.figures_of(*span)
        return f"{figures['received']:,.0f} packets, {figures['lost']:.0f} lost, p99 {figures['pacing_p99_ms']:.1f} ms"

    def _verdict(self) -> bool:
        rows: list[Growth] = []
        for role in sorted(self.readings):
            rows.extend(growths(role, self.readings[role]))
        rows.extend(growth(name, values, share=0.2, least=FILES) for name, values in self.files.items())
        print(f"\n{'':28}{'early':>12}{'late':>12}{'allowed':>12}")
        for row in rows:
            print(f"{row.name:28}{row.early:12,.0f}{row.late:12,.0f}{'+' + format(row.allowed, ',.0f'):>12}", end="")
            print("  GREW" if row.grew else "")
        for role, readings in sorted(self.readings.items()):
            spent_s = readings[-1].cpu_s - readings[0].cpu_s
            print(f"{role} CPU: {spent_s / (READ_EVERY_S * max(1, len(readings) - 1)):.1%} of a core")
        wrong = sum(self.books.wrong.values())
        left = count_files(self.installation.data / "recordings")
        print(f"{self.books.good:,} calls went as they should, {wrong} not; ", end="")
        print(f"{self.books.recordings:,} recordings, {self.books.deleted:,} deleted, {left} files left")
        for cause, count in self.books.wrong.most_common():
            print(f"  {count} × {cause}")
        bad = wrong > WRONG_SHARE * self.books.good
        return not any(row.grew for row in rows) and not bad and left == 0 and self.books.good > 0


def _words(seconds: int) -> np.ndarray:
    """Noise that rises and falls as words do, and is no key."""
    rng = np.random.default_rng(1)
    time_s = np.arange(seconds * 8_000) / 8_000
    return (rng.normal(0, 2_000, len(time_s)) * (np.sin(2 * np.pi * 1.3 * time_s) > -0.3)).astype(np.int16)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=int(os.environ.get("SOAK_CALLS") or 500))
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("SOAK_MINUTES") or 60))
    parser.add_argument("--length", type=float, default=60.0, help="seconds that a call lasts, on average")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="ringfence-") as folder:
        well = asyncio.run(Soak(arguments.calls, arguments.length, Path(folder)).run(arguments.minutes))
    print("nothing grew" if well else "NOT WELL")
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
