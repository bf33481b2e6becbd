"""What was said in a webhook attempt opens for its message, account and event alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.attempt import Attempt, Exchange, Finding, without_capabilities
from ringfence.domain.sealing.aead import UnsealError
from ringfence.domain.sealing.attempt import open_attempt, seal_attempt
from ringfence.domain.sealing.record import RecordSealer, seal_field

ACCOUNT, SID = "AC" + "a" * 32, "SM" + "b" * 32
SEALER = RecordSealer(bytes(32), ACCOUNT)

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
millis = st.none() | st.floats(0, 1e6)
exchanges = st.builds(
    Exchange,
    at_ms=st.integers(0, 1 << 50),
    method=st.sampled_from(["GET", "POST"]),
    url=words,
    body=st.binary(max_size=20),
    signature=words,
    status=st.none() | st.integers(100, 599),
    headers=st.lists(st.tuples(words, words), max_size=2).map(tuple),
    answer=st.binary(max_size=20),
    answer_bytes=st.integers(0, 1 << 20),
    reused=st.booleans(),
    dns_ms=millis,
    tcp_ms=millis,
    tls_ms=millis,
    first_byte_ms=millis,
    total_ms=millis,
    error_code=st.none() | st.integers(1, 99_999),
    cause=words,
)
findings = st.builds(
    Finding, exchange=st.integers(0, 9), code=st.none() | st.just(12200), message=words, line=st.integers(0, 99)
)
attempts = st.builds(
    Attempt,
    exchanges=st.lists(exchanges, max_size=2).map(tuple),
    findings=st.lists(findings, max_size=2).map(tuple),
    replies=st.lists(words, max_size=2).map(tuple),
    left_out=st.integers(0, 9),
    cause=words,
)


@given(attempts)
def test_an_attempt_comes_back_as_it_was_sealed(attempt):
    assert open_attempt(SEALER, SID, 7, seal_attempt(SEALER.key(SID), ACCOUNT, SID, 7, attempt)) == attempt


@pytest.mark.parametrize(
    ("account", "sid", "event_id", "key"),
    [
        ("AC" + "c" * 32, SID, 7, SEALER.key(SID)),
        (ACCOUNT, "SM" + "c" * 32, 7, SEALER.key(SID)),
        (ACCOUNT, SID, 8, SEALER.key(SID)),
        (ACCOUNT, SID, 7, b"k" * 32),
    ],
)
def test_it_opens_nowhere_else(account, sid, event_id, key):
    sealed = seal_attempt(key, account, sid, event_id, Attempt(cause="c"))
    with pytest.raises(UnsealError):
        open_attempt(SEALER, SID, 7, sealed)


def test_what_is_no_attempt_does_not_open():
    with pytest.raises(UnsealError):
        open_attempt(SEALER, SID, 7, seal_field(SEALER.key(SID), ACCOUNT, SID, "attempt:7", b"\xc1"))


def test_nothing_of_it_shows_in_a_repr():
    exchange = Exchange(at_ms=0, method="POST", url="http://secret", body=b"secret", answer=b"secret")
    finding = Finding(exchange=0, code=12200, message="secret", line=3, column=4)
    shown = repr((exchange, finding, Attempt(exchanges=(exchange,), findings=(finding,), cause="secret")))
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (
            b"MediaUrl0=http%3A%2F%2Fx%2FME1%3FCapability%3DAbc-_9&z=1",
            b"MediaUrl0=http%3A%2F%2Fx%2FME1%3FCapability%3D(left-out)&z=1",
        ),
        (
            b"http://x/?MediaUrl0=http://x/ME1?Capability%3DAbc-_9&z=1",
            b"http://x/?MediaUrl0=http://x/ME1?Capability%3D(left-out)&z=1",
        ),
        (b"http://x/ME1?Capability=Abc%3D%3D&z=1", b"http://x/ME1?Capability=(left-out)&z=1"),
        (b"Body=no+Capability+here", b"Body=no+Capability+here"),
        (b"Body=hello", b"Body=hello"),
    ],
)
def test_capabilities_are_not_kept(told, kept):
    assert without_capabilities(told) == kept
