import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import new_sid
from ringfence.kms.service import KeyService
from ringfence.ports.keys import Caller
from ringfence.ports.ledger import AccessEntry
from ringfence.usecases.accounts.credential import slot_of

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NOON_MS = 19_700 * DAY_MS + 12 * HOUR_MS  # 2023-12-09 12:00 UTC


class Credential:
    """A credential as the API sees it: the secret is here and nowhere in the key service."""

    def __init__(self, account: str, sid: str, secret: str = "") -> None:
        self.sid = sid
        self.secret = secret or new_sid("")
        seed = slot_seed(self.secret, sid)
        self.caller = Caller(account=account, credential=sid, seed=seed)
        self.slot = slot_of(sid, seed)


class MemoryLedger:
    """A ledger in memory; `full` makes it fail as a full disk does."""

    def __init__(self) -> None:
        self.entries: list[AccessEntry] = []
        self.later: list[AccessEntry] = []
        self.full = False

    async def append(self, entries: Sequence[AccessEntry]) -> None:
        if self.full:
            raise OSError(28, "no space left")
        self.entries.extend(entries)

    def append_later(self, entry: AccessEntry) -> None:
        self.later.append(entry)


@pytest.fixture
def at_noon() -> ManualClock:
    return ManualClock(NOON_MS)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def kms_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="rf-"))
    yield path
    shutil.rmtree(path)


Opener = Callable[[], AbstractAsyncContextManager[KeyService]]


@pytest.fixture
def service_at(kms_dir: Path, at_noon: ManualClock, ledger: MemoryLedger) -> Opener:
    """Opens the key service on `kms_dir`, and closes it; again for a restart."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[KeyService]:
        service = KeyService(kms_dir, at_noon, ledger)
        await service.open()
        try:
            yield service
        finally:
            await service.close()

    return opened


@pytest.fixture
def account() -> str:
    return "AC" + "a" * 32


@pytest.fixture
def token(account: str) -> Credential:
    return Credential(account, account)


@pytest.fixture
def api_key(account: str) -> Credential:
    return Credential(account, "SK" + "1" * 32)


@pytest.fixture
def credential() -> type[Credential]:
    """Makes a credential of an account: `credential(account, sid)`."""
    return Credential
