"""A checkpoint has one form, and what differs from it is not one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.note import NoteError

ROOT = base64.b64encode(bytes(range(32))).decode()


def test_a_checkpoint_is_three_lines() -> None:
    text = f"log.example.org/ledger\n20852163\n{ROOT}\n"
    assert parse_checkpoint(text) == Checkpoint("log.example.org/ledger", 20_852_163, bytes(range(32)))
    assert parse_checkpoint(text).text() == text


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_written_is_read(size: int, root: bytes) -> None:
    checkpoint = Checkpoint("a", size, root)
    assert parse_checkpoint(checkpoint.text()) == checkpoint


def test_extensions_are_passed_over() -> None:
    assert parse_checkpoint(f"a\n1\n{ROOT}\nmore\nand more\n").size == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"a\n1\n{ROOT}",
        f"a\n1\n{ROOT}\n\n",
        f"a\n1\n{ROOT}\nmore\n\nmore\n",
        f"\n1\n{ROOT}\n",
        f"a\n01\n{ROOT}\n",
        f"a\n+1\n{ROOT}\n",
        f"a\n-1\n{ROOT}\n",
        f"a\n١\n{ROOT}\n",
        f"a\n{2**63}\n{ROOT}\n",
        f"a\n1\n{ROOT[:-4]}\n",
        f"a\n1\n{ROOT[:-1]}\n",
        f"a\n1\n{ROOT[:-2]}9=\n",
        "a\n1\n!\n",
        "a\n1\n",
    ],
)
def test_what_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(text)
