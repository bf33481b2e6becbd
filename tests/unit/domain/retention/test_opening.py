"""An opening is of one tenant, some days and one asker: two officers' answers to it make the duty's key there alone."""

import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from ringfence.domain.retention.declaration import declare
from ringfence.domain.retention.officer import OfficerKey
from ringfence.domain.retention.opening import GOOD_FOR_MS, Request, agreed, answer, check_request, joined
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.epoch import DAY_MS, HOUR_MS
from ringfence.domain.sealing.hpke import Recipient

ANN, BOB, EVE, STRANGER = (OfficerKey(name, bytes([n]) * 32) for n, name in enumerate(("ann", "bob", "eve", "dan")))
DECLARATION = declare(["remote"], 30, "an act", [key.officer for key in (ANN, BOB, EVE)])
SESSION = Recipient(bytes([9]) * 32)
ASKED_MS = 1_702_123_200_000
REQUEST = Request(
    duty=1,
    account="AC" + "a" * 32,
    first_day=datetime.date(2023, 12, 1),
    last_day=datetime.date(2023, 12, 9),
    reference="Order 7",
    shown=DECLARATION.shown,
    session=SESSION.public,
    asked_ms=ASKED_MS,
)
OTHERS: list[dict[str, Any]] = [
    {"duty": 2},
    {"account": "AC" + "b" * 32},
    {"first_day": datetime.date(2023, 11, 30)},
    {"last_day": datetime.date(2023, 12, 10)},
    {"reference": "Order 8"},
    {"session": Recipient(bytes([8]) * 32).public},
    {"asked_ms": ASKED_MS + 1},
]


def signatures(request: Request, *keys: OfficerKey) -> list[tuple[str, bytes]]:
    return [(key.officer.name, key.sign(request.signed)) for key in keys]


def test_two_answers_make_the_key_for_the_asker() -> None:
    given = answer(REQUEST, DECLARATION, ANN), answer(REQUEST, DECLARATION, EVE)
    assert joined(REQUEST, DECLARATION, given, SESSION).public == DECLARATION.public
    assert agreed(REQUEST, DECLARATION, [(each.officer, each.signature) for each in given]) == ("ann", "eve")
    with pytest.raises(UnsealError):
        joined(REQUEST, DECLARATION, given, Recipient(bytes([8]) * 32))


@pytest.mark.parametrize("changed", OTHERS)
def test_answers_are_to_this_request_in_every_part(changed: dict[str, Any]) -> None:
    other = replace(REQUEST, **changed)
    assert other.digest != REQUEST.digest
    with pytest.raises(ValueError, match="ann did not agree"):
        agreed(other, DECLARATION, signatures(REQUEST, ANN, BOB))
    given = answer(REQUEST, DECLARATION, ANN), answer(REQUEST, DECLARATION, BOB)
    with pytest.raises(UnsealError):
        joined(other, DECLARATION, given, SESSION)


def test_the_second_must_agree_too() -> None:
    mixed = [*signatures(REQUEST, ANN), *signatures(replace(REQUEST, duty=2), BOB)]
    with pytest.raises(ValueError, match="bob did not agree"):
        agreed(REQUEST, DECLARATION, mixed)


@pytest.mark.parametrize(
    "changed",
    [
        {"fields": ("direction",)},
        {"days": 1},
        {"basis": "another act"},
        {"public": Recipient(bytes([8]) * 32).public},
        {"officers": (ANN.officer, BOB.officer, STRANGER.officer)},
    ],
)
def test_an_officer_is_shown_the_declaration_that_is_asked_of_or_agrees_to_nothing(changed: dict[str, Any]) -> None:
    forged = replace(DECLARATION, **changed)
    assert forged.shown != DECLARATION.shown
    with pytest.raises(ValueError, match="another declaration than the one that is shown"):
        answer(REQUEST, forged, ANN)
    to_the_forged = replace(REQUEST, shown=forged.shown)
    with pytest.raises(ValueError, match="another declaration than the one that is shown"):
        agreed(to_the_forged, DECLARATION, signatures(to_the_forged, ANN, BOB))


@pytest.mark.parametrize("keys", [(), (ANN,), (ANN, ANN), (ANN, BOB, EVE)])
def test_two_officers_are_two(keys: tuple[OfficerKey, ...]) -> None:
    with pytest.raises(ValueError, match="two officers open"):
        agreed(REQUEST, DECLARATION, signatures(REQUEST, *keys))


def test_a_stranger_neither_agrees_nor_answers() -> None:
    with pytest.raises(ValueError, match="dan is no officer of this duty"):
        agreed(REQUEST, DECLARATION, signatures(REQUEST, ANN, STRANGER))
    for key in (STRANGER, OfficerKey("ann", bytes([7]) * 32)):
        with pytest.raises(UnsealError):
            answer(REQUEST, DECLARATION, key)


def test_two_answers_of_one_officer_or_of_different_pairs_make_nothing() -> None:
    ann, bob, eve = (answer(REQUEST, DECLARATION, key) for key in (ANN, BOB, EVE))
    with pytest.raises(UnsealError):
        joined(REQUEST, DECLARATION, (ann, ann), SESSION)
    lacking = replace(eve, halves=tuple(half for half in eve.halves if half.other != "ann"))
    with pytest.raises(UnsealError):
        joined(REQUEST, DECLARATION, (ann, lacking), SESSION)
    borrowed = replace(bob, halves=ann.halves)
    with pytest.raises(UnsealError):
        joined(REQUEST, DECLARATION, (ann, borrowed), SESSION)


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"account": "SM" + "a" * 32}, "one account's"),
        ({"account": ""}, "one account's"),
        ({"last_day": datetime.date(2023, 11, 30)}, "before the first"),
        ({"last_day": datetime.date(2024, 3, 2)}, "at most 92 days"),
        ({"reference": ""}, "the reference is one line"),
        ({"reference": "a\tb"}, "the reference is one line"),
        ({"asked_ms": ASKED_MS - GOOD_FOR_MS}, "good for 72 hours"),
        ({"asked_ms": ASKED_MS + 60_001}, "good for 72 hours"),
    ],
)
def test_what_cannot_be_asked_is_told_as_that(changed: dict[str, Any], cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        check_request(replace(REQUEST, **changed), ASKED_MS)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"last_day": datetime.date(2023, 12, 1)},
        {"last_day": datetime.date(2024, 3, 1)},
        {"asked_ms": ASKED_MS - GOOD_FOR_MS + 1},
        {"asked_ms": ASKED_MS + 60_000},
    ],
)
def test_the_bounds_themselves_can_be_asked(changed: dict[str, Any]) -> None:
    check_request(replace(REQUEST, **changed), ASKED_MS)


def test_days_are_whole_and_in_utc() -> None:
    first, last = REQUEST.epochs
    assert first >> 8 == 19_692 * DAY_MS // HOUR_MS
    assert (last >> 8, last & 255) == (19_701 * DAY_MS // HOUR_MS - 1, 255)
    assert first & 255 == 0
