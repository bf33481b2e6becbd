import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.base64url import decode_base64url, encode_base64url


@given(data=st.binary(max_size=100))
def test_what_is_written_is_read(data: bytes) -> None:
    text = encode_base64url(data)
    assert text == base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert decode_base64url(text) == data


@pytest.mark.parametrize("text", ["A", "AA==", "AB", "+/+/", "AA AA", "AAAA\n", "ÄAAA", "AAA=", "=", "A-_é"])
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Base64url"):
        decode_base64url(text)


@given(text=st.text(alphabet="AZaz09-_+/= \n", max_size=12))
def test_each_value_has_one_spelling(text: str) -> None:
    try:
        data = decode_base64url(text)
    except ValueError:
        return
    assert encode_base64url(data) == text
