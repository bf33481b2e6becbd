"""The key service as a process of its own, started as the supervisor starts it."""

import asyncio
import os
import pwd
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from ringfence.domain.clock import SystemClock
from ringfence.domain.sealing.slots import slot_public, slot_seed
from ringfence.ipc.client import Client
from ringfence.kms.client import ApiKeyClient, DispatcherKeyClient
from ringfence.kms.key_files import LEDGER, KeyFiles
from ringfence.kms.key_move import move_keys
from ringfence.kms.key_rest import PlainSeal
from ringfence.kms.ledger.reading import read_ledger
from ringfence.ports.keys import Caller, Slot
from ringfence.roles import kms
from ringfence.roles.process import READY, RoleProcess, frame
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings, encode
from ringfence.roles.settings_sources import load_settings
from unit.kms.key_rests import quick_passphrase

AC = "AC" + "a" * 32


@pytest.fixture
def settings() -> Iterator[Settings]:
    path = Path(tempfile.mkdtemp(prefix="rf-"))
    yield Settings(data_dir=path)
    shutil.rmtree(path)


async def start(settings: Settings) -> tuple[asyncio.subprocess.Process, int]:
    """Return once it serves."""
    process, lifeline, ready = await begin(settings)
    assert await asyncio.to_thread(os.read, ready, 1) == READY
    os.close(ready)
    return process, lifeline


async def begin(settings: Settings) -> tuple[asyncio.subprocess.Process, int, int]:
    """A process, its lifeline, and where it says that it serves."""
    lifeline_read, lifeline_write = os.pipe()
    ready_read, ready_write = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "ringfence.roles", "kms"),
        *("--lifeline", str(lifeline_read), "--ready", str(ready_write)),
        pass_fds=(lifeline_read, ready_write),
    )
    os.close(lifeline_read)
    os.close(ready_write)
    os.write(lifeline_write, frame(encode(settings)))
    return process, lifeline_write, ready_read


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_it_serves_ends_and_serves_again(run: Any, settings: Settings, end: signal.Signals) -> None:
    seed = slot_seed("secret", AC)
    caller = Caller(account=AC, credential=AC, seed=seed)

    async def scene() -> None:
        process, lifeline = await start(settings)
        api = Client(settings.socket("kms-api"))
        await ApiKeyClient(api, SystemClock()).create_account(AC, [Slot(credential=AC, public=slot_public(seed))])
        before = await ApiKeyClient(api, SystemClock()).sealing_key(caller, AC)
        process.send_signal(end)
        assert await process.wait() == (0 if end is signal.SIGTERM else -end)
        os.close(lifeline)

        process, lifeline = await start(settings)
        assert await ApiKeyClient(api, SystemClock()).sealing_key(caller, AC) == before
        dispatcher = Client(settings.socket("kms-dispatcher"))
        assert await DispatcherKeyClient(dispatcher).open_records(AC, [(before.epoch, "SM1")]) != [None]
        await api.close()
        await dispatcher.close()
        process.terminate()
        assert await process.wait() == 0
        os.close(lifeline)
        verbs = [entry.verb for entry in read_ledger(settings.kms_dir)]
        assert verbs == ["log.began", "create_account", "sealing_key", "sealing_key", "open_records"]

    run(scene())
    modes = {path.name: path.stat().st_mode & 0o777 for path in settings.kms_dir.rglob("*") if path.is_file()}
    assert set(modes.values()) == {0o600}, modes


def test_keys_that_were_restored_open_to_others_are_refused_with_cause_and_cure(run: Any, settings: Settings) -> None:
    keys = settings.kms_dir / "keys"
    keys.mkdir(parents=True)
    keys.chmod(0o755)
    with pytest.raises(RefusalError, match=r"kms/keys: keys is open to other users → .*mode 0700"):
        run(kms.run(settings, RoleProcess("kms", settings)))


def test_a_ledger_that_was_changed_is_refused_with_cause_and_cure(run: Any, settings: Settings) -> None:
    settings.kms_dir.mkdir(parents=True)
    KeyFiles(settings.kms_dir / "keys").prepare()
    KeyFiles(settings.kms_dir / "keys").create(LEDGER)
    (settings.kms_dir / "ledger").mkdir()
    (settings.kms_dir / "ledger" / "checkpoint").write_text("changed\n")
    (settings.kms_dir / "ledger" / "entries").write_text("changed\n")
    with pytest.raises(RefusalError, match=r"kms/ledger: the ledger's checkpoint: .* → keep the folder as evidence"):
        run(kms.run(settings, RoleProcess("kms", settings)))


def test_a_wrong_passphrase_is_refused_and_none_is_kept(run: Any, settings: Settings) -> None:
    keys = settings.kms_dir / "keys"
    KeyFiles(keys).prepare()
    KeyFiles(keys).create(LEDGER)
    move_keys(keys, PlainSeal(), quick_passphrase())
    for secret in (b"", b"not the passphrase"):
        with pytest.raises(RefusalError, match="not the one that sealed the key files → start it again"):
            run(kms.run(settings, RoleProcess("kms", settings, secret=secret)))


def test_users_that_may_use_a_socket_are_known_by_it(settings: Settings, tmp_path: Path) -> None:
    shared = structs.replace(settings, key_sockets=str(tmp_path), key_users=("kms-api=nobody",))
    assert shared.socket("kms-api") == tmp_path / "kms-api.sock"
    assert shared.socket("kms-dispatcher") == settings.socket("kms-dispatcher")
    nobody, me = pwd.getpwnam("nobody").pw_uid, os.getuid()
    assert kms.allowed_uids(shared) == {
        "kms-api": {me, nobody},
        "kms-dispatcher": {me},
        "kms-console": {me},
        "kms-operator": {me},
    }
    with pytest.raises(RefusalError, match="there is no user no-such-user"):
        kms.allowed_uids(structs.replace(shared, key_users=("kms-api=no-such-user",)))


@pytest.mark.parametrize("users", ["kms-api", "kms-ledger=nobody", "kms-api="])
def test_a_user_without_a_socket_of_the_key_service_is_refused(users: str) -> None:
    with pytest.raises(RefusalError, match="is not SOCKET=USER"):
        load_settings(None, {}, key_sockets="/run/x", key_users=(users,))
    with pytest.raises(RefusalError, match="closed to others"):
        load_settings(None, {}, key_users=("kms-api=nobody",))


def test_a_standby_takes_over_when_the_one_that_serves_dies_and_continues_its_ledger(
    run: Any, settings: Settings
) -> None:
    seed = slot_seed("secret", AC)
    caller = Caller(account=AC, credential=AC, seed=seed)

    async def scene() -> None:
        active, lifeline = await start(settings)
        api = Client(settings.socket("kms-api"))
        keys = ApiKeyClient(api, SystemClock())
        await keys.create_account(AC, [Slot(credential=AC, public=slot_public(seed))])
        before = await keys.sealing_key(caller, AC)
        standby, other_lifeline, ready = await begin(settings)
        said = asyncio.create_task(asyncio.to_thread(os.read, ready, 1))
        # It waits, and whoever asks is answered by the one that serves.
        assert not (await asyncio.wait([said], timeout=1.5))[0]
        assert standby.returncode is None
        await keys.open_epochs(caller, AC, [before.epoch])
        entries = len(list(read_ledger(settings.kms_dir)))
        active.kill()
        assert await active.wait() == -signal.SIGKILL
        assert await said == READY
        assert await ApiKeyClient(api, SystemClock()).sealing_key(caller, AC) == before
        after = [entry.verb for entry in read_ledger(settings.kms_dir)]
        assert len(after) > entries
        assert after.count("log.began") == 1
        await api.close()
        standby.terminate()
        assert await standby.wait() == 0
        for descriptor in (lifeline, other_lifeline, ready):
            os.close(descriptor)

    run(scene())
