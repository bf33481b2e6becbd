"""Numbered, checksummed migrations, forward only: which of them a database still lacks, and why none may be applied."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from importlib.resources import files

import msgspec

from ringfence.ports.store import StoreFailedError

_NAME = re.compile(r"(\d{4})_(\w+)\.sql")


class Migration(msgspec.Struct, frozen=True):
    """One step. `number` begins at 1 and leaves no gap."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


class NewerSchemaError(StoreFailedError):
    """A newer ringfence wrote this database. Run that one, or restore the backup made before it migrated."""


class ChangedMigrationError(StoreFailedError):
    """A migration of this database is not the one this program knows: the two must not be mixed."""


class UnmigratedError(StoreFailedError):
    """The database lacks migrations, and whoever opened it was not to apply them."""

    def __init__(self, steps: Sequence[Migration]) -> None:
        super().__init__(f"the database lacks {len(steps)} of this program's migrations")


class UnfitDatabaseError(StoreFailedError):
    """The database cannot hold the store: too old, not durable, read-only, no database at all, or another product's."""


def steps_in(package: str, folder: str) -> list[Migration]:
    """The steps that lie in `folder` of `package`, as NNNN_name.sql, in order."""
    found = []
    for file in files(package).joinpath(*folder.split("/")).iterdir():
        if name := _NAME.fullmatch(file.name):
            found.append(Migration(int(name[1]), name[2], file.read_text("utf-8")))
    return sorted(found, key=lambda step: step.number)


def lacking(applied: Mapping[int, str], steps: Sequence[Migration]) -> list[Migration]:
    """Those of `steps` that are not among the `applied` ones (number to checksum).

    Raises NewerSchemaError or ChangedMigrationError where the two do not fit together.
    """
    newest, known = max(applied, default=0), len(steps)
    if newest > known:
        raise NewerSchemaError(f"the database has schema {newest}, this program knows {known}")
    for step in steps:
        if applied.get(step.number, step.sha256) != step.sha256:
            raise ChangedMigrationError(f"migration {step.number} ({step.name}) is another than the one applied")
    return [step for step in steps if step.number not in applied]
