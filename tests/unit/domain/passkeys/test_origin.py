import pytest

from ringfence.domain.passkeys.origin import may_use, read_domain, read_origin

APP = "android:apk-key-hash:" + "aB3-_" * 8 + "xyz"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("shop.example", "https://shop.example"),
        ("https://shop.example", "https://shop.example"),
        ("HTTPS://Shop.Example", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("https://shop.example:8443", "https://shop.example:8443"),
        ("shop.example:8443", "https://shop.example:8443"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://localhost", "http://localhost"),
        ("http://shop.localhost:80", "http://shop.localhost"),
        (APP, APP),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(text: str, origin: str) -> None:
    assert read_origin(text) == origin
    assert read_origin(origin) == origin


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://",
        "http://shop.example",
        "http://notlocalhost:8000",
        "http://localhost.example",
        "https://shop.example/",
        "https://shop.example/login",
        "https://shop.example?x",
        "https://shop.example#x",
        "https://ann@shop.example",
        "https://shop.example.",
        "https://192.0.2.1",
        "https://[2001:db8::1]",
        "https://shop.example:0443",
        "https://*.example",
        "ftp://shop.example",
        "shop.example login.example",
        APP + "x",
        "android:apk-key-hash:short",
    ],
)
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected (a domain|an origin|an origin over https)$"):
        read_origin(text)


@pytest.mark.parametrize("text", ["shop.example", "Shop.Example", "localhost", "xn--bcher-kva.example"])
def test_a_domain_is_read_in_lower_case(text: str) -> None:
    assert read_domain(text) == text.lower()


@pytest.mark.parametrize(
    "text", ["", "https://shop.example", "shop.example:443", "shop.example.", "192.0.2.1", "[::1]", "bücher.example"]
)
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^expected a domain$"):
        read_domain(text)


@pytest.mark.parametrize(
    ("origin", "may"),
    [
        ("https://shop.example", True),
        ("https://login.shop.example:8443", True),
        (APP, True),
        ("https://example", False),
        ("https://evilshop.example", False),
        ("https://shop.example.evil.example", False),
    ],
)
def test_a_page_may_use_the_passkeys_of_its_own_domain_and_of_those_above(origin: str, may: bool) -> None:
    assert may_use(origin, "shop.example") is may
