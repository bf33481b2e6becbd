"""D23: no route tells a number that is known from one that is not; an open endpoint tells all."""

import pytest

from ringfence.drills.design import OURS, control
from ringfence.drills.enumeration import enumeration, shape_of
from ringfence.drills.kept_http import Answer
from ringfence.drills.report import Finding

NUMBER, NEIGHBOUR = "+12022000000", "+12022000001"


def figure(finding: Finding, name: str) -> str:
    return dict(finding.rows)[name]


def test_d23_no_route_tells_whose_numbers_are_known() -> None:
    ours = enumeration(OURS, 12)
    assert ours.reached == 0, ours.rows
    assert figure(ours, "routes that tell") == "none"
    # Neither because nothing was answered at all: attackers do read their own resources.
    assert " × 200" in figure(ours, "answers")
    assert " × 201" in figure(ours, "answers")


def test_d23_an_open_endpoint_tells_all() -> None:
    without = control()
    assert without is not None, "a checkout has the control build"
    theirs = enumeration(without, 12)
    assert theirs.reached == 12
    assert figure(theirs, "routes that tell") == "registered (12)"


def answer(body: str, head: str = "HTTP/1.1 200 OK\r\nx: 1\r\n\r\n", status: int = 200) -> Answer:
    return Answer(status=status, head=head.encode(), body=body.encode())


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (answer(f'{{"to": "{NUMBER}"}}'), answer(f'{{"to": "{NEIGHBOUR}"}}'), True),
        (answer("(202) 200-0000"), answer("(202) 200-0001"), True),
        (answer("/%2B12022000000"), answer("/%2B12022000001"), True),
        (answer("VE" + "a" * 32), answer("VE" + "b" * 32), True),
        (answer("2026-03-02T08:00:00Z"), answer("2026-03-02T08:00:01Z"), True),
        (answer("true"), answer("null"), False),
        (answer("true"), answer("false"), False),
        (answer("", status=404), answer(""), False),
        (answer("", head="HTTP/1.1 200 OK\r\nx: 2\r\n\r\n"), answer(""), False),
        (answer("", head="HTTP/1.1 200 OK\r\nTwilio-Request-Duration: 1\r\nx: 1\r\n\r\n"), answer(""), True),
    ],
    ids=range(10),
)  # fmt: skip
def test_answers_differ_where_they_tell_something(one: Answer, other: Answer, same: bool) -> None:
    assert (shape_of(one, NUMBER) == shape_of(other, NEIGHBOUR)) is same
