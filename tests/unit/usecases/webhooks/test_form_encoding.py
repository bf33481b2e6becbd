"""Forms on the wire, held against the standard library."""

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from ringfence.usecases.webhooks.form_encoding import LITERAL_IN_QUERY, encode_body, encode_query

FORMS = st.lists(st.tuples(st.text(max_size=12), st.text(max_size=30)), max_size=6)


def test_a_form() -> None:
    form = [("Body", "Ünï & co+1"), ("From", "+12025550123"), ("Empty", ""), ("Plain_.~-9", "Az_.~-9")]
    body = b"Body=%C3%9Cn%C3%AF+%26+co%2B1&From=%2B12025550123&Empty=&Plain_.~-9=Az_.~-9"
    assert encode_body(form) == body
    assert encode_body([]) == b""


def test_a_query_keeps_what_rfc_3986_allows() -> None:
    assert encode_query([("a b", "/?:@!$'()*,;&=+#%")]) == "a+b=/?:@!$'()*,%3B%26%3D%2B%23%25"


@given(FORMS)
def test_the_same_as_the_standard_library(form: list[tuple[str, str]]) -> None:
    assert encode_body(form) == urlencode(form).encode()
    assert encode_query(form) == urlencode(form, safe=LITERAL_IN_QUERY)


@given(FORMS)
def test_what_is_read_back_is_what_was_sent(form: list[tuple[str, str]]) -> None:
    for encoded in (encode_body(form).decode(), encode_query(form)):
        assert parse_qsl(encoded, keep_blank_values=True) == [(name, value) for name, value in form]
