"""`ringfence keys` and what `doctor` says of key files, on a key service that does not run, and on one that starts."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ringfence.cli.key_secret import asked_key_secrets
from ringfence.kms.key_files import LEDGER, KeyFiles
from ringfence.kms.key_move import move_keys
from ringfence.kms.key_rest import PlainSeal
from ringfence.kms.ledger.keys import LedgerKeys
from ringfence.kms.ledger.reading import LedgerReader, read_ledger
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.unlock import unlock
from ringfence.roles.installation_lock import InstallationLock
from ringfence.roles.key_secret import CREDENTIAL, credential
from ringfence.roles.settings import Settings
from unit.kms.key_rests import PASSPHRASE, quick_passphrase

TYPED = PASSPHRASE.decode() + "\n"


@pytest.fixture
def kms(tmp_path: Path) -> Path:
    """A key service's folder with two keys and a ledger, for the command's own installation."""
    directory = tmp_path / ".local/share/ringfence/kms"
    directory.mkdir(parents=True)
    files = KeyFiles(directory / "keys")
    files.prepare()
    files.create("standing")

    async def begin() -> None:
        ledger = LedgerWriter(directory, files=files)
        await ledger.open(0)
        await ledger.close()

    asyncio.run(begin())
    return directory


def test_keys_move_to_a_passphrase_and_back(ringfence: Any, kms: Path) -> None:
    key = (kms / "keys" / "standing.key").read_bytes()
    assert ringfence("keys", "show").stdout.startswith("2 as files: whoever takes the disk has them")
    moved = ringfence("keys", "move", "passphrase", answer=TYPED + TYPED)
    assert moved.stdout == "2 key files rest as passphrase now\n", moved.stderr
    assert key not in b"".join(path.read_bytes() for path in kms.rglob("*") if path.is_file())
    assert ringfence("keys", "show").stdout == "2 sealed by a passphrase, asked for at each start\n"
    assert ringfence("keys", "move", "file", answer=TYPED).stdout == "2 key files rest as file now\n"
    assert (kms / "keys" / "standing.key").read_bytes() == key
    moves = [(entry.actor, entry.verb, entry.scope) for entry in read_ledger(kms)[1:]]
    assert moves == [
        ("operator", "keys.move", ("from:file", "to:passphrase")),
        ("operator", "keys.move", ("from:passphrase", "to:file")),
    ]


def test_what_needs_the_keys_asks_for_the_passphrase(ringfence: Any, kms: Path) -> None:
    move_keys(kms / "keys", PlainSeal(), quick_passphrase())
    assert ringfence("keys", "check", answer=TYPED).stdout == "2 key files open (passphrase)\n"
    wrong = ringfence("keys", "check", answer="another passphrase\n")
    assert (wrong.returncode, "not the one that sealed" in wrong.stderr) == (1, True)
    assert "log.began" in ringfence("ledger", "show", answer=TYPED).stdout


@pytest.mark.parametrize(
    ("arguments", "answer", "code", "words"),
    [
        (("passphrase",), "short\nshort\n", 1, "12 characters at least"),
        (("stone",), "", 2, "do not rest as 'stone'"),
        (("pkcs11",), "", 2, "pkcs11 needs --module and --token"),
        (("pkcs11", "--module", "/none.so", "--token", "t"), "1234\n", 1, "does not answer by /none.so"),
    ],
)
def test_what_cannot_be_moved_to_leaves_all_as_it_was(
    ringfence: Any, kms: Path, arguments: tuple[str, ...], answer: str, code: int, words: str
) -> None:
    before = (kms / "keys" / "standing.key").read_bytes()
    refused = ringfence("keys", "move", *arguments, answer=answer)
    assert (refused.returncode, words in refused.stderr) == (code, True), refused.stderr
    assert (kms / "keys" / "standing.key").read_bytes() == before
    assert not (kms / "keys" / "rest.json").exists()


def test_keys_do_not_move_under_a_running_installation(ringfence: Any, kms: Path) -> None:
    lock = InstallationLock(kms.parent)
    lock.take()
    refused = ringfence("keys", "move", "file")
    lock.drop()
    assert (refused.returncode, "already up" in refused.stderr) == (1, True)


def test_without_keys_there_is_nothing_to_move(ringfence: Any) -> None:
    assert "there are no keys" in ringfence("keys", "move", "file").stderr
    assert ringfence("keys", "show").stdout == "none yet: the first start makes them, as files\n"


def test_doctor_tells_how_the_keys_rest_and_what_is_wrong(ringfence: Any, kms: Path) -> None:
    keys = kms / "keys"
    assert "✓ keys         2 as files" in ringfence("doctor", "--port", "0").stdout
    move_keys(keys, PlainSeal(), quick_passphrase())
    assert "✓ keys         2 sealed by a passphrase, asked for" in ringfence("doctor", "--port", "0").stdout
    (keys / "tables.key").write_bytes(bytes(32))
    (keys / "tables.key").chmod(0o600)
    assert "tables.key is not of the kind passphrase" in ringfence("doctor", "--port", "0").stdout
    (keys / "tables.key").chmod(0o640)
    assert "tables.key is open to other users" in ringfence("doctor", "--port", "0").stdout
    (keys / "moved").mkdir()
    assert "✗ keys         a move of the key files was interrupted" in ringfence("doctor", "--port", "0").stdout


def test_a_passphrase_comes_from_systemd_or_a_person_and_never_from_the_environment(
    kms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(data_dir=kms.parent)
    assert asked_key_secrets(settings) == {}
    move_keys(kms / "keys", PlainSeal(), quick_passphrase())
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / CREDENTIAL).write_bytes(PASSPHRASE + b"\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    assert credential() == PASSPHRASE
    # The key service finds it by itself: nobody hands it on.
    assert asked_key_secrets(settings) == {}
    assert not any(PASSPHRASE.decode() in value for value in os.environ.values())


@pytest.mark.long
def test_the_key_service_starts_with_the_passphrase_and_not_without(
    ringfence_process: Any, kms: Path, tmp_path: Path
) -> None:
    move_keys(kms / "keys", PlainSeal(), quick_passphrase())
    made = ringfence_process("account", "create", "Acme", answer=TYPED)
    assert made.returncode == 0, made.stderr
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / CREDENTIAL).write_bytes(PASSPHRASE)
    listed = ringfence_process("account", "list", CREDENTIALS_DIRECTORY=str(tmp_path / "credentials"))
    assert "Acme" in listed.stdout, listed.stderr
    keys = LedgerKeys(unlock(kms, PASSPHRASE).load(LEDGER))
    assert LedgerReader(kms, keys).check().entries > 1
    for path in (kms / "keys").glob("*.key"):
        assert path.stat().st_size > 32
    log = b"".join(path.read_bytes() for path in kms.parent.rglob("*") if path.is_file())
    assert PASSPHRASE not in log


def test_the_standing_key_is_made_anew_while_texts_flow(installation: Any) -> None:
    def keys(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ringfence", "keys", *arguments, "--data", str(installation.data)],
            env=installation.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    client = installation.client()
    (number,) = client.incoming_phone_numbers.list(phone_number=installation.shop)
    url = "https://example.org/before"
    client.incoming_phone_numbers(number.sid).update(sms_url=url)
    rotated = keys("rotate", "standing")
    assert rotated.returncode == 0, rotated.stderr
    assert re.search(
        r"standing key \d+ seals from now on\nsealed anew: [1-9]\d* records? and \d+ secrets?\n", rotated.stdout
    )
    assert client.incoming_phone_numbers(number.sid).fetch().sms_url == url
    ended = keys("rotate", "standing", "--end")
    assert "1 former standing key is destroyed" in ended.stdout, ended.stderr
    assert client.incoming_phone_numbers(number.sid).fetch().sms_url == url
    client.incoming_phone_numbers(number.sid).update(sms_url="")
    assert keys("rotate", "standing", "--end").stdout == "there is no former standing key\n"
    # Webhooks are signed with states that were sealed anew.
    text = client.messages.create(from_=installation.shop, to="+12025550177", body="after the rotation")
    assert text.sid.startswith("SM")
    refused = keys("rotate", "tables")
    assert (refused.returncode, "written nowhere else" in refused.stderr) == (1, True)
    assert keys("rotate", "ink").returncode == 2
