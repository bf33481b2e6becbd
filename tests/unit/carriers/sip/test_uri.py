"""URIs read back as they were written, and compare as RFC 3261, section 19.1.4 says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.carriers.sip.grammar import MalformedError
from ringfence.carriers.sip.uri import OtherUri, SipUri, TelUri, parse_host, parse_uri, same_uri

USERS = st.text(min_size=1, max_size=20)
LABELS = st.from_regex(r"[a-z0-9]([a-z0-9\-]{0,10}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sip:alice@atlanta.example", SipUri(user="alice", host="atlanta.example")),
        ("SIPS:Alice@ATLANTA.example:5071", SipUri(scheme="sips", user="Alice", host="atlanta.example", port=5071)),
        ("sip:atlanta.example", SipUri(host="atlanta.example")),
        ("sip:alice:secret@a.example", SipUri(user="alice", password="secret", host="a.example")),
        (
            "sip:alice@a.example;Transport=TCP;lr",
            SipUri(user="alice", host="a.example", parameters=(("transport", "TCP"), ("lr", None))),
        ),
        ("sip:a@[2001:db8::1]:5060", SipUri(user="a", host="[2001:db8::1]", port=5060)),
        ("sip:+1-202;ext=4@gw.example", SipUri(user="+1-202;ext=4", host="gw.example")),
        ("sip:sips%3Auser%40x@a.example", SipUri(user="sips:user@x", host="a.example")),
        ("sip:null-%00-null@a.example", SipUri(user="null-\0-null", host="a.example")),
        (
            "sip:a@b.example?Subject=hi&Priority=",
            SipUri(user="a", host="b.example", headers=(("Subject", "hi"), ("Priority", ""))),
        ),
        ("tel:+1-202-555-0123", TelUri(number="+12025550123")),
        ("tel:7042;phone-context=example.com", TelUri(number="7042", parameters=(("phone-context", "example.com"),))),
        ("isbn:2983792873", OtherUri(scheme="isbn", text="isbn:2983792873")),
    ],
)
def test_a_uri_is_read_into_its_parts(text: str, expected: object) -> None:
    assert parse_uri(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "alice@example.com",
        "sip:",
        "sip:@example.com",
        "sip:alice@",
        "sip: alice@example.com",
        "sip:alice@example.com ",
        "<sip:alice@example.com>",
        "sip:al ice@example.com",
        "sip:a@b@example.com",
        "sip:a%4@example.com",
        "sip:a@exa_mple-.com",
        "sip:a@example.com:0",
        "sip:a@example.com:65536",
        "sip:a@example.com:000000000080",
        "sip:a@example.com;",
        "sip:a@example.com;a=1;A=2",
        "sip:a@example.com?subject",
        "sip:a@example.com?=x",
        "tel:",
        "tel:+",
        "tel:+12x",
    ],
)
def test_what_is_no_uri_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(MalformedError) as caught:
        parse_uri(text)
    assert "example" not in str(caught.value)
    assert "alice" not in str(caught.value)


@given(user=USERS, labels=st.lists(LABELS, min_size=1, max_size=3), port=st.none() | st.integers(1, 65_535))
def test_any_uri_reads_back(user: str, labels: list[str], port: int | None) -> None:
    try:
        user.encode()
    except UnicodeEncodeError:
        return
    uri = SipUri(user=user, host=".".join(labels), port=port, parameters=(("lr", None), ("transport", "udp")))
    assert parse_uri(str(uri)) == uri


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:%61lice@atlanta.example;transport=TCP", "sip:alice@AtlanTa.example;Transport=tcp"),
        ("sip:carol@chicago.example", "sip:carol@chicago.example;newparam=5"),
        ("sip:carol@chicago.example;security=on", "sip:carol@chicago.example;newparam=5"),
        ("sip:b@b.example;transport=tcp?to=sip:a%40b&s=x", "sip:b@b.example;transport=tcp?S=x&to=sip:a%40b"),
        ("tel:+1-202", "tel:+1202"),
    ],
)
def test_these_mean_the_same(one: str, other: str) -> None:
    assert same_uri(parse_uri(one), parse_uri(other))
    assert same_uri(parse_uri(other), parse_uri(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sip:alice@a.example", "sip:ALICE@a.example"),
        ("sip:bob@b.example", "sip:bob@b.example:5060"),
        ("sip:bob@b.example", "sips:bob@b.example"),
        ("sip:bob@b.example", "sip:bob@b.example;transport=udp"),
        ("sip:bob@b.example", "sip:bob:x@b.example"),
        ("sip:bob@b.example", "sip:bob@c.example"),
        ("sip:c@c.example;security=on", "sip:c@c.example;security=off"),
        ("sip:c@c.example", "sip:c@c.example?Subject=next"),
        ("sip:c@c.example;user=phone", "sip:c@c.example"),
        ("tel:+1202", "tel:+1203"),
        ("tel:+1202", "sip:+1202@c.example"),
    ],
)
def test_these_do_not(one: str, other: str) -> None:
    assert not same_uri(parse_uri(one), parse_uri(other))
    assert not same_uri(parse_uri(other), parse_uri(one))


def test_the_default_port_follows_scheme_and_transport() -> None:
    ports = [parse_uri(text) for text in ("sip:a.example", "sips:a.example", "sip:a.example;transport=tls")]
    assert [uri.default_port for uri in ports if isinstance(uri, SipUri)] == [5060, 5061, 5061]


def test_a_parameter_without_a_value_is_told_from_none() -> None:
    uri = SipUri(host="a.example", parameters=(("lr", None), ("transport", "tcp")))
    assert (uri.parameter("lr"), uri.parameter("transport"), uri.parameter("user")) == ("", "tcp", None)


def test_no_number_or_name_shows_in_a_repr() -> None:
    for text in ("sip:+12025550123@gw.example", "tel:+12025550123", "mailto:x2025550123"):
        assert "2025550123" not in repr(parse_uri(text))


def test_a_host_keeps_its_trailing_dot_and_loses_its_case() -> None:
    assert parse_host("Example.COM.") == ("example.com.", None)
    assert parse_host("10.0.0.1:5080") == ("10.0.0.1", 5080)
