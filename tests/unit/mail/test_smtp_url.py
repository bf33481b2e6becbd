"""URLs of mail relays: where mail is handed in, and that it is never without TLS beyond loopback."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.mail.smtp_url import parse_smtp_url


@pytest.mark.parametrize(
    ("url", "host", "port", "security"),
    [
        ("smtp://mail.example", "mail.example", 587, "starttls"),
        ("smtp://mail.example:2525/", "mail.example", 2525, "starttls"),
        ("smtps://mail.example", "mail.example", 465, "tls"),
        ("smtp://192.0.2.7", "192.0.2.7", 587, "starttls"),
        ("smtp://localhost", "localhost", 25, "none"),
        ("smtp://127.0.0.1:1025", "127.0.0.1", 1025, "none"),
        ("smtp://[::1]", "::1", 25, "none"),
        ("smtps://localhost", "localhost", 465, "tls"),
        ("smtp://localhost.example", "localhost.example", 587, "starttls"),
    ],
)
def test_a_url_says_where_and_how(url: str, host: str, port: int, security: str) -> None:
    server = parse_smtp_url(url)
    assert (server.host, server.port, server.security, server.user) == (host, port, security, "")


@given(st.text(min_size=1), st.text(min_size=1))
def test_user_and_password_come_back_whatever_is_in_them_and_are_not_shown(user: str, password: str) -> None:
    server = parse_smtp_url(f"smtp://{quote(user, safe='')}:{quote(password, safe='')}@mail.example")
    assert (server.user, server.password) == (user, password)
    assert repr(server) == "SmtpServer(mail.example:587, starttls)"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://mail.example",
        "smtp://",
        "smtp://:25",
        "smtp://mail.example:port",
        "smtp://mail.example:99999",
        "smtp://mail.example/inbox",
        "smtp://mail.example?tls=no",
        "smtp://sam@mail.example",
        "smtp://[::1",
        "smtp://codes:hidden@mail.example:port",
        "smtp://codes:hidden@mail.example/inbox",
        "http://codes:hidden@mail.example",
    ],
)
def test_what_is_no_relay_is_refused_without_telling_a_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"mail server|HOST|password") as refusal:
        parse_smtp_url(url)
    assert "hidden" not in str(refusal.value)
