"""Where `ringfence listen --forward-to` leads webhooks."""

import pytest

from ringfence.cli.listen import _url
from ringfence.roles.refusal import RefusalError


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("5000", "http://localhost:5000/"),
        ("5000/sms?a=b", "http://localhost:5000/sms?a=b"),
        ("localhost:5000", "http://localhost:5000/"),
        ("my-box.local:80/sms", "http://my-box.local:80/sms"),
        ("[::1]:5000/sms", "http://[::1]:5000/sms"),
        ("https://app.example/sms", "https://app.example/sms"),
        ("http://foo/", "http://foo/"),
    ],
)
def test_a_port_a_host_with_its_port_or_a_url(given: str, meant: str) -> None:
    assert _url(given) == meant


@pytest.mark.parametrize(
    "given", ["foo", "foo/sms", "localhost", "", "/sms", "foo:", "0", "99999", "a:b", "5000 x", "::1"]
)
def test_anything_else_is_refused_with_what_to_write(given: str) -> None:
    with pytest.raises(
        RefusalError, match=r"--forward-to: .*write it as 5000, localhost:5000/sms or http://"
    ) as refused:
        _url(given)
    assert refused.value.exit_code == 2
