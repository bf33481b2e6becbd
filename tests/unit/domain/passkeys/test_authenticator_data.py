import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.passkeys.authenticator_data import AuthenticatorData, parse_authenticator_data
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal

HASH = bytes(range(32))
FLAGS = {"user_present": 0x01, "user_verified": 0x04, "backup_eligible": 0x08, "backed_up": 0x10}


@given(said=st.fixed_dictionaries({name: st.booleans() for name in FLAGS}), count=st.integers(0, 2**32 - 1))
def test_every_flag_says_what_it_says_and_nothing_else(said: dict[str, bool], count: int) -> None:
    flags = sum(FLAGS[name] for name, there in said.items() if there)
    data = HASH + struct.pack(">BI", flags, count)
    if said["backed_up"] and not said["backup_eligible"]:
        with pytest.raises(PasskeyRefusedError) as refused:
            parse_authenticator_data(data)
        assert refused.value.why is Refusal.BACKUP
    else:
        assert parse_authenticator_data(data) == AuthenticatorData(rp_id_hash=HASH, sign_count=count, **said)


@pytest.mark.parametrize("reserved", [0x02, 0x20])
def test_a_flag_of_later_is_left_alone(reserved: int) -> None:
    assert parse_authenticator_data(HASH + bytes([reserved | 1]) + bytes(4)).user_present


@pytest.mark.parametrize("length", [0, 36, 38])
def test_it_has_its_length(length: int) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        parse_authenticator_data(bytes(length))
    assert refused.value.why is Refusal.MALFORMED


@given(data=st.binary(min_size=37, max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        read = parse_authenticator_data(data)
    except PasskeyRefusedError:
        return
    assert read.rp_id_hash == data[:32]
    assert repr(read) == "AuthenticatorData(…)"


@given(cut=st.integers(1, 60))
def test_a_credential_that_ends_early_is_refused(cut: int) -> None:
    whole = HASH + b"\x41" + bytes(4) + bytes(16) + b"\x00\x10" + b"i" * 16 + b"\xa1\x01\x02"
    read = parse_authenticator_data(whole)
    assert read.credential is not None
    assert (read.credential.credential_id, read.credential.public_key) == (b"i" * 16, b"\xa1\x01\x02")
    assert repr(read.credential) == "NewCredential(…)"
    with pytest.raises(PasskeyRefusedError):
        parse_authenticator_data(whole[:-cut])
