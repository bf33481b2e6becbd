"""The key service without a disk keeps the same promises."""

from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.kms.key_files import KeyFileError
from ringfence.kms.memory import MemoryKeyFiles, MemoryKeyStore, memory_key_service
from ringfence.ports.keys import Caller, KeyRefusedError, Slot

ACCOUNT = "AC" + "a" * 32


def test_what_is_sealed_opens_again_and_not_for_others(run: Any, clock: ManualClock) -> None:
    async def scenario() -> None:
        keys = memory_key_service(clock)
        await keys.open()
        caller = Caller(account=ACCOUNT, credential=ACCOUNT, seed=slot_seed("secret", ACCOUNT))
        stranger = Caller(account=ACCOUNT, credential=ACCOUNT, seed=slot_seed("guess", ACCOUNT))
        await keys.create_account(ACCOUNT, [Slot(credential=ACCOUNT, public=slot_public(caller.seed))])
        sealing = await keys.sealing_key(caller, ACCOUNT)
        assert await keys.open_epochs(caller, ACCOUNT, [sealing.epoch]) == {sealing.epoch: sealing.epoch_key}
        with pytest.raises(KeyRefusedError):
            await keys.open_epochs(stranger, ACCOUNT, [sealing.epoch])
        await keys.close()
        with pytest.raises(ConnectionError):
            await keys.open_epochs(caller, ACCOUNT, [sealing.epoch])

    run(scenario())


def test_key_files_are_made_once_and_destroyed_for_good() -> None:
    files = MemoryKeyFiles()
    files.prepare()
    key = files.create("dispatcher-20000")
    files.create("standing")
    assert files.create("dispatcher-20000") == files.load("dispatcher-20000") == key
    assert files.days() == [20000]
    files.destroy("dispatcher-20000")
    files.destroy("dispatcher-20000")
    assert files.days() == []
    with pytest.raises(KeyFileError, match="missing"):
        files.load("dispatcher-20000")


def test_a_write_that_fails_is_undone(run: Any) -> None:
    async def scenario() -> None:
        store = MemoryKeyStore()
        with pytest.raises(ConnectionError, match="closed"):
            await store.write(lambda connection: None)
        await store.open()

        def fail(connection: Any) -> None:
            connection.execute("CREATE TABLE made (a)")
            raise KeyRefusedError("no")

        with pytest.raises(KeyRefusedError):
            await store.write(fail)
        assert store.row("SELECT name FROM sqlite_master WHERE name = 'made'") is None
        await store.close()

    run(scenario())
