"""A granted key opens for the session that it was sealed to, at its place, and nowhere else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.grant import BOX_BYTES, LID_BYTES, GrantBinding, SealedGrant, open_grant, seal_grant

SM1, SM2 = "SM" + "1" * 32, "SM" + "2" * 32
SESSION = hpke.Recipient(bytes(range(32)))
BINDING = GrantBinding(
    grant="GR" + "1" * 32,
    account="AC" + "a" * 32,
    staff="ST1",
    session="SE1",
    public=SESSION.public,
    expires_ms=1_700_000_000_000,
)
KEYS = {SM1: b"\x01" * 32, SM2: b"\x02" * 32}

# Made by this module once, and opened by the browser's too.
VECTOR_LID = (
    "f49d8b4f9f7a1d9d5b0b1cee0e19d912d95a4fa5a393da3bc7c77e39cc48fc067a2b3454a91607930849df9a3ca4810aa27d"
    "b361b768c0b08c6e24a2624f98168b59b0058c7b3cc7bc85fc180c8b79aa"
)
VECTOR_BOX = (
    "106948e2c6dc1dcb47b08500b65cd8531a05e3851f34c8fa4f24341d1387"
    "c5d705a9c7509105fc9c4c670a3853cbcca1fb14dcb120aa05e99a00e8ae"
)


def test_a_known_grant_opens() -> None:
    sealed = SealedGrant(lid=bytes.fromhex(VECTOR_LID), boxes={SM1: bytes.fromhex(VECTOR_BOX)})
    assert open_grant(BINDING, sealed, SESSION) == {SM1: b"\x01" * 32}


def test_the_places_are_what_the_browser_writes() -> None:
    head = f"{BINDING.grant}|{BINDING.account}|ST1|SE1|{SESSION.public.hex()}|1700000000000"
    assert BINDING.lid_place == f"ringfence/grant-lid/v1|{head}".encode()
    assert BINDING.box_place(SM1) == f"ringfence/grant-box/v1|{head}|{SM1}".encode()


@settings(max_examples=20)
@given(st.dictionaries(st.sampled_from([SM1, SM2, "epoch:7"]), st.binary(min_size=32, max_size=32)))
def test_what_is_sealed_opens(keys: dict[str, bytes]) -> None:
    sealed = seal_grant(BINDING, keys)
    assert open_grant(BINDING, sealed, SESSION) == keys
    assert len(sealed.lid) == LID_BYTES
    assert {len(box) for box in sealed.boxes.values()} <= {BOX_BYTES}


@pytest.mark.parametrize(
    "changes",
    [
        {"grant": "GR" + "2" * 32},
        {"account": "AC" + "b" * 32},
        {"staff": "ST2"},
        {"session": "SE2"},
        {"public": hpke.Recipient(b"\x09" * 32).public},
        {"expires_ms": 1_700_000_000_001},
    ],
)
def test_a_grant_altered_in_anything_opens_nothing(changes: dict[str, Any]) -> None:
    sealed = seal_grant(BINDING, KEYS)
    altered = replace(BINDING, **changes)
    with pytest.raises(UnsealError):
        open_grant(altered, sealed, SESSION)
    # Nor does a box in itself, under the right lid.
    lid = seal_grant(altered, {}).lid if "public" not in changes else sealed.lid
    with pytest.raises(UnsealError):
        open_grant(altered, replace(sealed, lid=lid), SESSION)


def test_a_box_under_another_name_or_another_grants_lid_does_not_open() -> None:
    sealed = seal_grant(BINDING, KEYS)
    with pytest.raises(UnsealError):
        open_grant(BINDING, replace(sealed, boxes={SM1: sealed.boxes[SM2]}), SESSION)
    with pytest.raises(UnsealError):
        open_grant(BINDING, replace(sealed, lid=seal_grant(BINDING, KEYS).lid), SESSION)


def test_another_sessions_key_opens_nothing() -> None:
    with pytest.raises(UnsealError):
        open_grant(BINDING, seal_grant(BINDING, KEYS), hpke.Recipient(b"\x09" * 32))


def test_a_lid_over_anything_but_a_key_opens_nothing() -> None:
    lid = hpke.seal(BINDING.public, b"short", BINDING.lid_place)
    with pytest.raises(UnsealError):
        open_grant(BINDING, SealedGrant(lid=lid, boxes={}), SESSION)


def test_a_key_of_another_length_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="length"):
        seal_grant(BINDING, {SM1: b"short"})


def test_its_repr_holds_no_key() -> None:
    assert repr(seal_grant(BINDING, KEYS)) == "SealedGrant(2 boxes)"
