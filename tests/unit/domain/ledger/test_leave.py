"""By whose leave: an object is granted where grants alone opened it."""

from ringfence.domain.ledger.blast import reach_of
from ringfence.domain.ledger.leave import Leave, leaves_of

FIRST, SECOND = ("session:CS1", "grant:GR1"), ("session:CS1", "grant:GR2")


def test_each_account_has_the_grants_behind_its_openings_and_what_they_alone_opened() -> None:
    entries = [
        (1, "AC1", "grant_open", (*SECOND, "SM1", "CA1")),
        (2, "AC1", "grant_open", (*FIRST, "SM1")),
        (3, "AC1", "grant_open", (*FIRST, "SM2")),
        (4, "AC1", "open_epochs", ("session:CS1", "member:MB1", "7")),
        (5, "AC2", "open_epochs", ("session:CS1", "member:MB2", "7")),
    ]
    assert leaves_of(entries) == {"AC1": Leave(("GR2", "GR1"), 3), "AC2": Leave((), 0)}
    assert [len(reach.objects) for reach in reach_of(entries)] == [4, 1], "counted as they are"


def test_what_was_opened_without_a_grant_too_is_nobodys_leave() -> None:
    opened = [(1, "AC1", "grant_open", (*FIRST, "SM1", "SM2")), (2, "AC1", "grant_open", ("session:CS1", "SM1"))]
    assert leaves_of(opened) == {"AC1": Leave(("GR1",), 1)}
    # The same name under another verb is another object.
    other = [(1, "AC1", "grant_open", (*FIRST, "7")), (2, "AC1", "open_epochs", ("session:CS1", "7"))]
    assert leaves_of(other) == {"AC1": Leave(("GR1",), 1)}


def test_what_opened_nothing_is_nobodys_leave() -> None:
    nothing = [(1, "AC1", "grant.keep", (*FIRST, "SM1")), (2, "", "grant_open", (*FIRST, "SM1"))]
    assert leaves_of(nothing) == {}
    assert leaves_of([*nothing, (3, "AC1", "grant_open", (*SECOND, "SM1"))]) == {"AC1": Leave(("GR2",), 1)}
