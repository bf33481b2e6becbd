"""The hybrid of ML-KEM-768 with X25519: X-Wing's vector, and RFC 9180 put together by hand as the second oracle."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed

# draft-connolly-cfrg-xwing-kem, appendix C, the first vector.
SEED = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
PUBLIC_BEGINS = "e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5b19cfc3da5fa1a92c49f25513e0fd30d"
PUBLIC_ENDS = "c8cd049040ef6534"
RECIPIENT = hpke.Recipient(SEED, hybrid=True)
X_WING, HKDF_SHA256, AES_256_GCM = 0x647A, 0x0001, 0x0002


def opened_by_hand(seed: bytes, sealed: bytes, info: bytes) -> bytes:
    """RFC 9180, section 5.1, over X-Wing's combiner, in the words of both documents."""
    expanded = hashlib.shake_256(seed).digest(96)
    mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
    of_mlkem, of_x25519, text = sealed[:1_088], sealed[1_088:1_120], sealed[1_120:]
    parts = [
        mlkem.decapsulate(of_mlkem),
        x25519.exchange(X25519PublicKey.from_public_bytes(of_x25519)),
        of_x25519,
        x25519.public_key().public_bytes_raw(),
        rb"\.//^" + b"\\",
    ]
    shared = hashlib.sha3_256(b"".join(parts)).digest()
    suite = b"HPKE" + b"".join(each.to_bytes(2, "big") for each in (X_WING, HKDF_SHA256, AES_256_GCM))

    def extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")

    def expand(key: bytes, label: bytes, context: bytes, length: int) -> bytes:
        return hmac.digest(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context + b"\1", "sha256")[
            :length
        ]

    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared, b"secret", b"")
    key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, text, b"")


def test_the_published_public_key_of_a_seed() -> None:
    public = RECIPIENT.public.hex()
    assert (len(RECIPIENT.public), public[: len(PUBLIC_BEGINS)], public[-16:]) == (1_216, PUBLIC_BEGINS, PUBLIC_ENDS)
    assert hpke.is_hybrid(RECIPIENT.public)


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_what_is_sealed_opens_by_us_and_by_hand(plaintext: bytes, info: bytes) -> None:
    sealed = hpke.seal(RECIPIENT.public, plaintext, info)
    assert len(sealed) == len(plaintext) + hpke.HYBRID_OVERHEAD_BYTES
    assert RECIPIENT.unseal(sealed, info) == opened_by_hand(SEED, sealed, info) == plaintext


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_one_flipped_bit_in_either_half_and_it_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(hpke.seal(RECIPIENT.public, b"k" * 32, b"info"))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(UnsealError):
        RECIPIENT.unseal(bytes(sealed), b"info")


def test_neither_kem_opens_what_was_sealed_by_the_other() -> None:
    classical = hpke.Recipient(SEED)
    for sealed, other in (
        (hpke.seal(RECIPIENT.public, b"k" * 32, b""), classical),
        (hpke.seal(classical.public, b"k" * 32, b""), RECIPIENT),
    ):
        with pytest.raises(UnsealError):
            other.unseal(sealed, b"")


def test_a_content_key_says_itself_of_which_kind_it_is() -> None:
    seed = slot_seed("secret", "SK1")
    for hybrid in (True, False):
        key = ContentKey.new("AC1", 3, hybrid=hybrid)
        sealed = key.seal_to_slot(slot_public(seed, hybrid=hybrid), "SK1")
        again = ContentKey.from_slot("AC1", 3, sealed, hpke.Recipient(seed, hybrid=hybrid), "SK1")
        assert (again.public, again.recipient.hybrid) == (key.public, hybrid)
        parent = ContentKey.new("AC0", 0, hybrid=hybrid)
        child = ContentKey.from_parent("AC1", 3, key.seal_to_parent(parent), parent)
        assert child.public == key.public
