"""`ringfence backup` and `ringfence restore`: a copy of an installation, and an installation of a copy."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from ringfence.cli.key_secret import prompt
from ringfence.cli.terminal import Terminal
from ringfence.domain.how_many import how_many
from ringfence.kms.key_rest import FileRest, KeyFileError, rest_of
from ringfence.kms.unlock import KEYS
from ringfence.roles.backup import KMS, OWN_PASSPHRASE, back_up
from ringfence.roles.installation_lock import InstallationLock
from ringfence.roles.key_secret import credential_called, question
from ringfence.roles.process import clock_of
from ringfence.roles.refusal import RefusalError
from ringfence.roles.restore import dump_in, read_manifest, refuse_occupied, restore
from ringfence.roles.settings import Settings

CREDENTIAL = "ringfence-backup"


def make_backup(settings: Settings, folder: Path) -> None:
    """Make it, whether ringfence is up or not. RefusalError."""
    os.umask(0o077)

    def ask() -> bytes:
        given = credential_called(CREDENTIAL)
        return prompt("Passphrase of the backup", twice=True) if given is None else given

    try:
        made = back_up(settings, folder, ask, clock_of(settings).now_ms())
    except PermissionError:
        raise RefusalError(f"{settings.kms_dir} is closed to this user", "run it as the key service's user") from None
    except KeyFileError as error:
        raise RefusalError(f"{settings.kms_dir / KEYS}: {error}", "`ringfence doctor`") from None
    terminal = Terminal()
    terminal.say(
        f"{how_many(len(made.files), 'file')} and {how_many(made.entries, 'entry')} of the ledger are in {folder}"
    )
    own = made.rest == OWN_PASSPHRASE
    terminal.say("its key files open by the passphrase of the backup" if own else "its key files are sealed as here")


def restore_backup(
    settings: Settings, folder: Path, witnessed: Sequence[Path], *, behind: bool, later: Path | None = None
) -> None:
    """Put it where the settings say, where nothing is yet. RefusalError."""
    os.umask(0o077)
    refuse_occupied(settings)
    read_manifest(folder)
    try:
        rest = rest_of(folder / KMS / KEYS)
    except KeyFileError as error:
        raise RefusalError(f"{folder}: {error}", "take another backup") from None
    given = credential_called(CREDENTIAL)
    secret = b"" if isinstance(rest, FileRest) else prompt(question(rest)) if given is None else given
    lock = InstallationLock(settings.data_dir)
    lock.take()
    try:
        now_ms = clock_of(settings).now_ms()
        made = asyncio.run(restore(settings, folder, secret, witnessed, behind=behind, later=later, now_ms=now_ms))
    finally:
        lock.drop()
    terminal = Terminal()
    terminal.say(f"restored to {settings.data_dir}")
    if not witnessed:
        terminal.note("no checkpoint of a witness was given: nobody knows whether the ledger went on after the backup")
    if made.lost:
        terminal.warn(
            f"witnesses know {how_many(made.lost, 'entry that is', 'entries that are')} gone: they will report it"
        )
    if later is None:
        terminal.note(
            "keys that were revoked after the backup are good again, unless its later ledger is given: --later"
        )
    for account, credential in made.revoked.slots:
        terminal.say(f"revoked again: {credential} of {account}")
    for account, credential in made.revoked.rotated:
        terminal.warn(
            f"the secret of {credential} of {account} was rotated since, and is the former one: rotate it again"
        )
    for account, member in made.again.members:
        terminal.say(f"a member no more, again: {member} of {account}")
    for account, member, role in made.again.roles:
        terminal.say(f"{role} again: {member} of {account}")
    for target in made.again.frozen:
        terminal.say(f"frozen again: {target}")
    for target in made.again.to_freeze:
        kind, _, name = target.partition(":")
        terminal.warn(f"{target} was frozen: once the database is loaded, `ringfence freeze {kind} {name}`")
    if (dump := dump_in(folder)) is not None:
        terminal.say(f"load the database yourself: psql --single-transaction --file={dump} DATABASE")
