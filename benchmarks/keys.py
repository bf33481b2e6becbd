"""What sealing and the key service cost: one figure a line. Two processes: the key service, and its caller.

Run it with `python benchmarks/keys.py`; it takes about ten seconds and cleans up after itself.
"""

import asyncio
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from ringfence.domain.clock import ManualClock, SystemClock
from ringfence.domain.sealing import hmac_states
from ringfence.domain.sealing.blind_index import blind_index
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient, DispatcherKeyClient
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.server import serve_delivery_keys, serve_tenant_keys
from ringfence.kms.service import KeyService
from ringfence.ports.keys import Caller, Slot

SECONDS = 1.0
HOUR_MS = 3_600_000
AC, SM = "AC" + "a" * 32, "SM" + "b" * 32


def rate(name: str, work: Callable[[], object]) -> None:
    done, start = 0, time.perf_counter()
    while (spent := time.perf_counter() - start) < SECONDS:
        for _ in range(200):
            work()
        done += 200
    print(f"{name:58} {done / spent:12,.0f} /s")


def in_process() -> None:
    sealer = RecordSealer(os.urandom(32), AC)
    text, key = os.urandom(160), os.urandom(32)
    sealed = sealer.seal(SM, "content", text)
    rate(
        "seal a record and blind its number",
        lambda: (sealer.seal(SM, "content", text), blind_index(key, "+12025550177")),
    )
    rate("open a record", lambda: sealer.open(SM, "content", sealed))
    states = hmac_states.states_of(b"0123456789abcdef" * 2)
    rate(f"HMAC-SHA1 from states, {hmac_states.engine('sha1')}", lambda: hmac_states.sign_sha1(states, text * 4))


async def serve(directory: Path) -> None:
    log = LedgerWriter(directory)
    await log.open(0)
    service = KeyService(directory, SystemClock(), log)
    await service.open()
    await serve_tenant_keys(service, directory / "a.sock")
    await serve_delivery_keys(service, directory / "d.sock")
    await asyncio.sleep(60)


async def over_the_socket(directory: Path) -> None:
    api, dispatcher = Client(directory / "a.sock"), Client(directory / "d.sock")
    await api.ready(10)
    await dispatcher.ready(10)
    seed = slot_seed("secret", AC)
    caller = Caller(account=AC, credential=AC, seed=seed)
    await ApiKeyClient(api, SystemClock()).create_account(AC, [Slot(credential=AC, public=slot_public(seed))])
    started = time.perf_counter()
    sealing = await ApiKeyClient(api, SystemClock()).sealing_key(caller, AC)
    print(
        f"{'sealing_key, first use: slot, new epoch, log synced':58} {(time.perf_counter() - started) * 1e3:12.2f} ms"
    )
    timings = []
    for _ in range(50):
        started = time.perf_counter()
        await ApiKeyClient(api, SystemClock()).sealing_key(caller, AC)
        timings.append(time.perf_counter() - started)
    print(f"{'sealing_key, warm, log synced, median':58} {sorted(timings)[25] * 1e3:12.2f} ms")

    keys = DispatcherKeyClient(dispatcher)
    for batch, calls in ((1, 256), (16, 64), (100, 16)):
        records = [(sealing.epoch, f"SM{number:032x}") for number in range(batch)]
        done, started = 0, time.perf_counter()
        while time.perf_counter() - started < SECONDS:
            await asyncio.gather(*(keys.open_records(AC, records) for _ in range(calls)))
            done += batch * calls
        name = f"open_records over the socket, {batch} a call, {calls} calls at once"
        print(f"{name:58} {done / (time.perf_counter() - started):12,.0f} records/s")
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < SECONDS:
        await asyncio.gather(*(ApiKeyClient(api, SystemClock()).sealing_key(caller, AC) for _ in range(64)))
        done += 64
    print(
        f"{'sealing_key over the socket, 64 at once, log synced':58} {done / (time.perf_counter() - started):12,.0f} /s"
    )
    await api.close()
    await dispatcher.close()


async def a_year(directory: Path) -> None:
    """A To= filter over a year: 365 index keys, singly and from bundles."""
    clock = ManualClock(1_700_000_000_000)
    log = LedgerWriter(directory)
    await log.open(0)
    service = KeyService(directory, clock, log)
    await service.open()
    seed = slot_seed("secret", AC)
    caller = Caller(account=AC, credential=AC, seed=seed)
    await service.create_account(AC, [Slot(credential=AC, public=slot_public(seed))])
    days = []
    for _ in range(365):
        days.append((await service.sealing_key(caller, AC)).index_day)
        clock.advance(24 * HOUR_MS)
    for name in ("cold: 365 HPKE openings", "from bundles, slot opened again", "from bundles, slot opened again"):
        clock.advance(60_000)
        started = time.perf_counter()
        assert len(await service.index_keys(caller, AC, days)) == 365
        print(f"{'a year of index keys, ' + name:58} {(time.perf_counter() - started) * 1e3:12.2f} ms")
        await service._archive.settle()
    started = time.perf_counter()
    await service.index_keys(caller, AC, days)
    print(f"{'a year of index keys, held by the key service':58} {(time.perf_counter() - started) * 1e3:12.2f} ms")
    await service.close()
    await log.close()


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="rf-"))
    try:
        in_process()
        (folder / "year").mkdir(mode=0o700)
        asyncio.run(a_year(folder / "year"))
        (folder / "kms").mkdir(mode=0o700)
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(folder / "kms",), daemon=True)
        server.start()
        uvloop.run(over_the_socket(folder / "kms"))
        server.kill()
        server.join()
    finally:
        shutil.rmtree(folder)


def _serve(directory: Path) -> None:
    uvloop.run(serve(directory))


if __name__ == "__main__":
    main()
