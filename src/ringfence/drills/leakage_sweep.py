"""D11: real processes, full traffic, bad input and crashes; then every byte they left is scanned for canaries."""

import asyncio
import contextlib
import os
import shlex
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from ringfence.domain.clock import SystemClock
from ringfence.drills.canary import Canaries
from ringfence.drills.code_traffic import CodeTraffic
from ringfence.drills.database import database_of
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.installation import installation
from ringfence.drills.phones import Phones
from ringfence.drills.plain_http import Answer, ask
from ringfence.drills.recording_proxy import RecordingProxy
from ringfence.drills.report import Finding
from ringfence.drills.tenant_programs import TenantPrograms
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient
from ringfence.ports.store import StockRow
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store
from ringfence.roles.supervisor import Supervisor
from ringfence.usecases.accounts.create_account import create_account

if TYPE_CHECKING:
    from ringfence.drills.postgres_place import PostgresPlace

DRILL = "D11"
TITLE = "leakage sweep over disk, logs, metrics, crashes and error pages"
BEHAVIOURS = ("reply", "reply", "error", "garbage", "hang")
TRIES = 40
RETRY_S = 0.25
SCRATCH = "scratch"
SETTLE_S = 4.0
UNSEEN = ("/metrics", "/healthz", "/readyz", "/", "/2010-04-01/Accounts.json", "/nowhere", "/phones/../../etc/passwd")


def leakage_sweep(design: Design, tenants: int, database: str = "") -> Finding:
    """Run it all in a folder of its own, stop, and scan that folder and what the attacker saw.

    `database` is the URL of a PostgreSQL server to keep the store on, whose files are scanned too; SQLite without.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        sweep = _Sweep(Path(folder), design, tenants, database)
        asyncio.run(sweep.run())
        files = {path: path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}
        found = {path: sweep.canaries.found_in(data) for path, data in files.items()}
        seen = sweep.canaries.found_in(sweep.recorded)
        dumps = [path for path in files if path.name.startswith("core")]
    hits = [hit for kinds in (*found.values(), seen) for hit in kinds]
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=tenants,
        reached=len({tenant for tenant, _ in hits}),
        seconds=time.monotonic() - started,
        proves=bool(sweep.accepted and sweep.approved and sweep.programs.called),
        rows=(
            ("scanned", f"{len(files)} files, {sum(map(len, files.values())) / 1e6:.1f} MB; core dumps: {len(dumps)}"),
            *((("scanned besides", sweep.taken),) if sweep.taken else ()),
            ("kinds found", ", ".join(sorted({kind for _, kind in hits})) or "none"),
            ("found in", ", ".join(sorted({path.name for path, kinds in found.items() if kinds})) or "nothing"),
            ("codes told to somebody, approved", f"{sweep.codes}, {sweep.approved}"),
            ("texts accepted, webhooks called", f"{sweep.accepted}, {sum(sweep.programs.called.values())}"),
        ),
    )


def _copy_files(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)


class _Sweep:
    def __init__(self, folder: Path, design: Design, tenants: int, database: str) -> None:
        self.canaries = Canaries(b"another seed, for the sweep alone")
        self.programs = TenantPrograms(self.canaries)
        self.recorded = b""
        self.accepted = 0
        self.codes = self.approved = 0
        self._folder = folder
        self._design = design
        self._server = database
        self.taken = ""
        self._sids = [f"AC{index:032x}" for index in range(tenants)]
        self._numbers = {sid: f"+1415{2_000_000 + index:07d}" for index, sid in enumerate(self._sids)}
        self._customers = {
            sid: self.canaries.number(sid, "To and From number", index) for index, sid in enumerate(self._sids)
        }

    async def run(self) -> None:
        async with database_of(self._server) as place:
            await self._run(place)
            if place is not None:
                # After all stopped, as the folder is scanned: what was written at the end is among it.
                await place.steal(self._folder / "database")
                self.taken = place.taken

    async def _run(self, place: "PostgresPlace | None") -> None:
        async with self._platform(place.url if place else "") as (supervisor, settings), self.programs:
            port = settings.port
            await self._add_tenants(settings)
            async with RecordingProxy(settings.port) as attacker, Phones(settings.port) as phones:
                codes = CodeTraffic(self.canaries, phones, lambda sid, path, **form: self._ask(port, sid, path, **form))
                await self._each(lambda sid: self._configure(settings.port, sid))
                await self._each(lambda sid: self._text(settings.port, sid))
                await self._each(lambda sid: self._answer(settings.port, sid))
                await self._each(lambda sid: self._bad_input(settings.port, sid))
                await self._each(lambda sid: codes.play(sid, self._sids.index(sid), self._customers[sid]))
                for role in ("dispatcher", "api"):
                    crashing = asyncio.create_task(self._each(lambda sid: self._text(settings.port, sid)))
                    await asyncio.sleep(0)
                    os.kill(supervisor.pids()[role], signal.SIGSEGV)
                    await asyncio.gather(crashing, self._each(lambda sid: codes.again(sid, self._customers[sid])))
                self.codes, self.approved = codes.codes, codes.approved
                await self._look_around(attacker.port)
                await asyncio.sleep(SETTLE_S)
                self.recorded = attacker.recorded()
                # While all still runs: stopping would tidy the write-ahead logs away.
                _copy_files(settings.data_dir, self._folder / "as it ran")

    @contextlib.asynccontextmanager
    async def _platform(self, database_url: str) -> AsyncIterator[tuple[Supervisor, Settings]]:
        make_private(self._folder / SCRATCH)
        async with installation(self._folder / "data", self._command, database_url=database_url) as running:
            yield running

    def _command(self, role: str) -> list[str]:
        """The role, with core dumps allowed, and its temporary files, folder and output where the scan will look."""
        scratch = shlex.quote(str(self._folder / SCRATCH))
        log = shlex.quote(str(self._folder / f"{role}.log"))
        script = f'ulimit -c unlimited 2>/dev/null; export TMPDIR={scratch}; cd {scratch}; exec "$@" >>{log} 2>&1'
        return ["/bin/sh", "-c", script, "sh", *self._design.command(role)]

    async def _add_tenants(self, settings: Settings) -> None:
        client, clock = Client(settings.socket("kms-api")), SystemClock()
        store = await open_store(settings)
        try:
            numbers = self._numbers.values()
            await store.stock([StockRow(number=number, region="US", kind="local") for number in numbers])
            keys = ApiKeyClient(client, clock)
            for sid in self._sids:
                token = self.canaries.mark(sid, "API secret")
                await create_account(store, keys, clock, friendly_name="A tenant", auth_token=token, sid=sid)
        finally:
            await store.close()
            await client.close()

    async def _each(self, story: Callable[[str], Coroutine[None, None, None]]) -> None:
        await asyncio.gather(*map(story, self._sids))

    async def _call(self, port: int, sid: str, path: str, **form: str) -> Answer:
        return await self._ask(port, sid, f"/2010-04-01/Accounts/{sid}/{path}", **form)

    async def _ask(self, port: int, sid: str, path: str, **form: str) -> Answer:
        """A tenant's request, sent again while the API restarts."""
        secret = self.canaries.mark(sid, "API secret")
        for _ in range(TRIES):
            with contextlib.suppress(ConnectionError):
                answer = await ask(port, "POST", path, form=form, basic=(sid, secret))
                if answer.status != 503:
                    return answer
            await asyncio.sleep(RETRY_S)
        raise ConnectionError("the API stayed away")

    async def _configure(self, port: int, sid: str) -> None:
        behaviour = BEHAVIOURS[self._sids.index(sid) % len(BEHAVIOURS)]
        url = self.programs.url(behaviour, sid)
        await self._call(port, sid, "IncomingPhoneNumbers.json", PhoneNumber=self._numbers[sid], SmsUrl=url)

    async def _text(self, port: int, sid: str) -> None:
        answer = await self._call(
            port,
            sid,
            "Messages.json",
            To=self._customers[sid],
            From=self._numbers[sid],
            Body=f"Your word is {self.canaries.mark(sid, 'body')}",
            StatusCallback=self.programs.url("ok", sid),
        )
        self.accepted += answer.status == 201

    async def _answer(self, port: int, sid: str) -> None:
        """The customer answers: the simulator is the world's edge, so this is no byte of the attacker's."""
        mark = self.canaries.mark(sid, "body of an answer")
        body = f'{{"to": "{self._numbers[sid]}", "body": "Yes, {mark}"}}'.encode()
        number = quote(self._customers[sid])
        await ask(port, "POST", f"/simulator/handsets/{number}/messages", body=body)

    async def _bad_input(self, port: int, sid: str) -> None:
        """What goes wrong must not be told to others: each request carries a canary where it fails."""
        mark = self.canaries.mark(sid, "body of a refused request")
        account = f"/2010-04-01/Accounts/{sid}"
        for answering in (
            ask(port, "POST", f"{account}/Messages.json", form={"To": mark, "Body": mark}, basic=(sid, mark)),
            ask(port, "POST", f"{account}/Messages.json", body=f'{{"To": "{mark}"}}'.encode(), basic=(sid, mark)),
            ask(port, "GET", f"/2010-04-01/Accounts/{sid}/Messages.json?To={mark}&PageSize={mark}", basic=(mark, mark)),
        ):
            with contextlib.suppress(ConnectionError):
                await answering

    async def _look_around(self, port: int) -> None:
        """What anybody may ask for without a credential."""
        for path in UNSEEN:
            for _ in range(TRIES):
                with contextlib.suppress(ConnectionError):
                    await ask(port, "GET", path)
                    break
                await asyncio.sleep(RETRY_S)


DRILLS = (Drill(name=DRILL, title=TITLE, play=leakage_sweep, tenants=100),)
