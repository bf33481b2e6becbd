import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.passkeys.client_data import ClientData, parse_client_data
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal

SAID = {"type": "webauthn.get", "challenge": "AAEC", "origin": "https://shop.example"}
READ = ClientData(type="webauthn.get", challenge=b"\x00\x01\x02", origin="https://shop.example", framed=False)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"crossOrigin": False},
        {"tokenBinding": {"status": "present", "id": "x"}},
        {"tokenBinding": {"status": "supported"}},
        {"tokenBinding": "unused"},
        {"tokenBinding": None},
        {"other_keys_can_be_added_here": {"a": [1, 2.5, None]}},
    ],
)
def test_what_a_browser_says_is_read(more: dict[str, Any]) -> None:
    assert parse_client_data(json.dumps(SAID | more).encode()) == READ


@pytest.mark.parametrize("more", [{"crossOrigin": True}, {"topOrigin": "https://shop.example"}, {"topOrigin": None}])
def test_a_page_in_another_page_is_told(more: dict[str, Any]) -> None:
    assert parse_client_data(json.dumps(SAID | more).encode()).framed


@pytest.mark.parametrize(
    "change",
    [
        *({name: value} for name in SAID for value in (None, 7, [], {}, True)),
        {"challenge": "AA=="},
        {"challenge": "AB"},
        {"crossOrigin": None},
        {"crossOrigin": "true"},
        {"crossOrigin": 0},
        {"tokenBinding": {}},
        {"tokenBinding": {"status": "not-supported"}},
        {"tokenBinding": {"status": ["present"]}},
    ],
    ids=str,
)
def test_what_no_browser_says_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        parse_client_data(json.dumps(SAID | change).encode())
    assert refused.value.why is Refusal.MALFORMED


@pytest.mark.parametrize("name", SAID)
def test_what_is_missing_or_comes_twice_is_refused(name: str) -> None:
    missing = json.dumps({key: value for key, value in SAID.items() if key != name}).encode()
    twice = json.dumps(SAID).replace("{", f'{{"{name}": "first", ').encode()
    for data in (missing, twice):
        with pytest.raises(PasskeyRefusedError) as refused:
            parse_client_data(data)
        assert refused.value.why is Refusal.MALFORMED


@pytest.mark.parametrize("data", [b"", b"[]", b"7", b"null", b"\xff", b"\xef\xbb\xbf" + json.dumps(SAID).encode()])
def test_what_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(PasskeyRefusedError) as refused:
        parse_client_data(data)
    assert refused.value.why is Refusal.MALFORMED


@given(data=st.binary(max_size=200))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(PasskeyRefusedError):
        parse_client_data(data)


def test_in_whose_page_it_stood_is_told() -> None:
    framed = SAID | {"crossOrigin": True, "topOrigin": "https://console.example"}
    assert parse_client_data(json.dumps(framed).encode()).top_origin == "https://console.example"
    for unsaid in ({"crossOrigin": True}, {"crossOrigin": True, "topOrigin": 1}, {}):
        assert parse_client_data(json.dumps(SAID | unsaid).encode()).top_origin == ""
