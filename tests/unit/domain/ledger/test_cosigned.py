"""Checkpoints that several witnesses sign while the log grows."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ringfence.domain.ledger.checkpoint import Checkpoint
from ringfence.domain.ledger.cosigned import cosigned_by, kept_with, most_cosigned, with_lines_of
from ringfence.domain.ledger.note import COSIGNATURE, NoteError, Signer, join_note, open_note, split_note

LOG = Signer("log", Ed25519PrivateKey.generate())
A, B, C = (Signer(name, Ed25519PrivateKey.generate(), COSIGNATURE) for name in ("a", "b", "c"))


def note(size: int, *witnesses: Signer, root: bytes = b"\x01" * 32) -> str:
    text = Checkpoint("log", size, root).text()
    return join_note(text, [LOG.sign(text), *(each.sign(text, 7) for each in witnesses)])


def signers(signed: str) -> list[str]:
    _, found = open_note(signed, [each.verifier for each in (LOG, A, B, C)])
    return sorted(each.verifier.name for each in found)


def test_who_signed_one_text_stand_in_one_note_each_once() -> None:
    together = with_lines_of(note(5, A), [note(4, C), note(5, A, B), note(5, B)])
    assert signers(together) == ["a", "b", "log"]
    assert len(split_note(together)[1]) == 3


def test_a_wrong_line_that_was_kept_gives_way_to_the_right_one() -> None:
    text = Checkpoint("log", 5, b"\x01" * 32).text()
    wrong = join_note(text, [LOG.sign(text), A.sign("another text\n", 7)])
    assert signers(with_lines_of(note(5, A), [wrong])) == ["a", "log"]


def test_the_last_two_texts_are_kept_and_the_one_that_most_signed_is_told() -> None:
    kept: list[str] = []
    for each in (note(3, A), note(4, A), note(4, B), note(6, A)):
        kept = kept_with(each, kept, 2)
    assert [signers(each) for each in kept] == [["a", "b", "log"], ["a", "log"]]
    assert signers(most_cosigned(kept)) == ["a", "b", "log"]
    kept = kept_with(note(6, B), kept, 2)
    assert most_cosigned(kept) == kept[-1]
    assert most_cosigned([]) == ""


def test_the_longest_of_what_most_of_the_named_signed_counts() -> None:
    notes = [note(3, A, B), note(4, A, C), note(5, C)]
    log = [LOG.verifier]
    two = cosigned_by(notes, log, [A.verifier, B.verifier])
    assert two is not None
    assert (two.checkpoint.size, [(each.verifier.name, each.at_s) for each in two.by]) == (3, [("a", 7), ("b", 7)])
    one = cosigned_by(notes, log, [A.verifier])
    assert one is not None
    assert one.checkpoint.size == 4
    assert cosigned_by(notes, log, [B.verifier, B.verifier]) is not None
    assert cosigned_by([note(3, A)], log, [B.verifier]) is None
    assert cosigned_by([], log, [A.verifier]) is None


def test_what_the_log_did_not_sign_and_wrong_signatures_are_refused() -> None:
    text = Checkpoint("log", 5, b"\x01" * 32).text()
    with pytest.raises(NoteError, match="not the log's"):
        cosigned_by([join_note(text, [A.sign(text, 7)])], [LOG.verifier], [A.verifier])
    with pytest.raises(NoteError, match="nobody known"):
        cosigned_by([join_note(text, [A.sign(text, 7)])], [LOG.verifier], [B.verifier])
    wrong = join_note(text, [LOG.sign(text), A.sign("else\n", 7)])
    with pytest.raises(NoteError, match="signature of a is wrong"):
        cosigned_by([wrong], [LOG.verifier], [A.verifier])
