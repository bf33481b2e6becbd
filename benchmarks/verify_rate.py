"""How many verifications a second a whole installation starts and checks: real processes, over its public port.

python benchmarks/verify_rate.py [--seconds 5] [--connections 32] [--directory DIR]

Texts are accepted first, on the same processes: what a start and a check cost is told beside a durable 201 of a text.
A 201 of a start means: the verification is written, its code open in the key service, its text in the queue, all of it
synced. The dispatcher stands still meanwhile. Then wrong codes are checked: every check is counted on disk before its
outcome is known. Needs wrk (apt-get install wrk).
"""

import argparse
import os
import signal
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import requests
from accept_rate import FIRST, Load, Target, Usage, costs, installation, load, usage_of, wrk_load

FEW_CONNECTIONS = 8


class VerifyTarget(NamedTuple):
    """An installation's public port, who asks, and what of Verify."""

    port: int
    account: str
    token: str
    path: str

    @property
    def headers(self) -> dict[str, str]:
        return Target(self.port, self.account, self.token).headers


def line(what: str, load: Load) -> str:
    rate, failed = load.done / load.seconds, f"{load.failed} of {load.done} failed"
    return f"{what}: {rate:,.0f}/s, p50 {load.p50_ms:.1f} ms, p99 {load.p99_ms:.1f} ms, {failed}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--directory", default=None, help="where the databases lie; a temporary folder without")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        measure(Path(folder), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    with installation(folder) as (target, pids, _, ready_s):
        print(f"ready after {ready_s:.1f} s")
        base, auth = f"http://127.0.0.1:{target.port}/v2/Services", (target.account, target.token)
        service = requests.post(base, auth=auth, data={"FriendlyName": "measured"}, timeout=10).json()["sid"]
        paths = {name: f"/v2/Services/{service}/{name}" for name in ("Verifications", "VerificationCheck")}
        os.kill(pids["dispatcher"], signal.SIGSTOP)
        try:
            run(target, pids, paths, options)
        finally:
            os.kill(pids["dispatcher"], signal.SIGCONT)


def run(target: Target, pids: dict[str, int], paths: dict[str, str], options: argparse.Namespace) -> None:
    options.recipients = 7_000_000
    before = usage_of(pids)
    texts = load(target, {}, options)
    text_us = told("texts", texts, before, usage_of(pids), None)
    before = usage_of(pids)
    started = wrk_load(VerifyTarget(*target, paths["Verifications"]), "Channel=sms", options)  # type: ignore[arg-type]
    told("starts", started, before, usage_of(pids), text_us)
    # None for a number that was never started, and none five times used up.
    options.recipients = max(started.done - options.connections, 1)
    check = VerifyTarget(*target, paths["VerificationCheck"])
    time.sleep(1)
    before = usage_of(pids)
    checked = wrk_load(check, "Code=0000", options, FIRST + 2)  # type: ignore[arg-type]
    told("checks", checked, before, usage_of(pids), text_us)
    # As many connections as nobody waits behind: what an answer takes by itself.
    options.connections, options.seconds = FEW_CONNECTIONS, max(1, options.seconds / 4)
    before = usage_of(pids)
    checked = wrk_load(check, "Code=0000", options, FIRST + 2)  # type: ignore[arg-type]
    told(f"checks over {FEW_CONNECTIONS} connections", checked, before, usage_of(pids), text_us)


def told(what: str, load: Load, before: dict[str, Usage], after: dict[str, Usage], text_us: float | None) -> float:
    """Print what a load came to; the CPU of API and key service for one, in µs."""
    each_us = sum(after[name].cpu_s - before[name].cpu_s for name in ("api", "kms")) / max(load.done, 1) * 1e6
    beside = "" if text_us is None else f"; API and key service: {each_us / text_us:.2f} of a text's"
    print(line(what, load))
    print(costs(before, after, load.done).replace("a text", "each") + beside)
    return each_us


if __name__ == "__main__":
    main()
