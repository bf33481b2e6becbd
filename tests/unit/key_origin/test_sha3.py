"""The bundle's SHA-3, against hashlib's."""

import hashlib
import os
import random

from tests.unit.key_origin.bundle_modules import evaluated

# Around each rate, where padding begins a block of its own.
EDGES = [rate + beside for rate in (72, 136, 168) for beside in (-2, -1, 0, 1)]


def test_each_function_hashes_as_hashlib_does_at_every_edge_and_in_parts() -> None:
    lengths = [*EDGES, 0, 1, *(random.randrange(2_000) for _ in range(60))]
    asked = [(os.urandom(length), random.randrange(length + 1), random.randrange(1, 600)) for length in lengths]
    body = """
        return given.asked.map(([all, at, length]) => {
            const parts = [bytes(all).subarray(0, at), bytes(all).subarray(at)];
            const next = sha3.shake128(...parts);
            const blocks = [next(), next(), next()].map(hex).join("");
            const whole = [sha3.sha3_256(...parts), sha3.sha3_512(...parts), sha3.shake256(length, ...parts)];
            return [...whole.map(hex), blocks];
        });
    """
    expected = [
        [
            hashlib.sha3_256(whole).hexdigest(),
            hashlib.sha3_512(whole).hexdigest(),
            hashlib.shake_256(whole).hexdigest(length),
            hashlib.shake_128(whole).hexdigest(3 * 168),
        ]
        for whole, _, length in asked
    ]
    assert evaluated(body, "sha3", asked=asked) == expected
