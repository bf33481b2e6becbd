"""What is said to a witness, byte for byte as C2SP's tlog-witness shows it, and what of its answers is believed."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.domain.ledger.checkpoint import Checkpoint
from ringfence.domain.ledger.note import COSIGNATURE, NoteError, Signer, join_note
from ringfence.domain.ledger.witness_request import cosignature_in, read_size, request_body


def signer(name: str, algorithm: int = COSIGNATURE) -> Signer:
    return Signer(name, Ed25519PrivateKey.generate(), algorithm)


LOG = signer("log.example", 1)
TEXT = Checkpoint("log.example", 5, bytes(32)).text()
NOTE = join_note(TEXT, [LOG.sign(TEXT)])


def test_the_body_is_size_proof_blank_line_and_checkpoint() -> None:
    lines = request_body(4, [b"\x01" * 32], NOTE).decode().split("\n", 3)
    assert lines[:3] == ["old 4", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", ""]
    assert lines[3] == NOTE
    assert request_body(0, [], NOTE).startswith(b"old 0\n\nlog.example\n5\n")


@pytest.mark.parametrize(("body", "size"), [(b"0\n", 0), (b"20852014\n", 20852014), (b"7", 7)])
def test_a_size_is_read(body: bytes, size: int) -> None:
    assert read_size(body) == size


@pytest.mark.parametrize("body", [b"", b"\n", b"-1\n", b"07\n", b"1 2\n", b"nan\n", b"\xff\n", b"9" * 40])
def test_what_is_no_size_is_not(body: bytes) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_size(body)


def test_the_cosignature_of_the_witness_alone_is_found_among_others() -> None:
    witness, other = signer("witness.example"), signer("other.example")
    answer = other.sign(TEXT, 7) + witness.sign(TEXT, 1_700_000_000)
    line, at_s = cosignature_in(answer.encode(), NOTE, witness.verifier)
    assert (f"{line}\n", at_s) == (witness.sign(TEXT, 1_700_000_000), 1_700_000_000)


def test_a_signature_over_another_checkpoint_or_of_nobody_known_is_none() -> None:
    witness = signer("witness.example")
    other_text = Checkpoint("log.example", 6, bytes(32)).text()
    for answer in (witness.sign(other_text, 5), signer("witness.example").sign(TEXT, 5), "", "hello\n", "\u2014 x\n"):
        with pytest.raises(NoteError):
            cosignature_in(answer.encode(), NOTE, witness.verifier)
    with pytest.raises(NoteError):
        cosignature_in(b"\xff\xfe", NOTE, witness.verifier)
