"""A box opens for the officers once its lid is off, in its own place alone."""

import pytest

from ringfence.domain.sealing.aead import UnsealError, place, unseal
from ringfence.domain.sealing.duty_box import lift_lid, open_box, seal_box
from ringfence.domain.sealing.hpke import Recipient

OUTER, DUTY, KEY = bytes([1]) * 32, Recipient(bytes([2]) * 32), bytes(range(32))
ACCOUNT, OTHER = "AC" + "a" * 32, "AC" + "b" * 32
ELSEWHERE = [(OTHER, 3, 256), (ACCOUNT, 4, 256), (ACCOUNT, 3, 257)]


@pytest.fixture
def box() -> bytes:
    return seal_box(OUTER, DUTY.public, ACCOUNT, 3, 256, KEY)


def test_lid_then_box_each_in_its_place(box: bytes) -> None:
    inner = unseal(OUTER, box, place("ringfence/duty-box/v1", ACCOUNT, "3", "256"))
    assert inner == lift_lid(OUTER, ACCOUNT, 3, 256, box)
    assert DUTY.unseal(inner, place("ringfence/duty-epoch/v1", ACCOUNT, "3", "256")) == KEY
    assert open_box(DUTY, ACCOUNT, 3, 256, lift_lid(OUTER, ACCOUNT, 3, 256, box)) == KEY


@pytest.mark.parametrize(("account", "duty", "epoch"), ELSEWHERE)
def test_neither_opens_elsewhere(box: bytes, account: str, duty: int, epoch: int) -> None:
    with pytest.raises(UnsealError):
        lift_lid(OUTER, account, duty, epoch, box)
    with pytest.raises(UnsealError):
        open_box(DUTY, account, duty, epoch, lift_lid(OUTER, ACCOUNT, 3, 256, box))


def test_the_officers_need_the_lid_off_and_the_key_service_needs_the_officers(box: bytes) -> None:
    with pytest.raises(UnsealError):
        open_box(DUTY, ACCOUNT, 3, 256, box)
    with pytest.raises(UnsealError):
        open_box(Recipient(OUTER), ACCOUNT, 3, 256, lift_lid(OUTER, ACCOUNT, 3, 256, box))
    with pytest.raises(UnsealError):
        lift_lid(bytes(32), ACCOUNT, 3, 256, box)
