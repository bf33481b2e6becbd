"""A record that a browser lends: the dispatcher opens that one, by the key that was sealed for it, and no other."""

from typing import Any

import pytest

from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.lending import seal_lent, unseal_lent

AC, SID = "AC" + "a" * 32, "CA" + "b" * 32
KEEPER = hpke.Recipient(b"\x05" * 32, hybrid=True)
KEY = bytes(range(32))


def test_it_opens_for_its_own_record_alone() -> None:
    sealed = seal_lent(KEEPER.public, AC, 7, SID, KEY)
    assert unseal_lent(KEEPER, AC, 7, SID, sealed) == KEY
    others: list[tuple[Any, ...]] = [
        (KEEPER, AC, 8, SID),
        (KEEPER, AC, 7, "CA" + "c" * 32),
        (KEEPER, "AC" + "d" * 32, 7, SID),
        (hpke.Recipient(b"\x06" * 32, hybrid=True), AC, 7, SID),
    ]
    for other in others:
        with pytest.raises(UnsealError):
            unseal_lent(*other, sealed)
    with pytest.raises(UnsealError):
        unseal_lent(KEEPER, AC, 7, SID, seal_lent(KEEPER.public, AC, 7, SID, KEY[:16]))
