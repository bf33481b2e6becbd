import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.domain.sealing import hkdf, hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.slots import ContentKey, slot_public, slot_seed

SECRET = "0123456789abcdef0123456789abcdef"
AC, SUB, SK = "AC" + "a" * 32, "AC" + "b" * 32, "SK" + "c" * 32


def same(left: ContentKey, right: ContentKey) -> bool:
    return left.public == right.public and left.bundle_key() == right.bundle_key()


def test_the_seed_is_what_the_port_says() -> None:
    seed = slot_seed(SECRET, SK)
    oracle = HKDF(SHA256(), length=32, salt=SK.encode(), info=b"ringfence/slot/v1")
    assert seed == oracle.derive(SECRET.encode())
    assert slot_public(seed) == hpke.Recipient(seed).public


def test_secret_and_credential_both_matter() -> None:
    assert len({slot_seed(SECRET, SK), slot_seed(SECRET, AC), slot_seed(SECRET[::-1], SK)}) == 3


@settings(max_examples=25)
@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.integers(0, 1_000))
def test_a_slot_opens_the_content_key_sealed_to_it(secret: str, generation: int) -> None:
    key = ContentKey.new(AC, generation)
    seed = slot_seed(secret, SK)
    sealed = key.seal_to_slot(slot_public(seed), SK)
    opened = ContentKey.from_slot(AC, generation, sealed, hpke.Recipient(seed), SK)
    assert same(opened, key)
    assert (opened.account, opened.generation) == (AC, generation)


def test_a_slot_opens_nothing_else() -> None:
    key = ContentKey.new(AC, 1)
    seed = slot_seed(SECRET, SK)
    sealed = key.seal_to_slot(slot_public(seed), SK)
    slot = hpke.Recipient(seed)
    wrong = hpke.Recipient(slot_seed(SECRET, AC))
    for account, generation, recipient, credential in (
        (SUB, 1, slot, SK),
        (AC, 0, slot, SK),
        (AC, 1, wrong, SK),
        (AC, 1, slot, AC),
    ):
        with pytest.raises(UnsealError):
            ContentKey.from_slot(account, generation, sealed, recipient, credential)


def test_a_parent_opens_its_subaccounts_content_key() -> None:
    parent, child = ContentKey.new(AC, 3), ContentKey.new(SUB, 0)
    for sealed in (child.seal_to_parent(parent), child.seal_to_parent((AC, 3, parent.public))):
        opened = ContentKey.from_parent(SUB, 0, sealed, parent)
        assert same(opened, child)
        assert (opened.account, opened.generation) == (SUB, 0)


def test_only_that_parent_does_and_only_that_child() -> None:
    parent, child = ContentKey.new(AC, 3), ContentKey.new(SUB, 0)
    sealed = child.seal_to_parent(parent)
    for account, generation, holder in (
        (SUB, 1, parent),
        (AC, 0, parent),
        (SUB, 0, ContentKey.new(AC, 3)),
    ):
        with pytest.raises(UnsealError):
            ContentKey.from_parent(account, generation, sealed, holder)


def test_a_parents_generation_is_part_of_the_seal() -> None:
    private = b"p" * 32
    sealed = ContentKey.new(SUB, 0).seal_to_parent(ContentKey(AC, 3, private))
    for other in (ContentKey(AC, 2, private), ContentKey(SUB, 3, private)):
        with pytest.raises(UnsealError):
            ContentKey.from_parent(SUB, 0, sealed, other)


def test_a_slots_copy_is_not_a_parents_copy() -> None:
    private = b"p" * 32
    key = ContentKey.new(SUB, 0)
    with pytest.raises(UnsealError):
        ContentKey.from_parent(SUB, 0, key.seal_to_slot(hpke.Recipient(private).public, AC), ContentKey(AC, 0, private))


def test_new_keys_differ_and_their_bundle_keys_are_not_the_private_half() -> None:
    keys = [ContentKey.new(AC, 0) for _ in range(10)]
    assert len({key.public for key in keys}) == 10
    assert len({key.bundle_key() for key in keys}) == 10
    fixed = ContentKey(AC, 0, bytes(range(32)))
    assert fixed.bundle_key() == hkdf.derive(bytes(range(32)), b"", b"ringfence/bundle/v1")


def test_the_repr_names_no_key() -> None:
    assert repr(ContentKey(AC, 2, bytes(32))) == f"ContentKey({AC}, 2)"
