"""A keyed hash is an HMAC."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing.keyed_hash import KeyedHash

# RFC 4231, test cases 1, 2 and 6: a key shorter than a block, a key of few bytes, one longer than a block.
VECTORS = [
    (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (b"Jefe", b"what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
]


def test_the_vectors_of_the_standard():
    for key, message, digest in VECTORS:
        assert KeyedHash(key).digest(message).hex() == digest


@given(st.binary(max_size=200), st.lists(st.binary(max_size=200), max_size=4))
def test_it_answers_as_the_library_does_every_time(key, messages):
    keyed = KeyedHash(key)
    for message in messages:
        assert keyed.digest(message) == hmac.digest(key, message, "sha256")
