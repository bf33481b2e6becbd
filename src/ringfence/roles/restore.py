"""Make an installation of a backup, where there is none; and refuse to take its ledger back behind its witnesses."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ringfence.domain.clock import ManualClock
from ringfence.domain.how_many import how_many
from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.merkle import Frontier, leaf_hash
from ringfence.domain.ledger.note import NoteError, open_note
from ringfence.kms.key_files import KeyFileError, KeyFiles
from ringfence.kms.key_move import sync
from ringfence.kms.key_rest import WrongSecretError
from ringfence.kms.ledger.keys import load_ledger_keys
from ringfence.kms.ledger.lines import LedgerBrokenError
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.ledger.writer import CHECKPOINT, ENTRIES, FOLDER, LedgerWriter
from ringfence.kms.unlock import KEYS, seal_of
from ringfence.ports.ledger import AccessEntry
from ringfence.roles.backup import CONSOLE, DUMP, KMS, MANIFEST, STORE, Manifest, digest, files_in
from ringfence.roles.refusal import RefusalError
from ringfence.roles.revoke_again import Again, revoke_again
from ringfence.roles.revoked_since import Revoked, revoked_since
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings

OPERATOR = "operator"
PARTIAL = "restore.partial"
_ANOTHER = "take another backup"


def read_manifest(backup: Path) -> Manifest:
    """What a backup says of itself, once every file is found to be what it was. RefusalError."""
    try:
        manifest = msgspec.json.decode((backup / MANIFEST).read_bytes(), type=Manifest)
    except (FileNotFoundError, NotADirectoryError):
        raise RefusalError(f"{backup} is no backup: it has no {MANIFEST}", "name a folder that `backup` made") from None
    except msgspec.DecodeError:
        raise RefusalError(f"{backup / MANIFEST} is damaged", _ANOTHER) from None
    found = files_in(backup)
    if sorted(manifest.files) != found:
        odd = sorted(set(manifest.files) ^ set(found))
        raise RefusalError(f"{backup}: {odd[0]} is missing, or does not belong there", _ANOTHER)
    for name, known in manifest.files.items():
        if digest(backup / name) != known:
            raise RefusalError(f"{backup / name} is damaged", _ANOTHER)
    return manifest


def refuse_occupied(settings: Settings) -> None:
    """RefusalError where an installation is in the way."""
    if not settings.owns_keys:
        raise RefusalError("keys_from names another installation's key service", "restore it there")
    for path in (settings.kms_dir, settings.database, settings.console_dir):
        if path.exists():
            raise RefusalError(f"{path} is there already", f"move {settings.data_dir} away, or name another by --data")


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: how many entries witnesses know beyond it, what a later ledger had revoked since, and `again`
    what became of that here."""

    lost: int
    revoked: Revoked
    again: Again


async def restore(
    settings: Settings,
    backup: Path,
    secret: bytes,
    witnessed: Sequence[Path] = (),
    *,
    behind: bool = False,
    later: Path | None = None,
    now_ms: int,
) -> Restored:
    """Put a backup where `settings` say. RefusalError: nothing is there.

    `witnessed` are checkpoints that others kept. Only with `behind` may one of them be of a longer ledger. `secret`
    opens the backup's key files. `later` is the key service's folder of the installation that was lost, or what is
    left of it: its ledger takes the place of the backup's, and what it says was revoked since is revoked again.
    Whoever calls holds the installation's lock.
    """
    refuse_occupied(settings)
    read_manifest(backup)
    try:
        ledger_keys = load_ledger_keys(KeyFiles(backup / KMS / KEYS, seal_of(backup / KMS / KEYS, secret)))
        # Which entries there are is known once they are read. No file is made in the backup.
        ledger = LedgerReader(backup / KMS, ledger_keys)
        revoked = Revoked()
        if later is not None:
            before, ledger = ledger, LedgerReader(later, ledger_keys)
            revoked = revoked_since(before, ledger)
        lost = _held_against(ledger, witnessed, behind=behind)
    except WrongSecretError as error:
        raise RefusalError(str(error), "give the passphrase that the backup was made with") from None
    except (KeyFileError, LedgerBrokenError) as error:
        raise RefusalError(f"{backup}: {error}", _ANOTHER) from None
    except FileNotFoundError:
        raise RefusalError(f"{later} has no ledger", "name the folder kms of what was lost") from None
    partial = msgspec.structs.replace(settings, data_dir=settings.data_dir / PARTIAL)
    try:
        _copy(partial, backup, later)
        again = Again() if later is None else await revoke_again(partial, revoked, ManualClock(now_ms))
        scope = (f"entries:{_size(ledger)}", f"lost:{lost}", f"revoked:{len(revoked.slots)}")
        await _note(partial, secret, scope, now_ms)
        _move(partial, settings)
    finally:
        shutil.rmtree(partial.data_dir, ignore_errors=True)
    return Restored(lost=lost, revoked=revoked, again=again)


def _copy(partial: Settings, backup: Path, later: Path | None) -> None:
    """All of it, in a folder that nothing starts from: what was revoked since is revoked there first."""
    make_private(partial.data_dir.parent)
    shutil.rmtree(partial.data_dir, ignore_errors=True)
    make_private(partial.data_dir)
    shutil.copytree(backup / KMS, partial.kms_dir)
    if later is not None:
        for name in (ENTRIES, CHECKPOINT):
            shutil.copy(later / FOLDER / name, partial.kms_dir / FOLDER / name)
    if (backup / STORE).exists():
        shutil.copy(backup / STORE, partial.database)
    if (backup / CONSOLE).exists():
        shutil.copytree(backup / CONSOLE, partial.console_dir)
    for folder, _, names in os.walk(partial.data_dir):
        Path(folder).chmod(0o700)
        for name in names:
            _sync_file(Path(folder) / name)


async def _note(partial: Settings, secret: bytes, scope: tuple[str, ...], now_ms: int) -> None:
    files = KeyFiles(partial.kms_dir / KEYS, seal_of(partial.kms_dir / KEYS, secret))
    writer = LedgerWriter(partial.kms_dir, files=files)
    await writer.open(now_ms)
    try:
        await writer.append([AccessEntry(at_ms=now_ms, account="", actor=OPERATOR, verb="log.restored", scope=scope)])
    finally:
        await writer.close()


def _move(partial: Settings, settings: Settings) -> None:
    """The key service's folder comes last: until then there is no installation."""
    for folder, _, _ in os.walk(partial.data_dir):
        sync(Path(folder))
    for path in sorted(partial.data_dir.iterdir(), key=lambda each: each == partial.kms_dir):
        path.rename(settings.data_dir / path.name)
        sync(settings.data_dir)


def dump_in(backup: Path) -> Path | None:
    """The dump of PostgreSQL, which is loaded by hand; None in a backup of SQLite."""
    return backup / DUMP if (backup / DUMP).exists() else None


def _size(ledger: LedgerReader) -> int:
    return sum(1 for _ in ledger.lines())


def _held_against(ledger: LedgerReader, witnessed: Sequence[Path], *, behind: bool) -> int:
    entries = [line.leaf for line in ledger.lines()]
    lost = 0
    for path in witnessed:
        seen = _witnessed(ledger, path)
        if seen.size > len(entries):
            lost = max(lost, seen.size - len(entries))
            if not behind:
                many = how_many(seen.size, "entry was", "entries were")
                raise RefusalError(
                    f"{path}: {many} witnessed, and the backup's ledger has {len(entries)}",
                    "restore a newer backup; with --behind every witness will report that entries are gone",
                )
        elif _root(entries[: seen.size]) != seen.root:
            raise RefusalError(
                f"{path}: its first {how_many(seen.size, 'entry is not that', 'entries are not those')} of the backup",
                _ANOTHER,
            )
    return lost


def _root(leaves: Sequence[bytes]) -> bytes:
    tree = Frontier()
    for leaf in leaves:
        tree.append(leaf_hash(leaf))
    return tree.root()


def _witnessed(ledger: LedgerReader, path: Path) -> Checkpoint:
    try:
        text, _ = open_note(path.read_text(encoding="utf-8"), ledger.verifiers)
        return parse_checkpoint(text)
    except (OSError, ValueError, NoteError) as error:
        raise RefusalError(f"{path}: {error}", "give a checkpoint of this ledger, as a witness keeps it") from None


def _sync_file(path: Path) -> None:
    path.chmod(0o600)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
