import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain.sealing.sha_states import BLOCK_BYTES, SHA1, SHA256, Sha


@pytest.mark.parametrize("sha", [SHA1, SHA256], ids=["sha1", "sha256"])
@settings(max_examples=60)
@given(st.binary(min_size=64, max_size=64), st.binary(max_size=300))
def test_a_resumed_hash_is_the_hash_of_the_whole(sha: Sha, block: bytes, message: bytes) -> None:
    state = sha.after(sha.initial, block)
    assert sha.resume(state, message) == hashlib.new(sha.name, block + message).digest()


@pytest.mark.parametrize("sha", [SHA1, SHA256], ids=["sha1", "sha256"])
@pytest.mark.parametrize("length", [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128])
def test_every_border_of_a_block(sha: Sha, length: int) -> None:
    block = b"b" * BLOCK_BYTES
    expected = hashlib.new(sha.name, block + b"m" * length).digest()
    assert sha.resume(sha.after(sha.initial, block), b"m" * length) == expected


@pytest.mark.parametrize("sha", [SHA1, SHA256], ids=["sha1", "sha256"])
def test_several_blocks_are_absorbed_in_order(sha: Sha) -> None:
    first, second = b"a" * 64, b"b" * 64
    assert sha.after(sha.initial, first + second) == sha.after(sha.after(sha.initial, first), second)
    assert sha.after(sha.initial, b"") == sha.initial


def test_digest_lengths() -> None:
    assert (SHA1.digest_bytes, SHA256.digest_bytes) == (20, 32)
