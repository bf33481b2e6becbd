"""Via: read with any spacing, written plainly, and marked with where a request really came from."""

import pytest

from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.via import Via, parse_via


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKa;rport",
            Via(transport="UDP", host="192.0.2.1", port=5060, parameters=(("branch", "z9hG4bKa"), ("rport", None))),
        ),
        (
            "SIP  / 2.0  / tcp     spindle.example   ;  branch  =   z9hG4bKb",
            Via(transport="TCP", host="spindle.example", parameters=(("branch", "z9hG4bKb"),)),
        ),
        (
            "SIP/2.0/WSS df7jal23.invalid;branch=z9hG4bKc",
            Via(transport="WSS", host="df7jal23.invalid", parameters=(("branch", "z9hG4bKc"),)),
        ),
        ("SIP/2.0/UDP [2001:db8::9]:5061", Via(transport="UDP", host="[2001:db8::9]", port=5061)),
        ("SIP/2.0/UDP a.example : 5060", Via(transport="UDP", host="a.example", port=5060)),
    ],
)
def test_a_hop_is_read(text: str, expected: Via) -> None:
    assert parse_via(text) == expected
    assert parse_via(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/3.0/UDP a.example",
        "SIP/2.0 a.example",
        "SIP/2.0/UDP a.example;;",
        "HTTP/2.0/UDP a.example",
    ],
)
def test_a_crooked_hop_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        parse_via(text)


@pytest.mark.parametrize(
    ("parameters", "branch"),
    [
        ((("branch", "z9hG4bKx"),), "z9hG4bKx"),
        ((("branch", "z9hG4bK"),), None),
        ((("branch", "old"),), None),
        ((), None),
    ],
)
def test_only_a_branch_with_cookie_and_more_names_a_transaction(parameters, branch) -> None:
    assert Via(transport="UDP", host="a", parameters=parameters).branch == branch


def test_received_is_added_where_the_host_differs_and_rport_where_asked() -> None:
    plain = parse_via("SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa")
    assert plain.received_from("10.0.0.1", 5060) == plain
    assert str(plain.received_from("192.0.2.9", 1024)) == "SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa;received=192.0.2.9"
    asked = parse_via("SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bKa")
    assert (
        str(asked.received_from("10.0.0.1", 1024))
        == "SIP/2.0/UDP 10.0.0.1;rport=1024;branch=z9hG4bKa;received=10.0.0.1"
    )
    six = parse_via("SIP/2.0/UDP [2001:db8::9];branch=z9hG4bKa")
    assert six.received_from("2001:db8::9", 5060) == six
