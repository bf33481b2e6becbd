"""`ringfence ledger witness`: follow somebody's ledger from outside, and raise the alarm where it was changed."""

import base64
import binascii
import http.client
import os
import time
import urllib.parse
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.cli.ledger_cosigners import Cosigners, tell_cosigned
from ringfence.cli.terminal import Terminal
from ringfence.domain.how_many import how_many
from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.cosigned import Cosigned
from ringfence.domain.ledger.merkle import HASH_BYTES
from ringfence.domain.ledger.note import COSIGNATURE, NoteError, Signer, Verifier, open_note, parse_verifier, split_note
from ringfence.domain.ledger.proof import consistency_proof
from ringfence.domain.ledger.tile import Tile, TileHashes, tile_path
from ringfence.domain.ledger.witness import ForkError, Seen, follow
from ringfence.roles.refusal import RefusalError

TIMEOUT_S = 20
LARGEST_BYTES = 1 << 20
NOTE = "checkpoint"
COSIGNED = "cosigned"
KEY = "key"
SEED = "witness.key"
Fetch = Callable[[str], bytes]


def witness(source: str, folder: Path, *, key: str | None, name: str, cosigners: Cosigners | None = None) -> None:
    """Look once: fetch the checkpoint, see that the ledger kept in `folder` is its beginning, cosign and keep it.

    `source` is an installation's URL or an exported folder. What enough of `cosigners` signed must be of one ledger
    with what is shown. RefusalError where the ledger cannot be had, or is not what it was: what was shown is kept
    beside the last good checkpoint then.
    """
    fetch = _over_http(source) if "://" in source else _from_folder(Path(source))
    folder.mkdir(parents=True, exist_ok=True)
    known = _trusted(folder, key)
    note = _text(fetch(NOTE))
    # Who knows a newer key takes an older one's word no more.
    shown = _opened(note, known[-1:], source)
    followed = _successors(note, shown, known[-1], source)
    before = _kept(folder, known)
    seen = Seen() if before is None else Seen(before.size, before.root)
    hashes = TileHashes(lambda tile: _tile(fetch, tile), max(shown.size, seen.size))
    try:
        proof = consistency_proof(hashes, seen.size, shown.size) if seen.size <= shown.size else []
        follow(seen, seen.size, shown, proof)
    except ValueError as error:
        # A tile that is cut off shows nothing, either way.
        raise RefusalError(
            f"{source} does not show that it goes on from entry {seen.size}: {error}",
            "try again; where it never does, ask who runs it, and tell its tenants",
        ) from None
    except ForkError as error:
        evidence = _evidence(folder, note, shown, hashes)
        raise RefusalError(
            f"the ledger at {source} was changed: {error}",
            f"{evidence} and {folder / NOTE} are both signed by its key: {_proof(seen.size, shown.size)}. "
            "Tell its tenants",
        ) from None
    cosigned = _cosigned(fetch, cosigners, known, note, folder) if cosigners and cosigners.required else None
    signer = Signer(name, _seed(folder / SEED), COSIGNATURE)
    text, _ = split_note(note)
    _replace(folder / NOTE, note + signer.sign(text, int(time.time())))
    if followed:
        _replace(folder / KEY, "".join(f"{verifier.encode()}\n" for verifier in (*known, *followed)))
    grew = shown.size - seen.size
    for verifier in followed:
        Terminal().say(f"the ledger's key was rotated: {verifier.encode()}")
    Terminal().say(
        f"{how_many(shown.size, 'entry')}, {grew} of them new, nothing before them changed; cosigned by {name}"
    )
    if cosigned is not None:
        tell_cosigned(cosigned, shown.size)


def _cosigned(
    fetch: Fetch, cosigners: Cosigners, known: Sequence[Verifier], note: str, folder: Path
) -> Cosigned | None:
    """What enough witnesses signed of the ledger that is shown: one that others are shown too."""
    signed = _text(fetch(COSIGNED))
    found = cosigners.checked([signed], known)
    if found is None:
        return None
    shown = parse_checkpoint(split_note(note)[0])
    older, newer = sorted((found.checkpoint, shown), key=lambda each: each.size)
    hashes = TileHashes(lambda tile: _tile(fetch, tile), newer.size)
    try:
        follow(Seen(older.size, older.root), older.size, newer, consistency_proof(hashes, older.size, newer.size))
    except (ForkError, ValueError) as error:
        evidence = folder / f"fork-{time.time_ns()}"
        evidence.write_text(note, encoding="utf-8")
        evidence.with_name(f"{evidence.name}-cosigned").write_text(signed, encoding="utf-8")
        raise RefusalError(
            f"another ledger is shown than its witnesses signed: {error}",
            f"{evidence} is what was shown, and {evidence.name}-cosigned what they signed. Tell its tenants",
        ) from None
    return found


def _evidence(folder: Path, note: str, shown: Checkpoint, hashes: TileHashes) -> Path:
    """Where a checkpoint of what is shown now is kept: the first one that was, while it goes on from that."""
    for path in sorted(folder.glob("fork-*")):
        try:
            kept = parse_checkpoint(split_note(path.read_text(encoding="utf-8"))[0])
            proof = consistency_proof(hashes, kept.size, shown.size) if kept.size <= shown.size else []
            follow(Seen(kept.size, kept.root), kept.size, shown, proof)
        except (ForkError, NoteError, ValueError):
            continue
        return path
    evidence = folder / f"fork-{time.time_ns()}"
    evidence.write_text(note, encoding="utf-8")
    return evidence


def _proof(seen: int, shown: int) -> str:
    """What two checkpoints of so many entries, that do not follow from each other, come to."""
    if seen == shown:
        return "together they prove it"
    return "whoever runs it must show how the longer one begins with the shorter, and cannot"


def _trusted(folder: Path, key: str | None) -> list[Verifier]:
    """The key to believe: given the first time, and the same ever after, with those that it led to behind it."""
    path = folder / KEY
    held = path.read_text(encoding="utf-8").split() if path.exists() else []
    if not held and key is None:
        raise RefusalError(
            "the ledger's key is not known yet", "give --key once: `ringfence ledger checkpoint --key` prints it there"
        )
    if held and key is not None and key not in held:
        raise RefusalError(
            f"{path} holds another key", "a ledger keeps its key for good: another one is another ledger"
        )
    try:
        known = [parse_verifier(text) for text in held or [key or ""]]
    except NoteError as error:
        raise RefusalError(f"--key: {error}", "copy it whole, as name+id+key", exit_code=2) from None
    if not held:
        _replace(path, known[0].encode() + "\n")
    return known


def _successors(note: str, shown: Checkpoint, newest: Verifier, source: str) -> list[Verifier]:
    """Keys that the checkpoint names behind the newest one known, each of which signed it too."""
    if newest.encode() not in shown.keys:
        return []
    named = shown.keys[shown.keys.index(newest.encode()) + 1 :]
    try:
        found = [parse_verifier(text) for text in named]
    except NoteError as error:
        raise RefusalError(f"the checkpoint of {source} names a key that is none: {error}", "ask who runs it") from None
    for verifier in found:
        _opened(note, [verifier], source)
    return found


def _opened(note: str, verifiers: Sequence[Verifier], source: str) -> Checkpoint:
    try:
        text, _ = open_note(note, verifiers)
        found = parse_checkpoint(text)
    except NoteError as error:
        raise RefusalError(
            f"the checkpoint of {source}: {error}", "ask who runs it: its key is not the one kept"
        ) from None
    if found.origin != verifiers[0].name:
        raise RefusalError(f"the checkpoint of {source} is another ledger's", "ask who runs it")
    return found


def _kept(folder: Path, known: Sequence[Verifier]) -> Checkpoint | None:
    path = folder / NOTE
    if not path.exists():
        return None
    return _opened(path.read_text(encoding="utf-8"), known, str(path))


def _tile(fetch: Fetch, tile: Tile) -> bytes:
    data = fetch(tile_path(tile))
    if len(data) != tile.width * HASH_BYTES:
        raise ValueError(f"{tile_path(tile)} has another length")
    return data


def _over_http(source: str) -> Fetch:
    parts = urllib.parse.urlsplit(source)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise RefusalError(f"{source!r} is no address of an installation", "use http:// or https://", exit_code=2)
    prefix = parts.path.rstrip("/") + "/ledger/"
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection

    def fetch(path: str) -> bytes:
        connection = connect(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        try:
            connection.request("GET", prefix + path)
            answer = connection.getresponse()
            data = answer.read(LARGEST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise RefusalError(f"{source} does not answer ({type(error).__name__})", "try again later") from None
        finally:
            connection.close()
        if answer.status != 200:
            raise RefusalError(f"{source} answered {answer.status} for {path}", "try again later, and ask who runs it")
        return data

    return fetch


def _from_folder(source: Path) -> Fetch:
    def fetch(path: str) -> bytes:
        try:
            return (source / path).read_bytes()
        except OSError:
            raise RefusalError(f"{source / path} cannot be read", "export the ledger there again") from None

    return fetch


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except ValueError:
        raise RefusalError("the checkpoint is not text", "ask who runs it") from None


def _seed(path: Path) -> Ed25519PrivateKey:
    """The witness's own key, made the first time."""
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_text(encoding="ascii"), validate=True))
    except FileNotFoundError:
        seed = os.urandom(32)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(base64.b64encode(seed).decode())
        return Ed25519PrivateKey.from_private_bytes(seed)
    except (ValueError, binascii.Error):
        raise RefusalError(
            f"{path} is damaged", "restore it, or delete it: the witness then signs with another"
        ) from None


def _replace(path: Path, text: str) -> None:
    new = path.with_name(path.name + ".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
