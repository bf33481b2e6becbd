"""Who adds a slot shows that he holds the content key."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain.sealing.hpke import Recipient
from ringfence.domain.sealing.slot_proof import PROOF_BYTES, ProofKey, new_slot, prove

CONTENT = os.urandom(32)
PUBLIC = Recipient(CONTENT).public


def test_the_holder_of_the_content_key_proves_it() -> None:
    key = ProofKey()
    proof = prove(CONTENT, key.public, b"what")
    assert len(proof) == PROOF_BYTES
    assert key.holds(proof, PUBLIC, b"what")


def test_another_content_key_or_another_slot_or_another_question_does_not_hold() -> None:
    key = ProofKey()
    proof = prove(CONTENT, key.public, b"what")
    assert not key.holds(proof, PUBLIC, b"other")
    assert not key.holds(proof, Recipient(os.urandom(32)).public, b"what")
    assert not ProofKey().holds(proof, PUBLIC, b"what")
    assert not key.holds(prove(os.urandom(32), key.public, b"what"), PUBLIC, b"what")


def test_what_is_no_public_key_is_refused() -> None:
    for public in (b"", bytes(31), bytes(32)):  # the last makes a secret of zeros
        with pytest.raises(ValueError):
            prove(CONTENT, public, b"what")


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 2**32), st.binary(max_size=90)), max_size=4), st.data())
def test_every_part_of_a_slot_is_proved(boxes: list[tuple[int, bytes]], data: st.DataObject) -> None:
    told = new_slot("AC1", "PK1", 3, PUBLIC, boxes)
    other = data.draw(st.lists(st.tuples(st.integers(0, 2**32), st.binary(max_size=90)), max_size=4))
    assert (new_slot("AC1", "PK1", 3, PUBLIC, other) == told) is (other == boxes)
    assert new_slot("AC2", "PK1", 3, PUBLIC, boxes) != told
    assert new_slot("AC1", "PK2", 3, PUBLIC, boxes) != told
    assert new_slot("AC1", "PK1", 4, PUBLIC, boxes) != told
    assert new_slot("AC1", "PK1", 3, CONTENT, boxes) != told
