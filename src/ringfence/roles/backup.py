"""Copy an installation while it runs, so that the copy can be restored as a whole: store, keys, ledger.

The order is what makes the copy consistent. First the store: whatever keys its rows need are in the key service's
database, which is copied after it. Last the ledger: it tells of all that the rest needed. Keys of days stay behind, and
what grants and links to a console open: what is to end within the day must not outlive it in a backup.
"""

import hashlib
import os
import shutil
import subprocess
import urllib.parse
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import msgspec

from ringfence.console.storage import copy_people
from ringfence.domain.ledger.checkpoint import parse_checkpoint
from ringfence.domain.ledger.note import split_note
from ringfence.kms.key_files import DISPATCHER, STANDING, VERIFICATION
from ringfence.kms.key_move import sync
from ringfence.kms.key_rest import REST, FileRest, rest_of, write_rest
from ringfence.kms.lasting_copy import copy_lasting
from ringfence.kms.ledger.writer import CHECKPOINT, ENTRIES, FOLDER, FORMER
from ringfence.kms.passphrase_seal import PassphraseSeal
from ringfence.kms.store import DATABASE as KEY_DATABASE
from ringfence.kms.unlock import KEYS
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.schema.sqlite_migrate import back_up as back_up_sqlite

MANIFEST = "backup.json"
STORE = "ringfence.db"
DUMP = "ringfence.sql"
KMS = "kms"
CONSOLE = "console"
COPY_BYTES = 1 << 20
OF_A_DAY = (f"{DISPATCHER}-", f"{VERIFICATION}-")
OWN_PASSPHRASE = "passphrase of the backup"  # noqa: S105 - how it is sealed, not by what
AS_HERE = "as in the installation"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a backup is: when it was made, how far its ledger goes, and the SHA-256 of each file, by its path."""

    version: str
    made_ms: int
    origin: str
    entries: int
    root: str
    rest: str
    files: dict[str, str]


def back_up(
    settings: Settings,
    target: Path,
    ask_passphrase: Callable[[], bytes],
    now_ms: int,
    sealed_by: Callable[[bytes], PassphraseSeal] = PassphraseSeal.new,
) -> Manifest:
    """A backup in the new folder `target`. It is there as a whole or not at all.

    `ask_passphrase` is asked where the key files rest unsealed: in a backup they never do; `sealed_by` makes a seal of
    what it answers. RefusalError.
    """
    if not settings.owns_keys:
        raise RefusalError("keys_from names another installation's key service", "make the backup there")
    if target.exists():
        raise RefusalError(f"{target} is there already", "name a folder that is not")
    if not (settings.kms_dir / KEY_DATABASE).exists():
        raise RefusalError(f"there is no installation in {settings.data_dir}", "name it by --data")
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    (partial / KMS / FOLDER).mkdir(mode=0o700, parents=True)
    for folder in (partial, partial / KMS, partial / KMS / FOLDER):
        folder.chmod(0o700)
    try:
        before = _standing_files(settings)
        rest = _copy_keys(settings.kms_dir / KEYS, partial / KMS / KEYS, lambda: sealed_by(ask_passphrase()))
        _copy_store(settings, partial)
        _copy_consoles(settings, partial)
        copy_lasting(settings.kms_dir / KEY_DATABASE, partial / KMS / KEY_DATABASE)
        note = _copy_ledger(settings.kms_dir, partial / KMS)
        if _standing_files(settings) != before:
            raise RefusalError("the standing key was rotated meanwhile", "make the backup again")
        checkpoint = parse_checkpoint(split_note(note)[0])
        manifest = Manifest(
            version=version("ringfence"),
            made_ms=now_ms,
            origin=checkpoint.origin,
            entries=checkpoint.size,
            root=checkpoint.root.hex(),
            rest=rest,
            files={name: digest(partial / name) for name in files_in(partial)},
        )
        _write(partial / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))
        for folder in (partial / KMS / FOLDER, partial / KMS / KEYS, partial / KMS, partial):
            sync(folder)
        partial.rename(target)
        sync(target.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def files_in(folder: Path) -> list[str]:
    """All files of a backup by their paths in it, but the manifest."""
    found = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != MANIFEST)


def digest(path: Path) -> str:
    """SHA-256, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _standing_files(settings: Settings) -> list[str]:
    return sorted(path.name for path in (settings.kms_dir / KEYS).glob(f"{STANDING}*.key"))


def _copy_keys(keys: Path, target: Path, new_seal: Callable[[], PassphraseSeal]) -> str:
    """Sealed ones as they are, so that no secret is needed; others under a passphrase of the backup's own."""
    target.mkdir(mode=0o700)
    lasting = [path for path in sorted(keys.glob("*.key")) if not path.stem.startswith(OF_A_DAY)]
    rest = rest_of(keys)
    if isinstance(rest, FileRest):
        try:
            seal = new_seal()
        except ValueError as error:
            raise RefusalError(str(error), "six random words, say") from None
        for path in lasting:
            _write(target / path.name, seal.seal(path.stem, path.read_bytes()))
        write_rest(target, seal.rest)
        return OWN_PASSPHRASE
    for path in [*lasting, keys / REST]:
        _write(target / path.name, path.read_bytes())
    return AS_HERE


def _copy_store(settings: Settings, target: Path) -> None:
    if not settings.database_url:
        if settings.database.exists():
            back_up_sqlite(settings.database, target / STORE)
        return
    parts = urllib.parse.urlsplit(settings.database_url)
    environment = dict(os.environ)
    if parts.password is not None:
        environment["PGPASSWORD"] = urllib.parse.unquote(parts.password)
        bare = parts.netloc.replace(f":{parts.password}@", "@", 1)
        parts = parts._replace(netloc=bare)
    program = shutil.which("pg_dump")
    if program is None:
        raise RefusalError("pg_dump is missing, which copies the database", "install PostgreSQL's client programs")
    command = [program, "--schema=ringfence", "--no-owner", f"--file={target / DUMP}", f"--dbname={parts.geturl()}"]
    os.close(os.open(target / DUMP, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    done = subprocess.run(command, env=environment, capture_output=True, check=False)  # noqa: S603 - the machine's own
    if done.returncode:
        raise RefusalError("pg_dump could not copy the database", "try it by hand: it says why")


def _copy_consoles(settings: Settings, target: Path) -> None:
    """Staff and members, where there are consoles."""
    databases = sorted(settings.console_dir.glob("*.db"))
    if databases:
        (target / CONSOLE).mkdir(mode=0o700)
    for path in databases:
        copy_people(path, target / CONSOLE / path.name)


def _copy_ledger(kms: Path, target: Path) -> str:
    """The checkpoint, and all entries that were whole a moment later: its tree follows from them."""
    ledger = kms / FOLDER
    try:
        note = (ledger / CHECKPOINT).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RefusalError("the ledger has no checkpoint yet", "one is signed a second after the first entry") from None
    _write(target / FOLDER / CHECKPOINT, note.encode())
    size = (ledger / ENTRIES).stat().st_size
    with (ledger / ENTRIES).open("rb") as source:
        descriptor = os.open(target / FOLDER / ENTRIES, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            while size > 0 and (data := source.read(min(COPY_BYTES, size))):
                os.write(descriptor, data)
                size -= len(data)
            _cut_to_lines(descriptor)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    if (kms / FORMER).exists():
        _write(target / FORMER, (kms / FORMER).read_bytes())
    return note


def _cut_to_lines(descriptor: int) -> None:
    """An entry that was being written as it was copied is none yet."""
    end = os.fstat(descriptor).st_size
    start = max(0, end - COPY_BYTES)
    tail = os.pread(descriptor, end - start, start)
    os.ftruncate(descriptor, start + tail.rfind(b"\n") + 1)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
