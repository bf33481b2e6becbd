"""What texts, answers and webhooks leave in the memory of the roles that carried them: nothing, some seconds later."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ringfence.drills.canary import Canaries
from ringfence.drills.design import OURS
from ringfence.drills.host_root import memory_of, missing
from ringfence.drills.installation import add_account, installation
from ringfence.drills.plain_http import ask
from ringfence.drills.tenant_programs import TenantPrograms
from ringfence.ports.store import StockRow
from ringfence.roles.settings import Settings
from ringfence.roles.stores import open_store
from ringfence.roles.wiped_memory import possible

KINDS = ("text", "text while the network was silent", "text back")
CUSTOMER, NUMBER = "+12025550177", "+14152000001"
TEXTS = 12
GONE_WITHIN_S = 8.0
# Longer than a dispatcher waits for its carrier.
SILENT_S = 6.0
CARRIERS_OF_TEXTS = ("dispatcher", "api", "kms")


class Tenant:
    """One account whose program answers texts, and fails at each second callback."""

    def __init__(self, settings: Settings, account: tuple[str, str], programs: TenantPrograms, canaries: Canaries):
        self._settings = settings
        self._account = account
        self._programs = programs
        self._canaries = canaries

    async def rent(self) -> None:
        store = await open_store(self._settings)
        try:
            await store.stock([StockRow(number=NUMBER, region="US", kind="local")])
        finally:
            await store.close()
        await self._post("IncomingPhoneNumbers.json", PhoneNumber=NUMBER, SmsUrl=self._programs.url("reply", "T"))

    async def text(self, kind: str, index: int) -> None:
        word = self._canaries.mark(f"{kind} {index}", kind)
        callback = self._programs.url(("ok", "error")[index % 2], "T")
        await self._post("Messages.json", To=CUSTOMER, From=NUMBER, Body=word, StatusCallback=callback)

    async def text_back(self, index: int) -> None:
        word = self._canaries.mark(f"text back {index}", "text back")
        body = json.dumps({"to": NUMBER, "body": word}).encode()
        answer = await ask(self._settings.port, "POST", f"/simulator/handsets/{CUSTOMER}/messages", body=body)
        assert answer.status == 201, answer.body

    async def _post(self, path: str, **form: str) -> None:
        sid, _ = self._account
        path = f"/2010-04-01/Accounts/{sid}/{path}"
        answer = await ask(self._settings.port, "POST", path, form=form, basic=self._account)
        assert answer.status == 201, answer.body


@pytest.mark.long
@pytest.mark.skipif(bool(missing()), reason=missing() or "it is all here")
@pytest.mark.skipif(not possible(), reason="another C library than glibc")
def test_what_was_carried_is_in_no_roles_memory_some_seconds_later(tmp_path: Path) -> None:
    canaries = Canaries(b"memory")

    async def scene() -> None:
        async with (
            installation(tmp_path, OURS.command) as (supervisor, settings),
            TenantPrograms(canaries) as programs,
        ):
            tenant = Tenant(settings, await add_account(settings), programs, canaries)
            await tenant.rent()
            await asyncio.gather(*(tenant.text("text", index) for index in range(TEXTS)))
            for index in range(TEXTS):
                await tenant.text_back(index)
            os.kill(supervisor.pids()["simulator"], signal.SIGSTOP)
            await asyncio.gather(*(tenant.text(KINDS[1], index) for index in range(TEXTS)))
            await asyncio.sleep(0.5)
            pids = [supervisor.pids()[role] for role in CARRIERS_OF_TEXTS]
            assert found(canaries, pids)[KINDS[1]], "what is under way is not seen: this test would prove nothing"
            await asyncio.sleep(SILENT_S)
            os.kill(supervisor.pids()["simulator"], signal.SIGCONT)
            await until(lambda: programs.called["T"] >= 5 * TEXTS)
            await asyncio.sleep(GONE_WITHIN_S)
            # A callback that failed is tried again, and has its error with it while it is.
            left = {kind: count for kind, count in found(canaries, pids).items() if kind in KINDS}
            assert left == {}

    asyncio.run(scene())


def found(canaries: Canaries, pids: Sequence[int]) -> Counter[str]:
    """Of how many of each kind something lies in these processes' memory."""
    marks = {mark for pid in pids for piece in memory_of(pid) for mark in canaries.marks_lying_in(piece)}
    return Counter(kind for _, kind in marks)


async def until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not done():
            await asyncio.sleep(0.1)
