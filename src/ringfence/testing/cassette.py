"""What a program and the real service said to each other, in a file that one can read, review and keep.

One exchange after the other: the method, the path, the fields, the status and the answer, scrubbed.
"""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl

import msgspec

from ringfence.testing.programs import Answered, Asked
from ringfence.testing.scrubber import Scrubber

FORMAT = 1
FORM_TYPE = "application/x-www-form-urlencoded"


class CassetteError(AssertionError):
    """The cassette is not there, cannot be read, or does not have what was asked."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its answer. `kind` is api for one of the program, webhook for one to it.

    `answer` is decoded JSON, or a text; of other bytes their number is kept.
    """

    kind: Literal["api", "webhook"]
    method: str
    path: str
    fields: dict[str, Any]
    status: int
    content_type: str = ""
    answer: Any = None

    def __repr__(self) -> str:
        return f"Exchange({self.kind}, {self.method}, {self.status})"

    def answered(self) -> Answered:
        """The answer as it is given when the cassette is played."""
        if isinstance(self.answer, str):
            body = self.answer.encode()
        elif isinstance(self.answer, int):
            body = bytes(self.answer)
        else:
            body = b"" if self.answer is None else msgspec.json.encode(self.answer)
        return Answered(status=self.status, headers=(("content-type", self.content_type),), body=body)


class _File(msgspec.Struct, frozen=True, kw_only=True):
    cassette: int
    keep: list[str]
    exchanges: list[Exchange]


def read_cassette(path: Path) -> list[Exchange]:
    """What was recorded. CassetteError says how to record where there is nothing to read."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        raise CassetteError(f"no cassette at {path} → record it: pytest --ringfence-record") from None
    except (OSError, msgspec.DecodeError) as error:
        raise CassetteError(f"{path}: {error} → record it anew: pytest --ringfence-record") from None
    if found.cassette != FORMAT:
        raise CassetteError(f"{path}: of format {found.cassette}, not {FORMAT} → record it anew")
    return found.exchanges


def write_cassette(path: Path, keep: Collection[str], exchanges: Sequence[Exchange]) -> None:
    """Replace the file in one step, so that test processes beside this one never read half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = msgspec.json.encode(_File(cassette=FORMAT, keep=sorted(keep), exchanges=list(exchanges)))
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_bytes(msgspec.json.format(written, indent=2) + b"\n")
    beside.replace(path)


def scrubbed(kind: Literal["api", "webhook"], asked: Asked, answered: Answered, scrubber: Scrubber) -> Exchange:
    """An exchange as it may be kept: no header of the request, and no value that was not meant to be kept."""
    content_type = dict(answered.headers).get("content-type", "").partition(";")[0]
    return Exchange(
        kind=kind,
        method=asked.method,
        path=scrubber.identifiers(asked.path),
        fields={name: scrubber.field(name, value) for name, value in fields_of(asked).items()},
        status=answered.status,
        content_type=content_type,
        answer=_answer(answered.body, content_type, scrubber),
    )


def fields_of(asked: Asked) -> dict[str, Any]:
    """The fields of query and form, or of a JSON object; those that come more than once as lists."""
    found: dict[str, Any] = {}
    kind = next((value for name, value in asked.headers if name.lower() == "content-type"), "")
    pairs = parse_qsl(asked.query, keep_blank_values=True)
    if kind.startswith(FORM_TYPE):
        pairs += parse_qsl(asked.body.decode(errors="replace"), keep_blank_values=True)
    elif asked.body:
        decoded = _json(asked.body) if kind.startswith("application/json") else None
        found |= decoded if isinstance(decoded, dict) else {"(bytes)": len(asked.body)}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        else:
            found[name] = [*(found[name] if isinstance(found[name], list) else [found[name]]), value]
    return found


def _answer(body: bytes, content_type: str, scrubber: Scrubber) -> Any:
    if not body:
        return None
    if content_type.endswith("json") and (decoded := _json(body)) is not None:
        return scrubber.field("", decoded)
    if content_type.endswith("xml") or body.lstrip().startswith(b"<"):
        return scrubber.document(body.decode(errors="replace"))
    return scrubber.field("text", body.decode()) if content_type.startswith("text/") else len(body)


def _json(body: bytes) -> Any:
    """What it holds; None where it is no JSON, or null."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
