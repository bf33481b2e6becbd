"""The files of a duty that pass between people: an officer's key, a request, an answer.

An officer's key is sealed by a passphrase (Argon2id, RFC 9106). The request says all that an officer has to judge, and
holds the duty's declaration with the officers' own sealed halves, so that an answer needs no installation.
"""

import os
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from ringfence.cli.private_file import write_private
from ringfence.domain.retention.declaration import Declaration
from ringfence.domain.retention.officer import OfficerKey, new_seed
from ringfence.domain.retention.opening import Answer, Request
from ringfence.domain.sealing.hpke import Recipient
from ringfence.kms.key_move import overwrite, sync
from ringfence.kms.key_rest import KeyFileError, PassphraseRest, WrongSecretError
from ringfence.kms.passphrase_seal import PASSPHRASE_MIN, PassphraseSeal
from ringfence.roles.refusal import RefusalError

SIZE_MAX_BYTES = 1 << 20


class OfficerFile(msgspec.Struct, frozen=True, kw_only=True, tag="officer-key", tag_field="ringfence"):
    """An officer's seed, sealed by the passphrase that `rest` tells of."""

    name: str
    rest: PassphraseRest
    sealed: bytes


class RequestFile(msgspec.Struct, frozen=True, kw_only=True, tag="duty-request", tag_field="ringfence"):
    """What officers are asked to agree to."""

    request: Request
    declaration: Declaration


class SessionFile(msgspec.Struct, frozen=True, kw_only=True, tag="duty-request-key", tag_field="ringfence"):
    """The private half of a request's own key: whoever has it and two answers, has the duty's key."""

    private: bytes

    def __repr__(self) -> str:
        return "SessionFile(…)"


class AnswerFile(msgspec.Struct, frozen=True, kw_only=True, tag="duty-answer", tag_field="ringfence"):
    """An officer's answer to the request of that digest."""

    digest: bytes
    answer: Answer


AnyFile = OfficerFile | RequestFile | SessionFile | AnswerFile
T = TypeVar("T", OfficerFile, RequestFile, SessionFile, AnswerFile)
_WHAT: dict[type[AnyFile], Literal["an officer's key", "a request", "a request's key", "an officer's answer"]] = {
    OfficerFile: "an officer's key",
    RequestFile: "a request",
    SessionFile: "a request's key",
    AnswerFile: "an officer's answer",
}


def write_new(path: Path, what: AnyFile) -> None:
    """Write a file that there is not yet, for its owner alone, durably. RefusalError."""
    write_private(path, msgspec.json.format(msgspec.json.encode(what)) + b"\n")


def read_file(path: Path, kind: type[T]) -> T:
    """A file of that kind. RefusalError."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_MAX_BYTES + 1)
        return msgspec.json.decode(data, type=kind)
    except OSError as error:
        raise RefusalError(f"{path}: {error.strerror}", f"name the file of {_WHAT[kind]}") from None
    except msgspec.DecodeError:
        raise RefusalError(f"{path} is not the file of {_WHAT[kind]}", "name the right one") from None


def destroy(path: Path) -> None:
    """Overwrite a file, then remove it, each durably."""
    overwrite(path)
    path.unlink()
    sync(path.parent)


def make_officer(name: str, passphrase: bytes) -> tuple[OfficerFile, OfficerKey]:
    """A new officer's key. RefusalError for a passphrase that is none."""
    seed = new_seed()
    key = OfficerKey(name, seed)
    try:
        seal = PassphraseSeal.new(passphrase)
    except ValueError as error:
        raise RefusalError(str(error), f"{PASSPHRASE_MIN} characters or more: six random words, say") from None
    return OfficerFile(name=name, rest=seal.rest, sealed=seal.seal(name, seed)), key


def open_officer(file: OfficerFile, passphrase: bytes) -> OfficerKey:
    """The key in its file. RefusalError."""
    try:
        return OfficerKey(file.name, PassphraseSeal(file.rest, passphrase).unseal(file.name, file.sealed))
    except WrongSecretError:
        raise RefusalError("that passphrase does not open this officer's key", "give the right one") from None
    except (KeyFileError, ValueError):
        raise RefusalError("the officer's key is damaged", "take its copy") from None


def new_session() -> tuple[SessionFile, Recipient]:
    """A key for one request."""
    session = SessionFile(private=os.urandom(32))
    return session, Recipient(session.private)
