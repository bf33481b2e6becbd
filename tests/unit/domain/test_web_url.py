"""One strict reading of a webhook's URL."""

import ipaddress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.web_url import MAX_CHARACTERS, InvalidUrlError, WebUrl, parse_url


def test_the_parts_of_a_plain_url() -> None:
    url = parse_url("HTTPS://Hooks.Example.com:8443/a/b?x=1&y#rc=2")
    assert (url.scheme, url.host, url.port) == ("https", "hooks.example.com", 8443)
    assert url.target == "/a/b?x=1&y"
    assert url.host_header == "Hooks.Example.com:8443"
    assert url.fragment == "rc=2"
    assert url.text == "HTTPS://Hooks.Example.com:8443/a/b?x=1&y"
    assert url.origin == ("https", "hooks.example.com", 8443)


@pytest.mark.parametrize(
    ("text", "port", "host_header", "target"),
    [
        ("http://h", 80, "h", "/"),
        ("http://h:80/", 80, "h", "/"),
        ("http://h:443/", 443, "h:443", "/"),
        ("https://h:/", 443, "h", "/"),
        ("https://h:443", 443, "h", "/"),
        ("http://h?q", 80, "h", "/?q"),
        ("http://[::1]:5000/x", 5000, "[::1]:5000", "/x"),
        ("http://[0:0:0:0:0:0:0:1]/", 80, "[::1]", "/"),
        ("http://my_app-1:5000/", 5000, "my_app-1:5000", "/"),
        ("http://localhost./", 80, "localhost.", "/"),
        ("http://h:65535/", 65535, "h:65535", "/"),
        ("http://192.0.2.1/", 80, "192.0.2.1", "/"),
    ],
)
def test_ports_hosts_and_targets(text: str, port: int, host_header: str, target: str) -> None:
    url = parse_url(text)
    assert (url.port, url.host_header, url.target) == (port, host_header, target)
    assert url.text.endswith(target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "//h/",
        "ftp://h/",
        "gopher://8.8.8.8/",
        "file:///etc/passwd",
        "http:///x",
        "http://:80/",
        "http://user@h/",
        "http://user:pw@h/",
        "http://a@b@h/",
        "http://h\\@127.0.0.1/",
        "http://h/a b",
        "http://h/\r\nX: 1",
        "http://h/\n",
        "http://h/\x00",
        "http://h/\x7f",
        "http://h/é",
        "http://①②⑦.0.0.1/",
        "http://127.0.0.1\u3002/",
        "http://h:0/",
        "http://h:65536/",
        "http://h:99999/",
        "http://h:+80/",
        "http://h:8 0/",
        "http://127.1/",
        "http://127.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://0x/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.01/",
        "http://127.0.0.1./",
        "http://256.0.0.1/",
        "http://1.2.3.4.5/",
        "http://0/",
        "http://h.5/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[::1/",
        "http://[::g]/",
        "http://[127.0.0.1]/",
        "http://::1/",
        "http://h..x/",
        "http://.h/",
        "http://h../",
        "http://-h/",
        "http://h-/",
        "http://h%2e/",
        "http://" + "a" * 64 + "/",
        "http://" + ".".join(["a" * 63] * 4) + "/",
        "http://h/" + "x" * MAX_CHARACTERS,
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(InvalidUrlError) as refusal:
        parse_url(text)
    assert len(str(refusal.value)) < 60


def test_the_longest_url_is_taken() -> None:
    assert len(parse_url("http://h/" + "x" * (MAX_CHARACTERS - 9)).text) == MAX_CHARACTERS
    assert len(parse_url("http://h/" + "x" * MAX_CHARACTERS, max_characters=MAX_CHARACTERS + 9).text) > MAX_CHARACTERS


@given(st.lists(st.integers(0, 999), min_size=1, max_size=5), st.sampled_from(["", "0", "00"]))
def test_numbers_with_dots_are_addresses_or_refused(numbers: list[int], zeros: str) -> None:
    host = ".".join(f"{zeros}{number}" for number in numbers)
    try:
        expected = str(ipaddress.IPv4Address(host))
    except ValueError:
        with pytest.raises(InvalidUrlError):
            parse_url(f"http://{host}/")
    else:
        assert parse_url(f"http://{host}/").host == expected


def test_references_are_read_as_strictly() -> None:
    url = parse_url("https://h/a/b?x=1")
    assert url.join("c").text == "https://h/a/c"
    assert url.join("../c?y").text == "https://h/c?y"
    assert url.join("//other/c").text == "https://other/c"
    assert url.join("http://other:81").port == 81
    for reference in ("", "a b", "a\r\n", "ftp://h", "http://u@h", "http://[", "//[::1", "http://[x]/"):
        with pytest.raises(InvalidUrlError):
            url.join(reference)


def test_a_fragment_can_be_kept() -> None:
    assert parse_url("http://h/a#rc=2").with_fragment == "http://h/a#rc=2"
    assert parse_url("http://h/a#").with_fragment == "http://h/a"


def test_a_query_is_appended() -> None:
    assert parse_url("http://h/a#f").with_query("b=1") == "http://h/a?b=1"
    assert parse_url("http://h/a?c").with_query("b=1") == "http://h/a?c&b=1"
    assert parse_url("http://h/a").with_query("") == "http://h/a"


def test_a_url_does_not_show_itself() -> None:
    assert "secret" not in repr(parse_url("https://secret.example/secret"))


@given(
    st.text(alphabet=st.characters(max_codepoint=0x2100), max_size=40), st.sampled_from(["", "http://", "https://h"])
)
def test_any_text_is_read_or_refused(text: str, start: str) -> None:
    try:
        url = parse_url(start + text)
    except InvalidUrlError:
        return
    assert parse_url(url.text) == WebUrl(url.text, url.scheme, url.host, url.port, url.target, url.host_header)
    other = urlsplit(url.text)
    assert other.hostname is not None
    assert other.hostname.rstrip(".") == url.host.rstrip(".") or ":" in url.host
    assert other.username is None
    assert not any(ord(character) <= 0x20 for character in url.target + url.host_header)
