"""A declaration splits its key for each pair of officers: two halves make it, one half says nothing."""

import itertools
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.domain.retention.declaration import Declaration, check, declare, join, open_half
from ringfence.domain.retention.officer import OfficerKey
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.hpke import Recipient

KEYS = [OfficerKey(f"officer{n}", bytes([n]) * 32) for n in range(1, 8)]
BASIS = "Telecommunications Act, section 113b"


def made(officers: int = 3, **changed: Any) -> Declaration:
    asked: dict[str, Any] = {"fields": ["remote", "kind"], "days": 180, "basis": BASIS}
    return declare(**(asked | changed), officers=[key.officer for key in KEYS[:officers]])


def test_any_two_officers_make_the_key_and_none_is_made_of_others_halves() -> None:
    declaration = made(4)
    assert declaration.fields == ("kind", "remote")
    for one, another in itertools.permutations(KEYS[:4], 2):
        halves = open_half(declaration, one, another.officer.name), open_half(declaration, another, one.officer.name)
        assert join(declaration, *halves).public == declaration.public
    first, second, third = KEYS[:3]
    crossed = open_half(declaration, first, second.officer.name), open_half(declaration, third, first.officer.name)
    with pytest.raises(UnsealError):
        join(declaration, *crossed)


def test_one_half_is_no_key() -> None:
    declaration = made(2)
    half = open_half(declaration, KEYS[0], KEYS[1].officer.name)
    assert Recipient(half).public != declaration.public
    for other in (half, bytes(32), b"", half[:31]):
        with pytest.raises(UnsealError):
            join(declaration, half, other)
        with pytest.raises(UnsealError):
            join(declaration, other, half)


def test_a_half_is_its_officers_alone_and_for_that_pair() -> None:
    declaration = made(3)
    one, another, third = KEYS[:3]
    for key, other in ((KEYS[5], "officer2"), (one, "officer1"), (one, "nobody")):
        with pytest.raises(UnsealError):
            open_half(declaration, key, other)
    with pytest.raises(UnsealError):
        open_half(declaration, OfficerKey("officer1", bytes(32)), another.officer.name)
    swapped = tuple(
        replace(share, other={"officer2": "officer3", "officer3": "officer2"}[share.other])
        if share.officer == "officer1"
        else share
        for share in declaration.shares
    )
    with pytest.raises(UnsealError):
        open_half(replace(declaration, shares=swapped), one, third.officer.name)


def test_each_declaration_has_a_key_of_its_own() -> None:
    assert made().public != made().public


def test_the_shares_are_two_for_each_pair() -> None:
    declaration = made(6)
    assert len(declaration.shares) == 30
    assert [share.other for share in declaration.shares_of("officer3")] == [
        *("officer1", "officer2", "officer4", "officer5", "officer6")
    ]
    assert declaration.officer("officer3") == KEYS[2].officer
    assert declaration.officer("officer7") is None


@pytest.mark.parametrize(
    ("officers", "changed", "cause"),
    [
        (3, {"fields": ["body"]}, "no field 'body'"),
        (3, {"days": 0}, "for 1 to 3653 days"),
        (3, {"days": 3_654}, "for 1 to 3653 days"),
        (3, {"basis": ""}, "the basis is one line of 1 to 200"),
        (3, {"basis": "x" * 201}, "the basis is one line of 1 to 200"),
        (3, {"basis": "two\nlines"}, "the basis is one line"),
        (3, {"basis": " led by a space"}, "the basis is one line"),
        (1, {}, "2 to 6 officers"),
        (0, {}, "2 to 6 officers"),
        (7, {}, "2 to 6 officers"),
    ],
)
def test_what_may_not_be_declared_is_told_as_that(officers: int, changed: dict[str, Any], cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        made(officers, **changed)


@pytest.mark.parametrize(("days", "basis"), [(1, "x"), (3_653, "x" * 200)])
def test_the_bounds_themselves_may_be_declared(days: int, basis: str) -> None:
    check(made(2, days=days, basis=basis))
    check(made(6))


@pytest.mark.parametrize(
    "officers",
    [
        [KEYS[0].officer, KEYS[0].officer],
        [KEYS[0].officer, replace(KEYS[1].officer, name="officer1")],
        [KEYS[0].officer, replace(KEYS[0].officer, name="officer2")],
        [KEYS[0].officer, replace(KEYS[1].officer, signing=KEYS[0].officer.signing)],
        [KEYS[0].officer, replace(KEYS[1].officer, sealing=KEYS[0].officer.sealing)],
    ],
)
def test_one_person_is_not_two_officers(officers: Any) -> None:
    with pytest.raises(ValueError, match="two officers are one"):
        declare(["remote"], 1, BASIS, officers)


def test_a_key_that_nothing_can_be_sealed_to_is_told() -> None:
    weak = replace(KEYS[1].officer, sealing=bytes(32))
    with pytest.raises(ValueError, match="the public key of officer2 is none that can be sealed to"):
        declare(["remote"], 1, BASIS, [KEYS[0].officer, weak])


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"fields": ("remote", "kind")}, "in their order"),
        ({"public": bytes(32)}, "nothing can be sealed to"),
        ({"public": b"\x09" * 31}, "nothing can be sealed to"),
        ({"shares": ()}, "two halves"),
        ({"officers": ()}, "2 to 6 officers"),
    ],
)
def test_what_comes_over_a_socket_is_checked_again(changed: dict[str, Any], cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        check(replace(made(), **changed))


def test_halves_of_another_form_are_refused() -> None:
    declaration = made(2)
    first, second = declaration.shares
    for shares in ((first, first), (first, replace(second, sealed=b"")), (first,), (first, second, second)):
        with pytest.raises(ValueError, match="hal"):
            check(replace(declaration, shares=shares))


def test_an_officer_who_could_not_be_told_of_or_could_not_sign_is_none() -> None:
    with pytest.raises(ValueError, match="an officer's name is"):
        declare(["remote"], 1, BASIS, [KEYS[0].officer, replace(KEYS[1].officer, name="bob,eve\nbasis:none")])
    with pytest.raises(ValueError, match="nothing could be signed for"):
        declare(["remote"], 1, BASIS, [KEYS[0].officer, replace(KEYS[1].officer, signing=b"short")])
