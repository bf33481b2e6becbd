"""The standing key made anew: the newest seals, former ones open until nothing needs them, and no crash loses one."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ringfence.domain.device_token import Enrolment
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.totp import TotpShape, code_at, step_at
from ringfence.kms.key_files import KeyFileError, KeyFiles
from ringfence.kms.standing_keys import StandingKeys
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.operator_keys import Former
from ringfence.ports.totp_codes import TotpOf
from ringfence.ports.verification_codes import Verdict

SERVICE = "VA" + "b" * 32


@pytest.fixture
def keys(tmp_path: Path) -> StandingKeys:
    files = KeyFiles(tmp_path / "keys")
    files.prepare()
    made = StandingKeys(files)
    made.load(in_use=False)
    return made


def again(tmp_path: Path) -> StandingKeys:
    found = StandingKeys(KeyFiles(tmp_path / "keys"))
    found.load(in_use=True)
    return found


def test_the_newest_seals_and_any_opens_after_a_restart_too(keys: StandingKeys, tmp_path: Path) -> None:
    before = keys.seal("AC1", "number:PN1", b"old")
    assert (keys.former, keys.rotate(), keys.former) == (0, 1, 1)
    after = keys.seal("AC1", "number:PN1", b"new")
    files = KeyFiles(tmp_path / "keys")
    for each in (keys, again(tmp_path)):
        assert each.open("AC1", "number:PN1", before) == b"old"
        assert each.open("AC1", "number:PN1", after) == b"new"
        assert each.all() == [each.newest, files.load("standing")]
        assert each.renew("AC1", "number:PN1", after) is None
        renewed = each.renew("AC1", "number:PN1", before)
        assert renewed is not None
        assert each.open("AC1", "number:PN1", renewed) == b"old"
    with pytest.raises(UnsealError):
        keys.open("AC2", "number:PN1", after)


def test_what_is_left_under_a_destroyed_key_is_gone_and_what_was_renewed_is_not(
    keys: StandingKeys, tmp_path: Path
) -> None:
    left, carried = keys.seal("AC1", "a", b"left"), keys.seal("AC1", "a", b"carried")
    keys.rotate()
    keys.rotate()
    carried = keys.renew("AC1", "a", carried) or b""
    assert keys.destroy_former() == 2
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["standing-2.key"]
    for each in (keys, again(tmp_path)):
        assert (each.number, each.former) == (2, 0)
        assert each.open("AC1", "a", carried) == b"carried"
        with pytest.raises(UnsealError):
            each.open("AC1", "a", left)


def test_no_first_key_is_made_where_there_should_be_one(tmp_path: Path) -> None:
    files = KeyFiles(tmp_path / "keys")
    files.prepare()
    with pytest.raises(KeyFileError, match=r"standing\.key is missing"):
        StandingKeys(files).load(in_use=True)
    assert files.names() == []


def test_secrets_of_authenticator_apps_are_renewed_and_hold_the_former_key(
    run: Any, service_at: Any, account: str, at_noon: Any
) -> None:
    factor = TotpOf(account=account, service=SERVICE, factor="YF" + "1" * 32)
    shape = TotpShape()

    async def scene() -> None:
        async with service_at() as service:
            secret = await service.open_totp(factor, shape)
            assert await service.rotate_standing() == 1
            assert await service.former_standing() == Former(keys=1, secrets=1)
            with pytest.raises(KeyRefusedError, match="under a former standing key"):
                await service.end_former_standing()
            assert await service.renew_totp([factor]) == 1
            assert await service.renew_totp([factor]) == 0
            assert await service.end_former_standing() == 1
        async with service_at() as service:
            code = code_at(secret, step_at(at_noon.now_ms(), shape), shape)
            assert await service.check_totp(factor, factor.factor, code) is Verdict.APPROVED

    run(scene())


def test_an_enrolment_that_was_signed_before_is_good_after(
    run: Any, service_at: Any, account: str, token: Any, at_noon: Any
) -> None:
    async def scene() -> None:
        async with service_at() as service:
            await service.create_account(account, [token.slot])
            enrolment = Enrolment(
                sid="YK" + "1" * 32,
                account=account,
                service=SERVICE,
                identity="alice-0001",
                friendly_name="f",
                issued_s=at_noon.now_ms() // 1_000,
                expires_s=at_noon.now_ms() // 1_000 + 60,
            )
            signed = await service.sign_enrolment(token.caller, enrolment)
            await service.rotate_standing()
            assert (await service.read_enrolment(account, SERVICE, signed)).sid == enrolment.sid

    run(scene())


def test_what_is_done_is_in_the_ledger_first(run: Any, service_at: Any, ledger: Any) -> None:
    async def scene() -> None:
        async with service_at() as service:
            ledger.full = True
            with pytest.raises(ConnectionError):
                await service.rotate_standing()
            ledger.full = False
            assert (await service.former_standing()).keys == 0
            await service.rotate_standing()
            await service.end_former_standing()

    run(scene())
    assert [(entry.actor, entry.verb, entry.scope) for entry in ledger.entries] == [
        ("operator", "rotate_standing", ("1",)),
        ("operator", "end_former_standing", ("1",)),
    ]


# Seals, tells what it sealed, and rotates in between, until the process is killed.
ROTATOR = """
import asyncio, sys
from pathlib import Path
from ringfence.domain.clock import ManualClock
from ringfence.kms.memory import MemoryLedger
from ringfence.kms.service import KeyService

async def main():
    service = KeyService(Path(sys.argv[1]), ManualClock(int(sys.argv[2])), MemoryLedger())
    await service.open()
    n, kept = 0, []
    while True:
        (sealed,) = await service.seal_standing("AC1", [("number:PN1", b"value %d" % n)])
        print(n, sealed.hex(), flush=True)
        n += 1
        if n % 7 == 0:
            await service.rotate_standing()

asyncio.run(main())
"""


@pytest.mark.parametrize("killed_after", [1, 50, 211])
def test_kill_in_the_middle_of_rotations_loses_nothing_that_was_sealed(
    run: Any, service_at: Any, kms_dir: Path, at_noon: Any, killed_after: int
) -> None:
    told: dict[int, bytes] = {}
    arguments = [sys.executable, "-c", ROTATOR, str(kms_dir), str(at_noon.now_ms())]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as rotator:
        assert rotator.stdout is not None
        for line in rotator.stdout:
            if not line.endswith("\n"):
                break
            n, sealed = line.split()
            told[int(n)] = bytes.fromhex(sealed)
            if len(told) == killed_after:
                rotator.send_signal(signal.SIGKILL)
    assert len(told) >= killed_after

    async def open_all() -> None:
        async with service_at() as service:
            opened = await service.open_standing("AC1", [("number:PN1", sealed) for sealed in told.values()])
            assert opened == [b"value %d" % n for n in told]

    run(open_all())
