"""Signed notes: a text, and below it who signed it with Ed25519.

A signature is over the text, or, from a witness, over the text and the time at which it was seen.
Source: C2SP, signed-note and tlog-cosignature.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = 1
COSIGNATURE = 4
MAX_NOTE_BYTES = 1 << 20
MAX_SIGNATURES = 100
_DASH = "\u2014 "
_KEY_BYTES = 32
_ID_BYTES = 4


class NoteError(Exception):
    """It is not a note, or not signed by whom it should be."""


class Verifier(NamedTuple):
    """A public key and whose it is. `algorithm` is 1 for a log's own, 4 for a witness's."""

    name: str
    key: bytes
    algorithm: int = ED25519

    @property
    def id(self) -> bytes:
        """Four bytes that tell the key from others of the same name."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes((self.algorithm,)) + self.key).digest()[:_ID_BYTES]

    def encode(self) -> str:
        """As people exchange it: name+id+key."""
        key = base64.b64encode(bytes((self.algorithm,)) + self.key).decode()
        return f"{self.name}+{self.id.hex()}+{key}"


class Signer:
    """A private key and whose it is. ValueError where a note cannot hold that name."""

    def __init__(self, name: str, key: Ed25519PrivateKey, algorithm: int = ED25519) -> None:
        if not _is_name(name):
            raise ValueError("a signer's name has no space and no plus")
        self._key = key
        self.verifier = Verifier(name, key.public_key().public_bytes_raw(), algorithm)

    def __repr__(self) -> str:
        return f"Signer({self.verifier.name})"

    def sign(self, text: str, at_s: int = 0) -> str:
        """The line that says so. A witness gives the time."""
        stamp = at_s.to_bytes(8) if self.verifier.algorithm == COSIGNATURE else b""
        signature = self._key.sign(_signed(self.verifier.algorithm, text, at_s))
        held = base64.b64encode(self.verifier.id + stamp + signature).decode()
        return f"{_DASH}{self.verifier.name} {held}\n"


class Signature(NamedTuple):
    """Somebody's signature that holds. `at_s` is 0 but for a witness's."""

    verifier: Verifier
    at_s: int


def parse_verifier(text: str) -> Verifier:
    """A key as `Verifier.encode` writes it. NoteError."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not _is_name(parts[0]):
        raise NoteError("not a key: expected name+id+key")
    held = _base64(parts[2])
    if len(held) != 1 + _KEY_BYTES or held[0] not in (ED25519, COSIGNATURE):
        raise NoteError("not an Ed25519 key")
    verifier = Verifier(parts[0], held[1:], held[0])
    if parts[1] != verifier.id.hex():
        raise NoteError("the key's id is another one's")
    return verifier


def join_note(text: str, lines: Iterable[str]) -> str:
    """The note of a text and the lines of its signers."""
    return f"{text}\n{''.join(lines)}"


def split_note(note: str) -> tuple[str, list[str]]:
    """The text of a note and its signature lines, not judged. NoteError where it is not one."""
    if len(note.encode(errors="replace")) > MAX_NOTE_BYTES:
        raise NoteError("the note is too long")
    if any(character < " " and character != "\n" for character in note):
        raise NoteError("the note holds control characters")
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NoteError("the note has no signatures")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES or any(not line.startswith(_DASH) for line in lines):
        raise NoteError("what is below the text are not signatures")
    return head + "\n", lines


def open_note(note: str, verifiers: Iterable[Verifier]) -> tuple[str, list[Signature]]:
    """The text, and who of `verifiers` signed it. NoteError where nobody did, or one of their signatures is wrong.

    Signatures of others are passed over.
    """
    text, lines = split_note(note)
    known = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    found: dict[Verifier, Signature] = {}
    for line in lines:
        name, held = _signed_line(line)
        verifier = known.get((name, held[:_ID_BYTES]))
        if verifier is not None and verifier not in found:
            found[verifier] = _check(verifier, text, held[_ID_BYTES:])
    if not found:
        raise NoteError("nobody known signed the note")
    return text, list(found.values())


def signer_of(line: str) -> tuple[str, bytes]:
    """Whose a signature line says that it is: name and key ID. NoteError."""
    name, held = _signed_line(line)
    return name, held[:_ID_BYTES]


def _signed_line(line: str) -> tuple[str, bytes]:
    name, space, encoded = line[len(_DASH) :].partition(" ")
    held = _base64(encoded)
    if not space or not _is_name(name) or len(held) <= _ID_BYTES:
        raise NoteError("a signature line is not one")
    return name, held


def _check(verifier: Verifier, text: str, signed: bytes) -> Signature:
    at_s = 0
    if verifier.algorithm == COSIGNATURE:
        at_s, signed = int.from_bytes(signed[:8]), signed[8:]
    try:
        Ed25519PublicKey.from_public_bytes(verifier.key).verify(signed, _signed(verifier.algorithm, text, at_s))
    except (InvalidSignature, ValueError):
        raise NoteError(f"the signature of {verifier.name} is wrong") from None
    return Signature(verifier, at_s)


def _signed(algorithm: int, text: str, at_s: int) -> bytes:
    if algorithm == COSIGNATURE:
        return f"cosignature/v1\ntime {at_s}\n{text}".encode()
    return text.encode()


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def _base64(text: str) -> bytes:
    try:
        held = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("a key or signature is not Base64") from None
    if base64.b64encode(held).decode() != text:
        raise NoteError("a key or signature is not Base64 as it is written")
    return held
