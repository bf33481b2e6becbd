"""The ledger's witnesses as they are set, and how it stands with each, in a file of the data folder."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from ringfence.domain.ledger.note import COSIGNATURE, NoteError, parse_verifier
from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.ports.witnesses import Witness, WitnessState

FILE = "witnesses.json"


class WitnessFile:
    """`ports.witnesses.WitnessStates`. Replaced as a whole; one that cannot be read is as if nothing was cosigned."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE

    def read(self) -> Mapping[str, WitnessState]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, WitnessState])
        except (OSError, msgspec.DecodeError, msgspec.ValidationError):
            # A witness tells by itself what it cosigned last.
            return {}

    def put(self, name: str, state: WitnessState) -> None:
        data = msgspec.json.encode({**self.read(), name: state})
        new = self._path.with_name(f"{FILE}.new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        new.replace(self._path)


def parse_witnesses(lines: Sequence[str]) -> tuple[Witness, ...]:
    """Witnesses written as `URL name+id+key`. ValueError for anything else, and for a name that stands twice."""
    found = tuple(_parse(line) for line in lines)
    if len({witness.name for witness in found}) != len(found):
        raise ValueError("two witnesses have one name")
    return found


def _parse(line: str) -> Witness:
    url, _, key = line.partition(" ")
    try:
        parse_url(url)
        verifier = parse_verifier(key.strip())
    except (InvalidUrlError, NoteError) as error:
        raise ValueError(f"expected URL and key as https://witness.example.org name+id+key: {error}") from None
    if verifier.algorithm != COSIGNATURE:
        raise ValueError("the key is a log's, and not a witness's")
    return Witness(url=url.rstrip("/"), verifier=verifier)
