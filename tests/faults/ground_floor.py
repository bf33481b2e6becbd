"""The program of the ground floor, the first that kept data, and an installation's data as it left them.

`python -m faults.ground_floor` (with tests/ on PYTHONPATH) makes the archive anew. Its secrets open nothing else.
"""

import datetime
import io
import json
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import Any

from faults.supervised import SHOP, Supervised, until

COMMIT = "0df9f88"
ARCHIVE = Path(__file__).with_name("ground_floor.tar.xz")
HANDSET = "+14155550150"
ROOT = Path(__file__).parents[2]


def program(folder: Path) -> Path:
    """Its source, for PYTHONPATH. LookupError where the history does not reach back to it."""
    done = subprocess.run(["git", "archive", COMMIT, "src"], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise LookupError(f"the history here does not reach back to {COMMIT}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


def unpacked(folder: Path) -> dict[str, Any]:
    """Put the data at `folder`; what is known of them."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    for private in (folder, *folder.rglob("*")):
        private.chmod(0o700 if private.is_dir() else 0o600)
    known: dict[str, Any] = json.loads((folder / "known.json").read_text())
    return known


def make() -> None:
    """Texts that arrived, that are queued while the carrier is away, that are scheduled, and one that came in."""
    with tempfile.TemporaryDirectory() as home:
        installation = Supervised(Path(home) / "home")
        installation.environment["PYTHONPATH"] = str(program(Path(home) / "program"))
        installation.start()
        try:
            known = _live(installation)
        finally:
            installation.stop(signal.SIGTERM)
        (installation.home / "known.json").write_text(json.dumps(known))
        with tarfile.open(ARCHIVE, "w:xz") as archive:
            for name in ("known.json", "data/ringfence.db", "data/kms"):
                archive.add(installation.home / name, name)


def _live(installation: Supervised) -> dict[str, Any]:
    def send(body: str, **more: str) -> str:
        return str(installation.call("POST", "Messages.json", From=SHOP, To=HANDSET, Body=body, **more)["sid"])

    def status(sid: str) -> str:
        return str(installation.call("GET", f"Messages/{sid}.json")["status"])

    installation.simulator("POST", "/handsets", {"number": HANDSET})
    arrived = {send(f"Arrived {n}"): f"Arrived {n}" for n in range(5)}
    installation.simulator("POST", f"/handsets/{HANDSET}/messages", {"to": SHOP, "body": "Hello from long ago"})
    until(lambda: all(status(sid) == "delivered" for sid in arrived), 20, "texts arrived")
    until(lambda: len(installation.call("GET", "Messages.json")["messages"]) == 6, 20, "a text came in")
    installation.simulator("POST", "/faults", {"kind": "throttle", "delay_ms": 60_000})
    queued = {send(f"Queued {n}"): f"Queued {n}" for n in range(5)}
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=10)
    send_at = at.isoformat(timespec="seconds").replace("+00:00", "Z")
    scheduled = {send(f"Scheduled {n}", ScheduleType="fixed", SendAt=send_at): f"Scheduled {n}" for n in range(3)}
    return {
        "account_sid": installation.account_sid,
        "auth_token": installation.auth_token,
        "made_s": int(time.time()),
        "arrived": arrived,
        "queued": queued,
        "scheduled": scheduled,
    }


if __name__ == "__main__":
    make()
    print(ARCHIVE.stat().st_size, file=sys.stderr)
