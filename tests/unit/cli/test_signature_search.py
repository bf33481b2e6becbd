"""Signatures of the official SDK's validator, and what the search finds for each thing that goes wrong in the field."""

import contextlib
import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from ringfence.cli.signature_search import Seen, search

TOKEN = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"
FORM = {"Body": "C & more", "From": "+12025550177", "Empty": ""}
SIGNED = "https://app.example/hooks/sms?b=2&a=x%20y"


def signature(url: str, form: dict[str, str] | None = None, token: str = TOKEN) -> str:
    return RequestValidator(token).compute_signature(url, FORM if form is None else form)


def found(seen_url: str, signed_url: str = SIGNED, **more: object) -> tuple[str, list[str]]:
    searched = search(Seen(seen_url, list(FORM.items())), signature(signed_url), {"ours": TOKEN}, **more)
    assert searched.found is not None
    return searched.found.url, [difference.kind for difference in searched.found.differences]


def test_what_is_right_has_no_difference() -> None:
    assert found(SIGNED) == (SIGNED, [])


@pytest.mark.parametrize(
    ("seen", "kinds"),
    [
        ("http://app.example/hooks/sms?b=2&a=x%20y", ["scheme"]),
        ("https://app.example:8443/hooks/sms?b=2&a=x%20y", ["port"]),
        ("http://app.example:8000/hooks/sms?b=2&a=x%20y", ["scheme", "port"]),
        ("https://app.example/hooks/sms/?b=2&a=x%20y", ["slash"]),
        ("https://app.example/hooks/sms?a=x%20y&b=2", ["query"]),
        ("https://app.example/hooks/sms?b=2&a=x+y", ["query"]),
        ("https://app.example/v1/hooks/sms?b=2&a=x%20y", ["path"]),
    ],
)
def test_one_thing_wrong_is_named_alone(seen: str, kinds: list[str]) -> None:
    assert found(seen) == (SIGNED, kinds)


def test_a_query_that_was_not_signed_is_found() -> None:
    assert found(SIGNED, "https://app.example/hooks/sms") == ("https://app.example/hooks/sms", ["query"])


def test_a_signed_default_port_is_found() -> None:
    url = "https://app.example:443/sms"
    assert found("https://app.example/sms", url) == (url, ["port"])


def test_what_a_proxy_took_off_the_path_is_found_by_its_prefix() -> None:
    seen = "http://app.example/sms?b=2&a=x%20y"
    assert found(seen, prefixes=["hooks"]) == (SIGNED, ["scheme", "path"])


def test_another_host_is_found_by_the_url_that_is_configured() -> None:
    seen = "http://10.0.0.7:5000/sms"
    assert found(seen, known_urls=[SIGNED]) == (SIGNED, ["scheme", "host", "path", "query"])


@pytest.mark.parametrize(
    ("fields", "signed"),
    [
        (FORM, {"Body": "C & more", "From": "+12025550177"}),
        ({"Body": " C "}, {"Body": "C"}),
        (FORM, {}),
    ],
)
def test_fields_that_were_signed_otherwise_are_found(fields: dict[str, str], signed: dict[str, str]) -> None:
    searched = search(Seen(SIGNED, list(fields.items())), signature(SIGNED, signed), {"ours": TOKEN})
    assert searched.found is not None
    assert [difference.kind for difference in searched.found.differences] == ["parameters"]


def test_a_name_that_comes_twice_counts_once_a_value() -> None:
    pairs = [("MediaUrl", "b"), ("MediaUrl", "a"), ("MediaUrl", "a")]
    from werkzeug.datastructures import MultiDict

    right = RequestValidator(TOKEN).compute_signature(SIGNED, MultiDict(pairs))
    searched = search(Seen(SIGNED, pairs), right, {"ours": TOKEN})
    assert searched.found is not None
    assert searched.found.differences == ()


def test_a_json_body_is_signed_by_its_hash_in_the_url() -> None:
    body = b'{"a": 1}'
    signed = f"https://app.example/events?bodySHA256={hashlib.sha256(body).hexdigest()}"
    right = signature(signed, {})
    as_it_came = search(Seen(signed, [], body), right, {"ours": TOKEN})
    assert as_it_came.found is not None
    assert as_it_came.found.differences == ()
    lost = search(Seen("https://app.example/events", [], body), right, {"ours": TOKEN})
    assert lost.found is not None
    assert (lost.found.url, [each.kind for each in lost.found.differences]) == (signed, ["body hash"])


def test_another_token_is_named() -> None:
    tokens = {"ours": TOKEN, "the second": OTHER}
    searched = search(Seen(SIGNED, list(FORM.items())), signature(SIGNED, token=OTHER), tokens)
    assert searched.found is not None
    assert searched.found.token == "the second"
    assert [difference.kind for difference in searched.found.differences] == ["token"]


def test_nothing_matches_where_a_value_was_changed_and_the_search_is_short() -> None:
    began = time.process_time()
    searched = search(
        Seen(SIGNED, [("Body", "changed")]),
        signature(SIGNED),
        {"ours": TOKEN, "other": OTHER},
        known_urls=[SIGNED, "https://b.example/x?y=1&z=2"],
        prefixes=["a", "b"],
    )
    assert searched.found is None
    assert 500 < searched.tried < 50_000
    assert time.process_time() - began < 2


@pytest.mark.parametrize("host", ["[::1]", "[::1]:5000", "localhost", "localhost:5000"])
def test_hosts_keep_their_form(host: str) -> None:
    url = f"http://{host}/sms"
    assert found(url, url) == (url, [])


@given(
    st.text(max_size=60),
    st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3),
    st.binary(max_size=20),
)
def test_whatever_the_app_says_the_search_ends(url: str, pairs: list[tuple[str, str]], body: bytes) -> None:
    with contextlib.suppress(ValueError):  # Brackets that hold no address: the command refuses such a URL.
        assert search(Seen(url, pairs, body), "x", {"ours": TOKEN}).found is None
