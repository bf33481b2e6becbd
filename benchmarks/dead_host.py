"""How fast a program is told of its texts while another program hangs, or is gone: a ratio to when all is well.

python benchmarks/dead_host.py [--seconds 1] [--connections 16] [--directory DIR]

Two lots of texts wait, as many in each: one with a callback to a program that answers, one beside it. The dispatcher
goes on, and the clock runs until every callback of the first lot has its 2xx. The lot beside it has no callback at
first, then one to a host that takes connections and never answers, then one to a host that refuses them; of another
account and of the same. Its texts are sent in every case, so what differs is what its callbacks cost the others.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from accept_rate import Target, installation, load
from callback_sink import callback_sink
from deliver_rate import count

LIMIT_S = 60
OTHER_NUMBER = "+13125550121"


def post(target: Target, path: str, **form: str) -> dict[str, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{target.port}/2010-04-01/{path}", urllib.parse.urlencode(form).encode(), target.headers
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


@contextlib.contextmanager
def hanging_host() -> Iterator[int]:
    """A port at which connections are taken and nothing is ever answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        kept = []

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    kept.append(listener.accept()[0])

        threading.Thread(target=take, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def told_a_second(url: str, where: str, same: bool, options: argparse.Namespace) -> float:
    """Callbacks a second of the good program at `url` until it has all, beside others to `where`, if anywhere."""
    with (
        tempfile.TemporaryDirectory(dir=options.directory) as directory,
        installation(Path(directory)) as (good, pids, database, _),
    ):
        made = post(good, "Accounts.json", FriendlyName="Beside")
        other = Target(good.port, made["sid"], made["auth_token"])
        post(other, f"Accounts/{other.account}/IncomingPhoneNumbers.json", PhoneNumber=OTHER_NUMBER)
        form = {"StatusCallback": where} if where else {}
        done = f"SELECT count(*) FROM attempt WHERE state = 'done' AND account = '{good.account}'"
        # Stopped while it writes it would hold the file against the api.
        time.sleep(0.5)
        os.kill(pids["dispatcher"], signal.SIGSTOP)
        load(good if same else other, form if same else form | {"From": OTHER_NUMBER}, options)
        texts = load(good, {"StatusCallback": url}, options).done
        os.kill(pids["dispatcher"], signal.SIGCONT)
        began_s = time.perf_counter()
        while (told := count(database, done)) < 2 * texts and time.perf_counter() < began_s + LIMIT_S:
            time.sleep(0.05)
        seconds = time.perf_counter() - began_s
        print(f"    {texts:,} texts, {told:,} callbacks in {seconds:.1f} s", flush=True)
        return told / seconds


def main(options: argparse.Namespace) -> None:
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before the start")
    os.environ["RINGFENCE_LOG_LEVEL"] = "error"
    with callback_sink() as sink, hanging_host() as hanging:
        url = f"http://127.0.0.1:{sink.port}/status"
        dead = {"hangs": f"http://127.0.0.1:{hanging}/status", "refuses": f"http://127.0.0.1:{closed_port()}/status"}
        for whose, same in (("another", False), ("the same", True)):
            well = told_a_second(url, "", same, options)
            print(f"{whose} account's texts beside it without callbacks: {well:,.0f} callbacks/s", flush=True)
            for what, where in dead.items():
                rate = told_a_second(url, where, same, options)
                print(f"  with callbacks to a host that {what}: {rate:,.0f}/s, {rate / well:.0%}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--recipients", type=int, default=7_000_000)
    parser.add_argument("--directory", type=Path, default=None)
    main(parser.parse_args())
