"""A granted key opens for the session that it was sealed to, at its place, and nowhere else."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.grant import (
    BOX_BYTES,
    LID_BYTES,
    GrantBinding,
    SealedGrant,
    open_grant,
    seal_grant,
    unseal_lid,
)

SM1, SM2 = "SM" + "1" * 32, "SM" + "2" * 32
SESSION = hpke.Recipient(bytes(range(32)), hybrid=True)
BINDING = GrantBinding(
    grant="GR" + "1" * 32,
    account="AC" + "a" * 32,
    staff="ST1",
    session="SE1",
    public=SESSION.public,
    expires_ms=1_700_000_000_000,
)
KEEPER = hpke.Recipient(bytes(range(32, 64)), hybrid=True)
KEYS = {SM1: b"\x01" * 32, SM2: b"\x02" * 32}

# Made by this module once.
VECTOR: dict[str, str] = json.loads((Path(__file__).parents[3] / "vectors" / "grant.json").read_text())


def unsealed(sealed: SealedGrant, binding: GrantBinding = BINDING) -> SealedGrant:
    """As the key service hands it out."""
    return replace(sealed, lid=unseal_lid(binding, sealed.lid, KEEPER))


def test_a_known_grant_opens() -> None:
    sealed = SealedGrant(lid=bytes.fromhex(VECTOR["lid"]), boxes={SM1: bytes.fromhex(VECTOR["box"])})
    assert open_grant(BINDING, unsealed(sealed), SESSION) == {SM1: b"\x01" * 32}


def test_the_places_are_what_the_browser_writes() -> None:
    head = f"{BINDING.grant}|{BINDING.account}|ST1|SE1|{hashlib.sha256(SESSION.public).hexdigest()}|1700000000000"
    assert BINDING.keeper_place == f"ringfence/grant-keeper/v1|{head}".encode()
    assert BINDING.lid_place == f"ringfence/grant-lid/v1|{head}".encode()
    assert BINDING.box_place(SM1) == f"ringfence/grant-box/v1|{head}|{SM1}".encode()


@settings(max_examples=20)
@given(st.dictionaries(st.sampled_from([SM1, SM2, "epoch:7"]), st.binary(min_size=32, max_size=32)))
def test_what_is_sealed_opens(keys: dict[str, bytes]) -> None:
    sealed = seal_grant(BINDING, keys, KEEPER.public)
    assert open_grant(BINDING, unsealed(sealed), SESSION) == keys
    assert len(sealed.lid) == LID_BYTES
    assert {len(box) for box in sealed.boxes.values()} <= {BOX_BYTES}


@pytest.mark.parametrize(
    "changes",
    [
        {"grant": "GR" + "2" * 32},
        {"account": "AC" + "b" * 32},
        {"staff": "ST2"},
        {"session": "SE2"},
        {"public": hpke.Recipient(b"\x09" * 32, hybrid=True).public},
        {"expires_ms": 1_700_000_000_001},
    ],
)
def test_a_grant_altered_in_anything_opens_nothing(changes: dict[str, Any]) -> None:
    sealed = seal_grant(BINDING, KEYS, KEEPER.public)
    altered = replace(BINDING, **changes)
    with pytest.raises(UnsealError):
        unseal_lid(altered, sealed.lid, KEEPER)
    with pytest.raises(UnsealError):
        open_grant(altered, unsealed(sealed), SESSION)
    # Nor does a box in itself, under the right lid.
    lid = unsealed(seal_grant(altered, {}, KEEPER.public), altered).lid
    with pytest.raises(UnsealError):
        open_grant(altered, replace(sealed, lid=lid), SESSION)


def test_a_box_under_another_name_or_another_grants_lid_does_not_open() -> None:
    sealed = unsealed(seal_grant(BINDING, KEYS, KEEPER.public))
    with pytest.raises(UnsealError):
        open_grant(BINDING, replace(sealed, boxes={SM1: sealed.boxes[SM2]}), SESSION)
    with pytest.raises(UnsealError):
        open_grant(BINDING, replace(sealed, lid=unsealed(seal_grant(BINDING, KEYS, KEEPER.public)).lid), SESSION)


def test_neither_the_session_nor_the_key_service_opens_it_alone() -> None:
    sealed = seal_grant(BINDING, KEYS, KEEPER.public)
    for recipient, what in (
        (SESSION, sealed),
        (KEEPER, unsealed(sealed)),
        (hpke.Recipient(b"\x09" * 32, hybrid=True), sealed),
    ):
        with pytest.raises(UnsealError):
            open_grant(BINDING, what, recipient)
    with pytest.raises(UnsealError):
        unseal_lid(BINDING, sealed.lid, SESSION)


def test_a_lid_over_anything_but_a_key_opens_nothing() -> None:
    lid = hpke.seal(BINDING.public, b"short", BINDING.lid_place)
    with pytest.raises(UnsealError):
        open_grant(BINDING, SealedGrant(lid=lid, boxes={}), SESSION)
    with pytest.raises(UnsealError):
        unseal_lid(BINDING, hpke.seal(KEEPER.public, lid, BINDING.keeper_place), KEEPER)


def test_a_key_of_another_length_is_not_sealed() -> None:
    with pytest.raises(ValueError, match="length"):
        seal_grant(BINDING, {SM1: b"short"}, KEEPER.public)


def test_its_repr_holds_no_key() -> None:
    assert repr(seal_grant(BINDING, KEYS, KEEPER.public)) == "SealedGrant(2 boxes)"
