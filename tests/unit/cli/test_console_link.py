"""A link into the console: a slot of the account's, whose secret is in the link alone."""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ringfence.cli.console_link import has_members, make_console_link
from ringfence.console.storage import DATABASE, ConsoleStorage
from ringfence.console.tenant.member_rows import Member, keep_member
from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.hpke import Recipient
from ringfence.domain.sealing.slots import ContentKey, slot_seed
from ringfence.kms.memory import memory_key_service
from ringfence.kms.server import serve_tenant_keys
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.usecases.accounts.credential import slot_of

AC = "AC" + "a" * 32


@pytest.fixture
def settings() -> Iterator[Settings]:
    folder = Path(tempfile.mkdtemp(prefix="rf-"))
    yield Settings(data_dir=folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("hybrid", [False, True])
def test_its_secret_opens_the_account_for_ten_minutes(
    run: Any, settings: Settings, clock: ManualClock, hybrid: bool
) -> None:
    make_private(settings.run_dir)
    seed = slot_seed("token", AC)
    caller = Caller(account=AC, credential=AC, seed=seed)

    async def scene() -> None:
        service = memory_key_service(clock, hybrid=hybrid)
        await service.open()
        await service.create_account(AC, [slot_of(AC, seed)])
        server = await serve_tenant_keys(service, settings.socket("kms-api"), links=service)
        link = await make_console_link(settings, clock, caller)
        found = re.fullmatch(rf"http://keys\.localhost:8422/enrol#k={AC}\.(KL[0-9a-f]{{32}})\.([\w-]{{43}})", link)
        assert found
        name, secret = found.groups()
        ((_, sealed),) = await service.link_boxes(AC, name)
        assert ContentKey.from_slot(AC, 0, sealed, Recipient(slot_seed(secret, name), hybrid=hybrid), name)
        clock.advance(600_000)
        with pytest.raises(KeyRefusedError):
            await service.link_boxes(AC, name)
        # For an owner, by the Auth Token here: the key service says so when its slot is taken.
        owners = (await make_console_link(settings, clock, caller, owner=True)).split(".")[-2]
        assert await service.link_boxes(AC, owners)
        key = Caller(account=AC, credential="SK" + "1" * 32, seed=slot_seed("secret", "SK" + "1" * 32))
        await service.add_slot(caller, AC, slot_of(key.credential, key.seed))
        assert await make_console_link(settings, clock, key)
        with pytest.raises(KeyRefusedError, match="Auth Token"):
            await make_console_link(settings, clock, key, owner=True)
        stranger = Caller(account=AC, credential=AC, seed=bytes(32))
        with pytest.raises(KeyRefusedError):
            await make_console_link(settings, clock, stranger)
        await server.close()
        await service.close()

    run(scene())


def test_whether_somebody_can_sign_in_is_known_without_the_console(run: Any, settings: Settings) -> None:
    assert not has_members(settings, AC)
    make_private(settings.console_dir)

    async def scene() -> None:
        storage = ConsoleStorage(settings.console_dir / DATABASE)
        await storage.open()
        assert not has_members(settings, AC)
        member = Member(id="MB1", account=AC, handle=b"1", let_in_by="KL1", made_ms=1)
        await storage.run(lambda db: keep_member(db, member))
        await storage.close()

    run(scene())
    assert has_members(settings, AC)
    assert not has_members(settings, "AC" + "b" * 32)
