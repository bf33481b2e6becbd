"""The log files of an installation as records in order of time, and what has been added since."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from ringfence.roles.log_file import FOLDER, log_path

LEVELS = ("debug", "info", "warning", "error", "critical")
# What one look reads of one file: more than a rotation keeps only where somebody set a large `log_mb`.
READ_BYTES = 64 << 20


class Line(NamedTuple):
    """One line, as it was written and as it reads."""

    text: str
    fields: dict[str, Any]

    @property
    def at(self) -> str:
        return str(self.fields.get("at", ""))


class Wanted(NamedTuple):
    """Which lines: those of `roles` (of all, where it names none), from `level` up."""

    roles: tuple[str, ...]
    level: str

    def takes(self, role: str, level: str) -> bool:
        known = LEVELS.index(level) if level in LEVELS else len(LEVELS)
        return (not self.roles or role in self.roles) and known >= LEVELS.index(self.level)


class LogLines:
    """Reads what the roles of `data_dir` write. A line that is not whole yet is left for the next look."""

    def __init__(self, data_dir: Path, wanted: Wanted) -> None:
        self._data_dir = data_dir
        self._wanted = wanted
        self._seen: dict[str, _Place] = {}

    def recent(self, limit: int) -> list[Line]:
        """The last `limit` lines there are; `more` goes on after them."""
        lines = [line for role in self._roles() for line in self._read(role, with_former=True)]
        return sorted(lines, key=lambda line: line.at)[-limit:] if limit else []

    def more(self) -> list[Line]:
        """Lines that were added since the last look, oldest first."""
        lines = [line for role in self._roles() for line in self._read(role, with_former=False)]
        return sorted(lines, key=lambda line: line.at)

    def _roles(self) -> list[str]:
        folder = self._data_dir / FOLDER
        return sorted(path.stem for path in folder.glob("*.log")) if folder.is_dir() else []

    def _read(self, role: str, *, with_former: bool) -> Iterator[Line]:
        newest = log_path(self._data_dir, role)
        former = newest.with_name(f"{newest.name}.1")
        place = self._seen.get(role)
        if with_former:
            yield from self._parsed(role, _read_from(former, 0)[0])
        try:
            inode = newest.stat().st_ino
        except FileNotFoundError:
            return
        if place is not None and place.inode != inode:
            # It was moved away since: what was added before that is read first.
            if _inode(former) == place.inode:
                yield from self._parsed(role, _read_from(former, place.offset)[0])
            place = None
        data, offset = _read_from(newest, place.offset if place else 0)
        self._seen[role] = _Place(inode, offset)
        yield from self._parsed(role, data)

    def _parsed(self, role: str, lines: Iterable[str]) -> Iterator[Line]:
        for text in lines:
            try:
                fields = msgspec.json.decode(text, type=dict[str, Any])
            except msgspec.DecodeError:
                # Torn by a crash or a full disk.
                continue
            if self._wanted.takes(str(fields.get("role", role)), str(fields.get("level", "info"))):
                yield Line(text, fields)


class _Place(NamedTuple):
    inode: int
    offset: int


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return None


def _read_from(path: Path, offset: int) -> tuple[list[str], int]:
    """Whole lines from `offset` on, and where they end."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(offset, size - READ_BYTES))
            offset = file.tell()
            data = file.read(READ_BYTES)
    except FileNotFoundError:
        return [], 0
    whole = data[: data.rfind(b"\n") + 1]
    return whole.decode(errors="replace").splitlines(), offset + len(whole)
