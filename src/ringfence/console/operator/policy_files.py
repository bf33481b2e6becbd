"""Policies as files: a folder of `*.cedar`, ours or an operator's own, as statements that know their file and line.

Source: the grammar of Cedar policies, in which a statement ends with a semicolon outside strings and comments.
"""

import hashlib
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec

SUFFIX: Final = ".cedar"
FILE_MAX_BYTES: Final = 1 << 20
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|//[^\n]*|;|\s+|[^"/;\s]+|.')
_ID = re.compile(r'@id\s*\(\s*"((?:[^"\\]|\\.)*)"\s*\)')


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One policy as it is written. `line` is where it begins, after the comments before it; from 1."""

    file: str
    line: int
    text: str

    @property
    def name(self) -> str:
        """What its author calls it, and where it stands."""
        given = _ID.search(self.text)
        return f"{given[1]} ({self.place})" if given and given[1] else self.place

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}"

    def line_of(self, token: str) -> int:
        """The line of words that stand in it once; else the line where it begins."""
        if self.text.count(token) != 1:
            return self.line
        return self.line + self.text.count("\n", 0, self.text.index(token))


class Mistake(msgspec.Struct, frozen=True, kw_only=True):
    """Why a folder of policies cannot be used. `line` is 0 where it is none's."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.why}" if self.line else f"{self.file}: {self.why}"


class PolicyError(Exception):
    """Policies that cannot be used, and all that is wrong with them."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(str(each) for each in mistakes))
        self.mistakes = mistakes


class PolicyFolder(msgspec.Struct, frozen=True, kw_only=True):
    """What a folder's files hold, and of each its name and SHA-256, as `sha256sum` tells it: `support.cedar:3f1c…`."""

    statements: Sequence[Statement]
    digests: Sequence[str]


def shipped_policies() -> PolicyFolder:
    """Those of this package."""
    files = sorted(resources.files("ringfence.console").joinpath("policies").iterdir(), key=lambda file: file.name)
    return _folder({file.name: file.read_bytes() for file in files if file.name.endswith(SUFFIX)})


def policies_in(folder: Path) -> PolicyFolder:
    """A folder's own files, in the order of their names. PolicyError for none, and for one that anybody may write."""
    try:
        found = sorted(each for each in folder.iterdir() if each.suffix == SUFFIX)
    except OSError as error:
        raise PolicyError([Mistake(file=str(folder), line=0, why=error.strerror or "cannot be read")]) from None
    if not found:
        raise PolicyError([Mistake(file=str(folder), line=0, why=f"holds no *{SUFFIX}: nobody could do anything")])
    mistakes, texts = [], {}
    if folder.stat().st_mode & stat.S_IWOTH:
        mistakes.append(Mistake(file=str(folder), line=0, why="anybody may write into it: chmod o-w"))
    for file in found:
        try:
            state = file.stat()
            if state.st_mode & stat.S_IWOTH:
                raise ValueError("anybody may write it: chmod o-w")
            if state.st_size > FILE_MAX_BYTES:
                raise ValueError(f"is larger than {FILE_MAX_BYTES} bytes")
            texts[file.name] = file.read_bytes()
            texts[file.name].decode()
        except (OSError, ValueError) as error:
            why = (error.strerror or "cannot be read") if isinstance(error, OSError) else str(error)
            mistakes.append(Mistake(file=file.name, line=0, why=why))
    if mistakes:
        raise PolicyError(mistakes)
    return _folder(texts)


def _folder(texts: Mapping[str, bytes]) -> PolicyFolder:
    return PolicyFolder(
        statements=[each for name, text in texts.items() for each in read_statements(name, text.decode())],
        digests=[f"{name}:{hashlib.sha256(text).hexdigest()}" for name, text in texts.items()],
    )


def read_statements(file: str, text: str) -> list[Statement]:
    """What a file's text holds; what is left over at its end is a statement, too, and none that can be used."""
    return list(_split(file, text))


def _split(file: str, text: str) -> Iterator[Statement]:
    begun = -1
    for token in _TOKEN.finditer(text):
        if begun < 0 and not token[0].isspace() and not token[0].startswith("//"):
            begun = token.start()
        if token[0] == ";":
            yield Statement(file=file, line=_line(text, begun), text=text[begun : token.end()])
            begun = -1
    if begun >= 0:
        yield Statement(file=file, line=_line(text, begun), text=text[begun:])


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
