"""How many calls a core carries: a media worker under recorded G.711 calls (or SRTP), beside telephones of its own.

    python benchmarks/voice.py [--calls 500] [--seconds 20] [--srtp] [--no-record] [--bridge]

CPU a call is the figure to compare (the worker's own time, from the kernel); pacing and loss follow the machine's other
work. Every call plays a sound, is heard through a jitter buffer, and is recorded in two channels.
"""

import argparse
import asyncio
import contextlib
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

# As the role has it, which sets it before anything else is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from rtp_load import Phones, Protect

from ringfence.media import g711
from ringfence.media.link import MediaLink
from ringfence.media.srtp import SrtpSession
from ringfence.ports.media import Clip, MediaEvent, RecordingPlan, RemoteEnd

SUITE = "AES_CM_128_HMAC_SHA1_80"
WARM_UP_S = 3.0


class Told(list[MediaEvent]):
    def happened(self, event: MediaEvent) -> None:
        self.append(event)


def speech(seconds: int) -> np.ndarray:
    """Noise that rises and falls as words do."""
    rng = np.random.default_rng(1)
    time_s = np.arange(seconds * 8_000) / 8_000
    return (rng.normal(0, 2_000, len(time_s)) * (np.sin(2 * np.pi * 1.3 * time_s) > -0.3)).astype(np.int16)


async def packets_sent(link: MediaLink, calls: int) -> int:
    stats = await asyncio.gather(*(link.stats(name_of(number)) for number in range(calls)))
    return sum(one.packets_sent for one in stats if one)


def cpu_s(pid: int) -> tuple[float, float]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    tick = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / tick, int(fields[12]) / tick


def name_of(number: int) -> str:
    return f"CA{number:032x}"


async def dial(
    link: MediaLink, phones: Phones, number: int, *, srtp: bool, record: bool, bridge: bool
) -> tuple[int, Protect]:
    """Begin a call: the port it is carried on, and what its telephone protects packets with."""
    name, key = name_of(number), secrets.token_bytes(30) if srtp else b""
    local = await link.open(name, "srtp" if srtp else "rtp")
    remote = RemoteEnd(
        address="127.0.0.1",
        port=phones.port(number),
        rtcp_port=phones.port(number),
        encoding="PCMU",
        payload_type=0,
        event_payload_type=101,
        srtp_suite=SUITE if srtp else "",
        srtp_key=key,
    )
    await link.connect(name, remote)
    if not bridge:
        await link.play(name, 1, [Clip("words")], loop=0)
    if record:
        plan = RecordingPlan(account="AC" + "0" * 32, sid=f"RE{number:032x}", key=secrets.token_bytes(32), channels=2)
        await link.record(name, plan)
    return local.port, SrtpSession(SUITE, key, local.srtp_key).protect if srtp else bytes


async def measure(calls: int, seconds: float, *, srtp: bool, record: bool, bridge: bool) -> None:
    phones = Phones(calls, g711.encode(speech(10), "PCMU"))
    with tempfile.TemporaryDirectory(prefix="ringfence-") as folder:
        path = Path(folder, "run", "media.sock")
        worker = await asyncio.create_subprocess_exec(sys.executable, __file__, "--worker", folder)
        told = Told()
        link = MediaLink(path, told)
        running = asyncio.create_task(link.run())
        try:
            await link.ready(30)
            await link.keep("words", speech(10).tobytes())
            dialled = await asyncio.gather(
                *(dial(link, phones, number, srtp=srtp, record=record, bridge=bridge) for number in range(calls))
            )
            ports = [port for port, _ in dialled]
            if srtp:
                phones.protect = [protect for _, protect in dialled]
            if bridge:
                names = [name_of(number) for number in range(calls)]
                await asyncio.gather(*(link.bridge(*pair) for pair in zip(names[::2], names[1::2], strict=False)))
            phones.dial(ports)
            talking = asyncio.create_task(asyncio.to_thread(phones.run, WARM_UP_S + seconds))
            await asyncio.sleep(WARM_UP_S)
            phones.begin()
            sent_before, begun = await packets_sent(link, calls), time.monotonic()
            before = cpu_s(worker.pid)
            await asyncio.sleep(seconds - 1)
            after, measured_s = cpu_s(worker.pid), time.monotonic() - begun
            sent = await packets_sent(link, calls) - sent_before
            await talking
            stats = await asyncio.gather(*(link.close(name_of(number)) for number in range(calls)))
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            worker.terminate()
            await worker.wait()
    user, system = (b - a for a, b in zip(before, after, strict=True))
    # A worker that is short of its core does less: what counts is the time for each packet that it made.
    share = (user + system) / (sent / calls / 50)
    figures = phones.figures()
    heard = sum(one.packets_received for one in stats if one)
    unheard = sum(one.packets_lost + one.packets_late for one in stats if one)
    kind = f"{calls} calls{', SRTP' * srtp}{', recorded' * record}{', bridged' * bridge}"
    print(f"{kind}, load {os.getloadavg()[0]:.1f}")
    print(f"  {share:.1%} of a core (user {user / (user + system):.0%}), {share / calls:.3%} a call: ", end="")
    print(f"{calls / share:,.0f} a core; {sent / calls / measured_s:.1f} ticks a second")
    print(f"  to phones: {figures['received']:,.0f} packets, {figures['lost']:.0f} lost ", end="")
    print(f"({figures['dropped_here']:.0f} more by the load's own sockets); ", end="")
    print(
        "pacing off by {pacing_p50_ms:.2f} ms p50, {pacing_p99_ms:.2f} p99, {pacing_max_ms:.1f} max".format(**figures)
    )
    print(f"  of phones: {heard:,} of {phones.sent:,} heard, {unheard} lost or late", flush=True)


def work(folder: str) -> None:
    """The worker's process, as the role runs it."""
    import uvloop

    from ringfence.roles import media
    from ringfence.roles.file_limit import raise_file_limit
    from ringfence.roles.process import RoleProcess
    from ringfence.roles.settings import Settings

    raise_file_limit()
    os.umask(0o077)
    settings = Settings(data_dir=Path(folder))
    uvloop.run(media.run(settings, RoleProcess("media", settings)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--srtp", action="store_true")
    parser.add_argument("--no-record", action="store_true")
    parser.add_argument("--bridge", action="store_true")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        work(arguments.worker)
        return
    options = {"srtp": arguments.srtp, "record": not arguments.no_record, "bridge": arguments.bridge}
    asyncio.run(measure(arguments.calls, arguments.seconds, **options))


if __name__ == "__main__":
    main()
