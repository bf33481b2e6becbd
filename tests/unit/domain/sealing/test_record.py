import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.sealing import hkdf
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.record import EpochRecords, RecordSealer, open_field, seal_field
from ringfence.domain.sid import new_sid

EPOCH_KEY = bytes(range(32))
AC, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
SM, SM2 = "SM" + "c" * 32, "SM" + "d" * 32

sids = st.builds(new_sid, st.sampled_from(["SM", "MM", "ME"]), st.integers(0, 2**48 - 1))


@given(sids, st.sampled_from(["content", "media"]), st.binary(max_size=4_000))
def test_a_record_opens_with_the_epochs_key_and_with_its_own(sid: str, field: str, plaintext: bytes) -> None:
    sealer = RecordSealer(EPOCH_KEY, AC)
    sealed = sealer.seal(sid, field, plaintext)
    assert sealer.open(sid, field, sealed) == plaintext
    assert open_field(sealer.key(sid), AC, sid, field, sealed) == plaintext
    assert sealer.open(sid, field, seal_field(sealer.key(sid), AC, sid, field, plaintext)) == plaintext


@given(sids, sids)
def test_each_record_has_a_key_of_its_own(first: str, second: str) -> None:
    records = EpochRecords(EPOCH_KEY)
    assert (records.key(first) == records.key(second)) == (first == second)


def test_the_record_key_is_hkdf_of_epoch_key_and_sid() -> None:
    expected = hkdf.derive(EPOCH_KEY, b"ringfence/record/v1", SM.encode())
    assert EpochRecords(EPOCH_KEY).key(SM) == expected == RecordSealer(EPOCH_KEY, AC).key(SM)


@pytest.mark.parametrize(
    ("epoch_key", "account", "sid", "field"),
    [
        (EPOCH_KEY[::-1], AC, SM, "content"),
        (EPOCH_KEY, OTHER, SM, "content"),
        (EPOCH_KEY, AC, SM2, "content"),
        (EPOCH_KEY, AC, SM, "media"),
    ],
    ids=["epoch", "tenant", "record", "field"],
)
def test_a_ciphertext_moved_elsewhere_does_not_open(epoch_key: bytes, account: str, sid: str, field: str) -> None:
    sealed = RecordSealer(EPOCH_KEY, AC).seal(SM, "content", b"text")
    with pytest.raises(UnsealError):
        RecordSealer(epoch_key, account).open(sid, field, sealed)


def test_a_record_key_opens_its_record_only_in_its_place() -> None:
    sealer = RecordSealer(EPOCH_KEY, AC)
    sealed = sealer.seal(SM, "content", b"text")
    for account, sid, field in ((OTHER, SM, "content"), (AC, SM2, "content"), (AC, SM, "media")):
        with pytest.raises(UnsealError):
            open_field(sealer.key(SM), account, sid, field, sealed)


@given(st.binary(max_size=40), st.data())
def test_one_flipped_bit_and_a_record_does_not_open(plaintext: bytes, data: st.DataObject) -> None:
    sealer = RecordSealer(EPOCH_KEY, AC)
    sealed = bytearray(sealer.seal(SM, "content", plaintext))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(UnsealError):
        sealer.open(SM, "content", bytes(sealed))
