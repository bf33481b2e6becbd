"""A signature is good for one request, to the letter."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.console.request_signature import (
    WINDOW_MS,
    PublicJwk,
    SignatureRefusedError,
    SignedRequest,
    check_key,
    check_signature,
    thumbprint,
)
from ringfence.drills.staff_browser import SessionKey

NOW_MS = 1_700_000_000_000
KEY = SessionKey()
JWK = msgspec.convert(KEY.jwk, PublicJwk)
TARGET = "https://operator.example.com/staff?before=ST1"


def signed(body: bytes = b"{}", created_ms: int = NOW_MS, key: SessionKey = KEY) -> SignedRequest:
    headers = key.headers("POST", TARGET, body, created_ms // 1_000)
    return SignedRequest(
        method="POST",
        target_uri=TARGET,
        body=body,
        content_digest=headers.get("content-digest", ""),
        signature_input=headers["signature-input"],
        signature=headers["signature"],
    )


@given(body=st.binary(max_size=200), off_ms=st.integers(-WINDOW_MS, WINDOW_MS - 1_000))
def test_what_a_browser_signed_is_taken_and_its_number_kept_until_it_is_too_old(body: bytes, off_ms: int) -> None:
    request = signed(body, NOW_MS + off_ms)
    nonce, until_ms = check_signature(request, JWK, NOW_MS)
    assert nonce in request.signature_input
    with pytest.raises(SignatureRefusedError):
        check_signature(request, JWK, until_ms + 1)


@given(
    data=st.data(), field=st.sampled_from(["method", "target_uri", "content_digest", "signature_input", "signature"])
)
def test_no_letter_of_it_may_be_another(data: st.DataObject, field: str) -> None:
    request = signed()
    text: str = getattr(request, field)
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(min_codepoint=33, max_codepoint=126).filter(lambda it: it != text[at]))
    changed: Any = text[:at] + letter + text[at + 1 :]
    with pytest.raises(SignatureRefusedError):
        check_signature(msgspec.structs.replace(request, **{field: changed}), JWK, NOW_MS)


def test_a_signature_is_spelled_in_one_way() -> None:
    request = signed()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    same = letters[letters.index(request.signature[-4]) + 1]
    spelled = msgspec.structs.replace(request, signature=f"{request.signature[:-4]}{same}==:")
    with pytest.raises(SignatureRefusedError):
        check_signature(spelled, JWK, NOW_MS)


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (msgspec.structs.replace(signed(), signature=""), "unsigned"),
        (signed(created_ms=NOW_MS - WINDOW_MS - 1_000), "another time"),
        (signed(created_ms=NOW_MS + WINDOW_MS + 1_000), "another time"),
        (msgspec.structs.replace(signed(), body=b"[]"), "another body"),
        (msgspec.structs.replace(signed(b""), body=b"{}", content_digest=signed().content_digest), "too little signed"),
        (msgspec.structs.replace(signed(), method="PUT"), "another signature"),
        (signed(key=SessionKey()), "another key"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_reason_is_told_and_holds_nothing_of_the_request(request_: SignedRequest, why: str) -> None:
    with pytest.raises(SignatureRefusedError, match=f"^{why}$"):
        check_signature(request_, JWK, NOW_MS)


def test_a_number_is_to_be_kept_a_second_longer_than_its_signature_is_good() -> None:
    # A signature's time is in whole seconds.
    assert check_signature(signed(), JWK, NOW_MS)[1] == NOW_MS + WINDOW_MS + 1_000


def test_neither_a_key_nor_a_request_shows_itself() -> None:
    assert repr(JWK) == "PublicJwk(…)"
    assert repr(signed()) == "SignedRequest(POST)"


@given(st.binary(max_size=50).filter(lambda it: it != b"{}"))
def test_nor_may_its_body_be_another(body: bytes) -> None:
    with pytest.raises(SignatureRefusedError):
        check_signature(msgspec.structs.replace(signed(), body=body), JWK, NOW_MS)


@given(st.text(max_size=300))
def test_whatever_stands_in_the_headers_it_is_refused_and_nothing_else(text: str) -> None:
    for field in ("signature_input", "signature", "content_digest"):
        with pytest.raises(SignatureRefusedError):
            check_signature(msgspec.structs.replace(signed(), **{field: text}), JWK, NOW_MS)


def test_another_key_signs_for_itself_alone() -> None:
    with pytest.raises(SignatureRefusedError, match="another key"):
        check_signature(signed(key=SessionKey()), JWK, NOW_MS)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"kty": "RSA"}, "^expected a key of P-256$"),
        ({"crv": "P-384"}, "^expected a key of P-256$"),
        ({"x": "AA"}, "^expected a key of P-256$"),
        ({"y": "AA"}, "^expected a key of P-256$"),
        ({"x": JWK.y, "y": JWK.x}, "."),
        ({"y": f"{JWK.y}="}, "."),
        ({"x": '"'}, "."),
    ],
)
def test_a_key_is_a_point_of_p256_written_in_its_one_way(change: dict[str, str], why: str) -> None:
    check_key(JWK)
    with pytest.raises(ValueError, match=why):
        check_key(msgspec.structs.replace(JWK, **change))


def test_a_key_is_named_as_rfc_7638_names_it() -> None:
    # The P-256 key of RFC 7515, appendix A.3, and the name that other programs give it.
    known = PublicJwk(
        kty="EC",
        crv="P-256",
        x="f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        y="x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    )
    assert thumbprint(known) == "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U"
