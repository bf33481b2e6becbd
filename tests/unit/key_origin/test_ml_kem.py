"""The bundle's ML-KEM-768, against published values and against the library that Python has."""

import hashlib
import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from tests.unit.key_origin.bundle_modules import evaluated

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "ml_kem_768.json").read_text())
Q, COEFFICIENTS = 3_329, 768
EACH = 96 + 1_088
AT_ONCE = 1_000


def of_seed(seed: bytes) -> tuple[MLKEM768PrivateKey, bytes]:
    private = MLKEM768PrivateKey.from_seed_bytes(seed)
    return private, private.public_key().public_bytes_raw()


def test_keys_of_nists_seeds_are_nists_in_both_implementations() -> None:
    vectors = VECTORS["key_generation"]["vectors"]
    body = """
        return given.seeds.map((seed) => {
            const key = kem.keyOf(bytes(seed));
            return [hex(key.publicBytes), hex(key.hash)];
        });
    """
    made = evaluated(body, "ml_kem/kem", seeds=[each["d"] + each["z"] for each in vectors])
    for (public, hashed), vector in zip(made, vectors, strict=True):
        seed = bytes.fromhex(vector["d"] + vector["z"])
        assert bytes.fromhex(public) == of_seed(seed)[1]
        assert hashed == hashlib.sha3_256(bytes.fromhex(public)).hexdigest() == vector["public_sha3_256"]


def accumulated(rounds: int) -> None:
    """CCTV's accumulated vectors: what ours makes of them, and what Python's library makes of ours."""
    stream = hashlib.shake_128(b"").digest(rounds * EACH)
    body = """
        const stream = bytes(given.stream);
        const drawn = (at, from, length) => stream.subarray(at + from, at + from + length);
        const made = [];
        for (let at = 0; at < stream.length; at += given.each) {
            const key = kem.keyOf(drawn(at, 0, 64));
            const { shared, ciphertext } = kem.encapsulate(key.publicBytes, drawn(at, 64, 32));
            const opened = [ciphertext, drawn(at, 96, 1088)].map((each) => hex(kem.decapsulate(key, each)));
            made.push([hex(key.publicBytes), hex(ciphertext), hex(shared), ...opened]);
        }
        return made;
    """
    ours, theirs = hashlib.shake_128(), hashlib.shake_128()
    for start in range(0, len(stream), AT_ONCE * EACH):
        part = stream[start : start + AT_ONCE * EACH]
        for number, made in enumerate(evaluated(body, "ml_kem/kem", stream=part, each=EACH)):
            public, ciphertext, shared, opened, chance = map(bytes.fromhex, made)
            assert opened == shared
            ours.update(public + ciphertext + shared + chance)
            drawn = part[number * EACH : (number + 1) * EACH]
            private, their_public = of_seed(drawn[:64])
            theirs.update(their_public + ciphertext + private.decapsulate(ciphertext) + private.decapsulate(drawn[96:]))
    expected = VECTORS["accumulated"]["shake128"][str(rounds)]
    assert (ours.hexdigest(32), theirs.hexdigest(32)) == (expected, expected)


def test_a_hundred_accumulated_vectors_hold_in_both_implementations() -> None:
    accumulated(100)


@pytest.mark.long
def test_ten_thousand_accumulated_vectors_hold_in_both_implementations() -> None:
    accumulated(10_000)


def test_what_either_encapsulates_the_other_opens_and_an_altered_ciphertext_opens_to_the_same_chance() -> None:
    seeds = [os.urandom(64) for _ in range(20)]
    keys = [of_seed(seed) for seed in seeds]
    secrets = [MLKEM768PublicKey.from_public_bytes(public).encapsulate() for _, public in keys]
    altered = []
    for _, ciphertext in secrets:
        bit = random.randrange(8 * len(ciphertext))
        changed = bytearray(ciphertext)
        changed[bit // 8] ^= 1 << bit % 8
        altered.append(bytes(changed))
    body = """
        return given.asked.map(([seed, ciphertext, altered]) => {
            const key = kem.keyOf(bytes(seed));
            const made = kem.encapsulate(key.publicBytes);
            const opened = [ciphertext, altered].map((each) => kem.decapsulate(key, bytes(each)));
            return [...opened, made.shared, made.ciphertext].map(hex);
        });
    """
    asked = list(zip(seeds, [ciphertext for _, ciphertext in secrets], altered, strict=True))
    for (private, _), (shared, _), wrong, made in zip(
        keys, secrets, altered, evaluated(body, "ml_kem/kem", asked=asked), strict=True
    ):
        opened, rejected, their_shared, their_ciphertext = map(bytes.fromhex, made)
        assert opened == shared != rejected == private.decapsulate(wrong)
        assert private.decapsulate(their_ciphertext) == their_shared


def test_what_is_no_key_or_ciphertext_is_refused() -> None:
    """FIPS 203, section 7.2: lengths, and each coefficient below q, at any place and of any size."""
    seed = os.urandom(64)
    public = bytearray(of_seed(seed)[1])
    hostile = []
    for place in (0, 1, COEFFICIENTS - 1, *random.sample(range(COEFFICIENTS), 40)):
        for value in (Q, Q + 1, 4_095, random.randrange(Q, 4_096)):
            packed = int.from_bytes(public[:1_152], "little")
            packed &= ~(0xFFF << 12 * place)
            packed |= value << 12 * place
            hostile.append(packed.to_bytes(1_152, "little") + bytes(public[1_152:]))
    hostile += [bytes(public[:-1]), bytes(public) + b"\0", b""]
    for each in hostile:
        with pytest.raises(ValueError):
            MLKEM768PublicKey.from_public_bytes(each)
    body = """
        const key = kem.keyOf(bytes(given.seed));
        return [
            await Promise.all(given.hostile.map((each) => refusal(() => kem.encapsulate(bytes(each)).shared.length))),
            await Promise.all([0, 1087, 1089].map((n) => refusal(() => kem.decapsulate(key, new Uint8Array(n)).at(0)))),
            await Promise.all([0, 32, 65].map((length) => refusal(() => kem.keyOf(new Uint8Array(length)).hash))),
            await refusal(() => kem.encapsulate(bytes(given.highest)).shared.length),
        ];
    """
    # All coefficients at q - 1, the highest that there is.
    highest = sum((Q - 1) << 12 * place for place in range(COEFFICIENTS)).to_bytes(1_152, "little") + bytes(32)
    publics, ciphertexts, seeds, taken = evaluated(body, "ml_kem/kem", seed=seed, hostile=hostile, highest=highest)
    assert (set(publics), ciphertexts, seeds, taken) == ({"key"}, ["sealed"] * 3, ["key"] * 3, [32])


def test_what_is_secret_of_a_key_and_a_message_is_wiped() -> None:
    body = """
        const key = kem.keyOf(bytes(given.seed));
        const message = bytes(given.message);
        kem.encapsulate(key.publicBytes, message);
        const before = [...key.secret, key.z].map((each) => each.some((value) => value !== 0));
        kem.wipe(key);
        return [before, [...key.secret, key.z, message].map((each) => each.some((value) => value !== 0))];
    """
    before, after = evaluated(body, "ml_kem/kem", seed=os.urandom(64), message=os.urandom(32))
    assert (set(before), set(after)) == ({True}, {False})


def test_compression_rounds_as_fractions_do() -> None:
    body = """
        return given.widths.map((width) => Array.from({ length: 3329 }, (_, x) => {
            const f = new Int32Array(256).fill(x);
            return encoding.compress(f, width)[255];
        }));
    """
    widths = (1, 4, 10)
    for width, made in zip(widths, evaluated(body, "ml_kem/encoding", widths=widths), strict=True):
        # Half is never met: q is odd.
        assert made == [((x << width) * 2 + Q) // (2 * Q) % (1 << width) for x in range(Q)]


def test_products_in_the_ring_are_those_of_schoolbooks() -> None:
    """And at the ends of what each step may be given, where a reduction that is a little short would show."""
    ends = [[0] * 256, [Q - 1] * 256, [1 - Q] * 256, [(-1) ** n * (Q - 1) for n in range(256)]]
    polynomials = [*ends, *([random.randrange(1 - Q, Q) for _ in range(256)] for _ in range(4))]
    body = """
        const turned = given.polynomials.map((each) => ring.ntt(Int32Array.from(each)));
        const product = (f, g) => ring.reduce(ring.inverseNtt(ring.product([f, f, f], [g, g, g])));
        return turned.map((f) => turned.map((g) => Array.from(product(f, g))));
    """
    made = evaluated(body, "ml_kem/ring", polynomials=polynomials)
    for f, row in zip(polynomials, made, strict=True):
        for g, found in zip(polynomials, row, strict=True):
            whole = multiplied(f, g)
            assert found == [3 * (whole[n] - whole[n + 256]) % Q for n in range(256)]


def multiplied(f: list[int], g: list[int]) -> list[int]:
    """The 512 coefficients of the product over the integers, of residues: all of it in one product of two numbers."""
    packed = [int.from_bytes(b"".join((x % Q).to_bytes(8, "little") for x in each), "little") for each in (f, g)]
    whole = (packed[0] * packed[1]).to_bytes(8 * 512, "little")
    return [int.from_bytes(whole[at : at + 8], "little") for at in range(0, len(whole), 8)]
