"""Media that a customer texts: the program reads them at the URLs of its webhook."""

import sys
import urllib.request
from collections.abc import Iterable
from typing import Any

import pytest
import requests

from ringfence.testing.medium import Medium

from .conftest import CUSTOMER, SHOP

pytest_plugins = ["pytester"]

CAT = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def picture(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Where the customer's phone has the picture from."""
    start_response("200 OK" if environ["PATH_INFO"] == "/cat.png" else "404 Not Found", [("Content-Type", "image/png")])
    return [CAT]


@pytest.fixture
def media_url(ringfence: Any, barber: Any) -> Any:
    """Text a picture; the answer is the URL that the program is given."""
    origin = ringfence.host(picture, "https://pictures.example")
    ringfence.number(SHOP).sms_to(barber)

    def text() -> str:
        ringfence.phone(CUSTOMER).send(SHOP, "My cat", [f"{origin}/cat.png"])
        return str(barber.seen[-1]["MediaUrl0"])

    return text


def test_a_program_fetches_them_with_requests(media_url: Any) -> None:
    with requests.get(media_url(), timeout=5, stream=True) as response:
        assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
        assert b"".join(response.iter_content(100)) == CAT
    session = requests.Session()
    assert session.get(media_url() + "x", timeout=5).status_code == 404


def test_a_test_reads_them(ringfence: Any, media_url: Any) -> None:
    assert ringfence.media(media_url()) == Medium(content_type="image/png", content=CAT)
    assert ringfence.media("https://pictures.example/cat.png").content == CAT
    assert "264 bytes" in repr(ringfence.media(media_url()))


@pytest.mark.parametrize(
    "url", ["https://pictures.example/dog.png", "https://api.twilio.com/x", "https://far.example/x"]
)
def test_what_is_not_there_says_so_with_the_conversation(ringfence: Any, media_url: Any, url: str) -> None:
    media_url()
    with pytest.raises(LookupError, match=r"no medium there: .*(?s:.)*My cat"):
        ringfence.media(url)


def test_after_serve_any_client_fetches_them(ringfence: Any, media_url: Any) -> None:
    base_url = ringfence.serve()
    url = media_url()
    assert url.startswith(base_url)
    with urllib.request.urlopen(url, timeout=5) as response:
        assert response.read() == CAT
    assert ringfence.media(url).content == CAT


def test_requests_goes_its_own_way_again_afterwards(pytester: pytest.Pytester) -> None:
    before = sys.modules["requests.adapters"].HTTPAdapter.send
    pytester.makepyfile("def test_it(ringfence): pass")
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
    assert sys.modules["requests.adapters"].HTTPAdapter.send is before
