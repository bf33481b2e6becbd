"""What the parts of a recorded, protected or transcoded leg cost, each alone: microseconds a leg and 20 ms.

    python benchmarks/recording.py [--legs 1000] [--seconds 5]

`voice.py` measures whole calls; this tells where their time goes. A core has 20,000 microseconds in 20 ms.
"""

import argparse
import asyncio
import secrets
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ringfence.domain.sealing.recording import recording_key
from ringfence.media.codecs import installed_codecs
from ringfence.media.recorder import FRAME_SAMPLES, FRAMES_PER_S, Recorder
from ringfence.media.recording_files import RecordingFolder
from ringfence.media.resampling import Resampler
from ringfence.media.srtp import SrtpSession
from ringfence.ports.media import RecordingPlan

ACCOUNT = "AC" + "a" * 32
KEY = bytes(range(32))


def sid(number: int) -> str:
    return f"RE{number:032x}"


async def record(legs: int, seconds: float, folder: Path, **plan: object) -> None:
    ended = asyncio.Event()
    left = [legs]

    def end(*_: object) -> None:
        left[0] -= 1
        if not left[0]:
            ended.set()

    recorder = Recorder(end, asyncio.get_running_loop())
    slots = np.array(
        [
            recorder.begin(
                RecordingPlan(account=ACCOUNT, sid=sid(number), key=KEY, **plan),  # type: ignore[arg-type]
                folder / ACCOUNT / sid(number),
            )
            for number in range(legs)
        ]
    )
    sound = np.random.default_rng(1).integers(-9_000, 9_000, (legs, FRAME_SAMPLES), dtype=np.int16)
    ticks_us = []
    cpu_s = time.process_time()
    due = time.perf_counter()
    for _ in range(int(seconds * FRAMES_PER_S)):
        begun = time.thread_time()
        recorder.tick(slots, sound, sound)
        ticks_us.append((time.thread_time() - begun) * 1e6 / legs)
        due += 0.02
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
    await recorder.close()
    await ended.wait()
    cpu_us = (time.process_time() - cpu_s) * 1e6 / len(ticks_us) / legs
    name = "two channels" if plan.get("channels") == 2 else "one channel"
    print(
        f"  recording, {name}{', trimmed' if plan.get('trim') else '':9}  tick p50 {np.percentile(ticks_us, 50):5.2f}"
        f"  p99 {np.percentile(ticks_us, 99):5.2f}  with encoding, sealing and writing {cpu_us:5.2f}"
    )


def through_us(work: Callable[[bytes], object], packets: list[bytes]) -> float:
    begun = time.perf_counter()
    for packet in packets:
        work(packet)
    return (time.perf_counter() - begun) / len(packets) * 1e6


def protect() -> None:
    packets = [
        struct.pack("!BBHII", 0x80, 0, number & 0xFFFF, number * 160, 1) + bytes(160) for number in range(20_000)
    ]
    for suite, length in (("AES_CM_128_HMAC_SHA1_80", 30), ("AEAD_AES_128_GCM", 28)):
        one, other = secrets.token_bytes(length), secrets.token_bytes(length)
        ours, theirs = SrtpSession(suite, one, other), SrtpSession(suite, other, one)
        protected = [SrtpSession(suite, one, other).protect(packets[0])]
        protect_us = through_us(lambda packet, to=protected, by=ours: to.append(by.protect(packet)), packets)
        print(f"  SRTP, {suite:25}  protect {protect_us:5.2f}  open {through_us(theirs.unprotect, protected[1:]):5.2f}")


def code() -> None:
    time_s = np.arange(8_000) / 8_000
    speech = (np.sin(2 * np.pi * 300 * time_s) * 8_000 * np.abs(np.sin(2 * np.pi * 2 * time_s))).astype(np.int16)
    frames = list(speech.reshape(-1, FRAME_SAMPLES)) * 40
    for name, made in installed_codecs().items():
        codec = made()
        packets = [codec.encode(frame) for frame in frames]
        encode_us = through_us(codec.encode, frames)  # type: ignore[arg-type]
        print(f"  {name:31}  encode {encode_us:5.2f}  decode {through_us(codec.decode, packets):5.2f}")


async def read(folder: Path, minutes: int = 10) -> None:
    recorder = Recorder(lambda *_: None, asyncio.get_running_loop())
    plan = RecordingPlan(account=ACCOUNT, sid=sid(0), key=KEY, channels=2)
    slots = np.array([recorder.begin(plan, folder / ACCOUNT / sid(0))])
    sound = np.random.default_rng(1).integers(-9_000, 9_000, (1, FRAME_SAMPLES), dtype=np.int16)
    for _ in range(minutes * 60 * FRAMES_PER_S):
        recorder.tick(slots, sound, sound)
    await recorder.close()
    begun = time.perf_counter()
    opened = await RecordingFolder(folder).open(ACCOUNT, sid(0), recording_key(KEY, sid(0)))
    print(f"  {minutes} minutes of two channels are checked in {(time.perf_counter() - begun) * 1e3:.0f} ms")
    for name, pieces in (("WAV", opened.wav(0, opened.wav_bytes)), ("MP3", opened.mp3())):
        begun = time.perf_counter()
        size = sum([len(piece) async for piece in pieces])
        took_s = time.perf_counter() - begun
        print(f"  {minutes} minutes of two channels as {name}: {took_s:6.2f} s, {size / 1e6:.0f} MB")
    await opened.close()


def resample() -> None:
    for rate_hz in (16_000, 44_100, 48_000):
        sound = np.random.default_rng(1).uniform(-1, 1, rate_hz * 10).astype(np.float32)
        begun = time.perf_counter()
        Resampler(rate_hz, 8_000).push(sound)
        print(f"  a minute from {rate_hz:,} to 8,000 samples a second: {(time.perf_counter() - begun) * 6_000:5.0f} ms")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--legs", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=5.0)
    asked = parser.parse_args()
    print(f"microseconds a leg and 20 ms, {asked.legs} legs")
    with tempfile.TemporaryDirectory(prefix="ringfence-") as name:
        for number, plan in enumerate(({}, {"channels": 2}, {"channels": 2, "trim": True})):
            folder = Path(name, str(number))
            await record(asked.legs, asked.seconds, folder, **plan)
        protect()
        code()
        print("reading")
        await read(Path(name, "read"))
    resample()


if __name__ == "__main__":
    asyncio.run(main())
