"""What an accepted text costs the api's process, layer by layer, in CPU time, which varies less than rates.

python benchmarks/accept_cpu.py [--seconds 3] [--connections 32] [--database postgresql://…] [--profile LAYER]

Each layer is a server of its own in a process of its own, loaded by wrk, with the same form over the same protocol:
  bare     uvicorn with an app that reads the body and answers a 201 of the usual size: the ceiling
  memory   the whole API, with the store in memory: what the store on disk adds is missing
  whole    the whole API, durable: an answer is given when the text is on disk
The key service answers over its socket, as it does in an installation, from the same process: once a minute.
"""

import argparse
import asyncio
import cProfile
import multiprocessing
import pstats
import resource
import shutil
import tempfile
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from accept_rate import Target, wrk_load
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from ringfence.api.app import create_app
from ringfence.api.dependencies import ApiDependencies
from ringfence.domain.clock import Clock, SystemClock
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import NumberConfig
from ringfence.ipc.client import Client
from ringfence.ipc.doorbell import Doorbell
from ringfence.kms.client import ApiKeyClient
from ringfence.kms.memory import memory_key_service
from ringfence.kms.server import serve_tenant_keys
from ringfence.ports.store import Store
from ringfence.roles.bounded_http import BoundedHttp
from ringfence.roles.composition import compose_messaging
from ringfence.roles.dev_stock import BUSINESS_NUMBER, dev_stock
from ringfence.roles.listeners import bind
from ringfence.roles.pacing import settle
from ringfence.store.memory import MemoryStore
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.create_account import create_account

LAYERS = ("bare", "memory", "whole")
WARM_UP_S = 1.0
FORM = f"From=%2B{BUSINESS_NUMBER[1:]}&Body=Your+appointment+is+tomorrow+at+ten."
ANSWER_BYTES = 760


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """What every app behind uvicorn has to do."""
    await receive()
    headers = [
        (b"twilio-request-id", b"RQ" + bytes(32).hex().encode()[:32]),
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % ANSWER_BYTES),
    ]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": b" " * ANSWER_BYTES})


async def whole(store: Store, keys: ApiKeyClient, clock: Clock, directory: Path) -> tuple[ASGIApp, str, str]:
    """The API as an installation composes it, with one account that owns one number."""
    await store.open()
    account = await create_account(store, keys, clock, friendly_name="measured")
    await store.stock(dev_stock())
    await buy_number(store, keys, clock, account=account.sid, number=BUSINESS_NUMBER, config=NumberConfig())
    doorbell = Doorbell(directory / "wake.sock")
    messaging = compose_messaging(store, keys, clock, doorbell, carrier="simulator", magic_numbers=True)
    app = create_app(
        ApiDependencies(store=store, keys=keys, clock=clock, messaging=messaging, registry=CollectorRegistry())
    )
    return app, account.sid, account.auth_token


async def serve(layer: str, database: str, profile: bool, pipe: Any) -> None:
    """Tell where, serve, and tell the CPU seconds used whenever asked; until told to end."""
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        account, token = new_sid("AC"), "0" * 32
        app: ASGIApp = bare
        store: Store = MemoryStore()
        if layer == "whole":
            store = PostgresStore(database) if database else SqliteStore(directory / "ringfence.db")
        clock = SystemClock()
        service = memory_key_service(clock)
        await service.open()
        key_server = await serve_tenant_keys(service, directory / "kms.sock")
        if layer != "bare":
            keys = ApiKeyClient(Client(directory / "kms.sock"), clock)
            app, account, token = await whole(store, keys, clock, directory)
        sockets = bind(("127.0.0.1",), 0)
        config = uvicorn.Config(
            app, http=BoundedHttp, ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
            proxy_headers=False,
        )  # fmt: skip
        server = uvicorn.Server(config)
        settle()
        serving = asyncio.create_task(server.serve(sockets))
        pipe.send(Target(sockets[0].getsockname()[1], account, token))
        loop = asyncio.get_running_loop()
        profiler = cProfile.Profile()

        def answer() -> None:
            if pipe.recv() == "end":
                server.should_exit = True
                return
            usage = resource.getrusage(resource.RUSAGE_SELF)
            pipe.send((usage.ru_utime, usage.ru_stime))
            if profile:
                profiler.enable()

        loop.add_reader(pipe.fileno(), answer)
        await serving
        if profile:
            profiler.disable()
            statistics = pstats.Stats(profiler)
            statistics.sort_stats("tottime").print_stats(45)
        await key_server.close()
        await store.close()


def run(layer: str, database: str, profile: bool, pipe: Any) -> None:
    uvloop.run(serve(layer, database, profile, pipe))


def measure(layer: str, options: argparse.Namespace) -> float:
    """CPU microseconds a text."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=run, args=(layer, options.database, options.profile == layer, theirs), daemon=True
    )
    process.start()
    target: Target = ours.recv()
    wrk_load(target, FORM, argparse.Namespace(**vars(options) | {"seconds": WARM_UP_S}))
    ours.send("usage")
    before = ours.recv()
    came = wrk_load(target, FORM, options)
    ours.send("usage")
    after = ours.recv()
    ours.send("end")
    process.join()
    user_us, system_us = ((now - then) / came.done * 1e6 for then, now in zip(before, after, strict=True))
    print(
        f"{layer:>8}: CPU {user_us + system_us:6.1f} µs a text ({user_us:.1f} user, {system_us:.1f} system), "
        f"{came.done / came.seconds:8,.0f}/s, p50 {came.p50_ms:.1f} ms, p99 {came.p99_ms:.1f} ms, {came.failed} failed",
        flush=True,
    )
    return user_us + system_us


def main(options: argparse.Namespace) -> None:
    if shutil.which("wrk") is None:
        print("skipped: wrk is not installed (apt-get install wrk)")
        return
    costs_us = {layer: measure(layer, options) for layer in options.layers}
    if "bare" in costs_us and "whole" in costs_us:
        print(f"the whole road costs {costs_us['whole'] / costs_us['bare']:.1f} times the bare answer")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--recipients", type=int, default=7_000_000)
    parser.add_argument("--database", default="")
    parser.add_argument("--layers", nargs="*", default=LAYERS, choices=LAYERS)
    parser.add_argument("--profile", default="", choices=("", *LAYERS))
    main(parser.parse_args())
