"""The record of 2022: lines in a file, which whoever may write the file may write anew."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from ringfence.drills.record import Change
from ringfence.ports.ledger import AccessEntry


class AuditFile:
    """A `drills.record.Record`. Who looks at it sees lines that read well."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / "audit.jsonl"

    def write(self, entries: Sequence[AccessEntry]) -> None:
        with self._path.open("ab") as file:
            file.writelines(msgspec.json.encode(entry) + b"\n" for entry in entries)

    def rewrite(self, change: Change) -> None:
        entries = change(self.entries())
        self._path.unlink()
        self.write(entries)

    def look(self) -> str:
        try:
            self.entries()
        except msgspec.DecodeError as error:
            return str(error)
        return ""

    def entries(self) -> list[AccessEntry]:
        return [msgspec.json.decode(line, type=AccessEntry) for line in self._path.read_bytes().splitlines()]

    def copy(self, directory: Path) -> "AuditFile":
        shutil.copytree(self._directory, directory)
        return AuditFile(directory)
