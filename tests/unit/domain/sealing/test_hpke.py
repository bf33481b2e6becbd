import pytest
from cryptography.hazmat.bindings._rust import openssl as rust_openssl
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError

PRIVATE = bytes.fromhex("497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d")
PUBLIC = "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c"


def test_the_published_vector_of_this_suite() -> None:
    """The HPKE working group's vectors, mode 0, suite 0x0020 0x0001 0x0002, sequence 0 (it has associated data)."""
    recipient = hpke.Recipient(PRIVATE)
    assert recipient.public.hex() == PUBLIC
    sealed = bytes.fromhex(
        "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256"
        "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a"
    )
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    opened = rust_openssl.hpke._decrypt_with_aad(hpke._SUITE, sealed, recipient._key, info=info, aad=b"Count-0")
    assert opened == b"Beauty is truth, truth beauty"


@settings(max_examples=50)
@given(st.binary(max_size=500), st.binary(max_size=60))
def test_what_was_sealed_to_a_public_key_opens_with_its_private_half(plaintext: bytes, info: bytes) -> None:
    sealed = hpke.seal(bytes.fromhex(PUBLIC), plaintext, info)
    assert hpke.Recipient(PRIVATE).unseal(sealed, info) == plaintext
    assert len(sealed) == len(plaintext) + hpke.OVERHEAD_BYTES == len(plaintext) + 48


@settings(max_examples=50)
@given(st.data())
def test_one_flipped_bit_and_it_does_not_open(data: st.DataObject) -> None:
    sealed = bytearray(hpke.seal(bytes.fromhex(PUBLIC), b"k" * 32, b"info"))
    # Bit 255 of an X25519 public key is not part of it (RFC 7748), but HPKE's key schedule covers the bytes as sent.
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(UnsealError):
        hpke.Recipient(PRIVATE).unseal(bytes(sealed), b"info")


def test_another_info_or_key_does_not_open() -> None:
    sealed = hpke.seal(bytes.fromhex(PUBLIC), b"k", b"info")
    with pytest.raises(UnsealError):
        hpke.Recipient(PRIVATE).unseal(sealed, b"other")
    with pytest.raises(UnsealError):
        hpke.Recipient(PRIVATE[::-1]).unseal(sealed, b"info")


@pytest.mark.parametrize("sealed", [b"", b"x" * 31, b"x" * 47, b"x" * 48, bytes(80)])
def test_bytes_that_were_never_sealed_do_not_open(sealed: bytes) -> None:
    with pytest.raises(UnsealError):
        hpke.Recipient(PRIVATE).unseal(sealed, b"info")


@pytest.mark.parametrize("public", [b"", b"x" * 31, bytes(32)])
def test_what_is_no_public_key_is_a_mistake_of_the_caller(public: bytes) -> None:
    with pytest.raises(ValueError):
        hpke.seal(public, b"k", b"info")
