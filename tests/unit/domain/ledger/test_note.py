"""Notes are those of other programs, and a signature that is not right is never passed over."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.ledger.note import (
    COSIGNATURE,
    NoteError,
    Signer,
    Verifier,
    join_note,
    open_note,
    parse_verifier,
    split_note,
)

# The example of Go's package golang.org/x/mod/sumdb/note: key, text and signature.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = (
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
LOG = Signer("log.example.org/ledger", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
WITNESS = Signer("witness.example.org", Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64))), COSIGNATURE)


def test_another_programs_note_opens() -> None:
    verifier = parse_verifier(NEUMANN)
    text, signatures = open_note(join_note(TEXT, [SIGNATURE]), [verifier])
    assert text == TEXT
    assert [signature.verifier for signature in signatures] == [verifier]


def test_the_same_key_signs_the_same_line() -> None:
    signer = Signer("PeterNeumann", Ed25519PrivateKey.from_private_bytes(SEED))
    assert signer.verifier.encode() == NEUMANN
    assert signer.sign(TEXT) == SIGNATURE


def test_a_public_logs_key_is_read() -> None:
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert parse_verifier(text).encode() == text


def test_a_witness_signs_the_time_with_the_text() -> None:
    note = join_note(TEXT, [LOG.sign(TEXT), WITNESS.sign(TEXT, 1_700_000_000)])
    _, signatures = open_note(note, [LOG.verifier, WITNESS.verifier])
    assert [(one.verifier.name, one.at_s) for one in signatures] == [
        ("log.example.org/ledger", 0),
        ("witness.example.org", 1_700_000_000),
    ]
    line = WITNESS.sign(TEXT, 1_700_000_000)
    held = bytearray(base64.b64decode(line.split(" ")[2]))
    held[11] ^= 1
    backdated = f"\u2014 witness.example.org {base64.b64encode(held).decode()}\n"
    with pytest.raises(NoteError, match=r"signature of witness\.example\.org is wrong"):
        open_note(join_note(TEXT, [backdated]), [WITNESS.verifier])


def test_signatures_of_others_are_passed_over() -> None:
    note = join_note(TEXT, [SIGNATURE, LOG.sign(TEXT)])
    _, signatures = open_note(note, [LOG.verifier])
    assert [one.verifier.name for one in signatures] == ["log.example.org/ledger"]
    with pytest.raises(NoteError, match="nobody known"):
        open_note(note, [WITNESS.verifier])
    with pytest.raises(NoteError, match="nobody known"):
        open_note(note, [])


@given(st.integers(0, len(TEXT) - 2))
def test_a_changed_text_is_not_signed(at: int) -> None:
    changed = TEXT[:at] + ("X" if TEXT[at] != "X" else "Y") + TEXT[at + 1 :]
    with pytest.raises(NoteError, match="is wrong"):
        open_note(join_note(changed, [SIGNATURE]), [parse_verifier(NEUMANN)])


def test_a_wrong_signature_is_told_beside_a_right_one() -> None:
    wrong = LOG.sign("another text\n")
    with pytest.raises(NoteError, match=r"log\.example\.org/ledger is wrong"):
        open_note(join_note(TEXT, [SIGNATURE, wrong]), [parse_verifier(NEUMANN), LOG.verifier])


def test_a_key_of_another_kind_does_not_verify() -> None:
    # A log that could pass its own line off as a witness's, or the other way, would need no witness.
    as_witness = Verifier(LOG.verifier.name, LOG.verifier.key, COSIGNATURE)
    assert as_witness.id != LOG.verifier.id
    with pytest.raises(NoteError, match="nobody known"):
        open_note(join_note(TEXT, [LOG.sign(TEXT)]), [as_witness])


def test_a_text_may_hold_empty_lines() -> None:
    text = "one\n\ntwo\n"
    assert split_note(join_note(text, [LOG.sign(text)])) == (text, [LOG.sign(text)[:-1]])


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("", "no signatures"),
        (TEXT, "no signatures"),
        (join_note(TEXT, []), "no signatures"),
        (join_note(TEXT, [SIGNATURE])[:-1], "no signatures"),
        (join_note(TEXT, ["- PeterNeumann xxxx\n"]), "not signatures"),
        (join_note(TEXT, [SIGNATURE] * 101), "not signatures"),
        (join_note("a\tb\n", [SIGNATURE]), "control characters"),
        (join_note("a\r\n", [SIGNATURE]), "control characters"),
        ("x" * (1 << 20) + "\n\n" + SIGNATURE, "too long"),
        (join_note(TEXT, ["\u2014 PeterNeumann\n"]), "not one"),
        (join_note(TEXT, ["\u2014 PeterNeumann AAAA\n"]), "not one"),
        (join_note(TEXT, ["\u2014 Peter Neumann AAAA\n"]), "Base64"),
        (join_note(TEXT, ["\u2014 PeterNeumann !!!!!!!!\n"]), "Base64"),
        (join_note(TEXT, ["\u2014 PeterNeumann x08go/ZJkuB=\n"]), "Base64"),
        (join_note(TEXT, ["\u2014 PeterNeumann x08go/ZJkuBS9UG/\n"]), "is wrong"),
    ],
)
def test_what_is_not_a_note_is_refused(note: str, why: str) -> None:
    with pytest.raises(NoteError, match=why):
        open_note(note, [parse_verifier(NEUMANN)])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10Q=",
        "PeterNeumann+c74f20a3+!",
    ],
)
def test_what_is_not_a_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_verifier(text)


@given(st.text(max_size=80))
def test_no_garbage_opens(text: str) -> None:
    with pytest.raises(NoteError):
        open_note(text, [LOG.verifier])


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=40))
def test_what_is_signed_opens(line: str) -> None:
    text = f"{line}\n"
    assert open_note(join_note(text, [LOG.sign(text)]), [LOG.verifier])[0] == text


def test_a_signer_shows_no_key_and_needs_a_name() -> None:
    assert repr(LOG) == "Signer(log.example.org/ledger)"
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(ValueError, match="no space"):
            Signer(name, Ed25519PrivateKey.generate())
