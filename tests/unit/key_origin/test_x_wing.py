"""The bundle's X-Wing and HPKE by it, against the draft's vectors and against what the key service seals."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from tests.unit.key_origin.bundle_modules import evaluated

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError

VECTORS: list[dict[str, str]] = json.loads((Path(__file__).parents[2] / "vectors" / "x_wing.json").read_text())[
    "vectors"
]


def test_the_drafts_vectors_hold() -> None:
    body = """
        return Promise.all(given.vectors.map(async ({ seed, eseed }) => {
            const pair = await xwing.pairOf(bytes(seed));
            const ephemeral = await x25519.pairOf(bytes(eseed).subarray(32));
            const message = bytes(eseed).subarray(0, 32);
            const made = await xwing.encapsulate(pair.publicBytes, { message, ephemeral });
            const opened = await xwing.decapsulate(pair, made.encapsulated);
            return [pair.publicBytes, made.encapsulated, made.shared, opened].map(hex);
        }));
    """
    for vector, made in zip(VECTORS, evaluated(body, "xwing", "x25519", vectors=VECTORS), strict=True):
        public, ciphertext, shared, opened = map(bytes.fromhex, made)
        assert public == hpke.Recipient(bytes.fromhex(vector["seed"]), hybrid=True).public
        assert hashlib.sha256(public).hexdigest() == vector["public_sha256"]
        assert hashlib.sha256(ciphertext).hexdigest() == vector["ciphertext_sha256"]
        assert shared == opened == bytes.fromhex(vector["shared"])


def test_what_either_side_seals_the_other_opens_and_nothing_that_was_altered() -> None:
    seed, texts = os.urandom(32), [os.urandom(n) for n in range(0, 60, 7)]
    recipient = hpke.Recipient(seed, hybrid=True)
    sealed = [hpke.seal(recipient.public, text, b"here") for text in texts]
    body = """
        const pair = await xwing.pairOf(bytes(given.seed));
        const here = Buffer.from("here");
        const unseal = async (each, by = pair, info = here) => hex(await hpke.unseal(by, bytes(each), info));
        const seal = async (each) => hex(await hpke.seal(pair.publicBytes, bytes(each), here));
        const far = { ...pair, lattice: new Uint8Array(64) };
        return [
            await Promise.all(given.sealed.map((each) => unseal(each))),
            await Promise.all(given.texts.map(seal)),
            [
                ...(await Promise.all(given.spoiled.map((each) => refusal(() => unseal(each))))),
                await refusal(() => unseal(given.sealed[0], pair, Buffer.from("there"))),
                await refusal(() => unseal(given.sealed[0], far)),
            ],
        ];
    """
    places = (0, 1_087, 1_088, 1_119, 1_120, len(sealed[1]) - 1)
    spoiled = [bytes(byte ^ (at == place) for at, byte in enumerate(sealed[1])) for place in places]
    # A point of small order makes a secret of zeros.
    spoiled += [
        sealed[1][:1_088] + bytes(32) + sealed[1][1_120:],
        sealed[1][:-1],
        sealed[1][:1_120],
        sealed[1][:40],
        b"",
    ]
    opened, made, refused = evaluated(body, "xwing", "hpke", seed=seed, texts=texts, sealed=sealed, spoiled=spoiled)
    assert opened == [text.hex() for text in texts]
    assert [recipient.unseal(bytes.fromhex(each), b"here") for each in made] == texts
    assert set(refused) <= {"sealed", "key"}
    for each in spoiled:
        with pytest.raises(UnsealError):
            recipient.unseal(each, b"here")


def test_a_pairs_half_of_x25519_can_be_taken_out_of_no_pair() -> None:
    body = """
        const pair = await xwing.pairOf(bytes(given.seed));
        const exported = (form) => crypto.subtle.exportKey(form, pair.privateKey);
        const taken = (form) => exported(form).then(() => "taken", (problem) => problem.name);
        return [await Promise.all(["jwk", "pkcs8", "raw"].map(taken)), pair.privateKey.extractable, Object.keys(pair)];
    """
    taken, extractable, held = evaluated(body, "xwing", seed=os.urandom(32))
    assert "taken" not in taken
    assert not extractable
    assert held == ["privateKey", "lattice", "publicBytes"]
