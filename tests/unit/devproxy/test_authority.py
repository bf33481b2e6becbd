"""The authority: what it may sign, where its key lies, and that clients hold it to its name."""

import datetime
import ipaddress
import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509

from ringfence.devproxy import authority as module
from ringfence.devproxy.authority import MAX_CONTEXTS, Authority, open_authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return open_authority(tmp_path / "authority")


def handshake(server: ssl.SSLContext, trusted_pem: bytes, name: str) -> str | None:
    """The protocol that a client which trusts one authority agrees on with a server it calls `name`."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            server.wrap_socket(ours, server_side=True).close()
        except OSError:
            ours.close()

    thread = threading.Thread(target=serve)
    thread.start()
    client = ssl.create_default_context(cadata=trusted_pem.decode())
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    client.set_alpn_protocols(["h2", "http/1.1"])
    try:
        with client.wrap_socket(theirs, server_hostname=name) as joined:
            return joined.selected_alpn_protocol()
    finally:
        theirs.close()
        thread.join(5)


@pytest.mark.parametrize("name", ["api.twilio.com", "twilio.com", "API.dublin.ie1.Twilio.com"])
def test_a_strict_client_accepts_twilios_names_and_gets_http_1_1(authority: Authority, name: str) -> None:
    assert handshake(authority.context(name), authority.certificate_pem, name.lower()) == "http/1.1"


def test_the_context_of_a_name_is_kept_and_their_number_is_bounded(authority: Authority) -> None:
    first = authority.context("api.twilio.com")
    assert authority.context("API.twilio.com.") is first
    for number in range(MAX_CONTEXTS):
        authority.context(f"h{number}.twilio.com")
    assert authority.context("api.twilio.com") is not first


@pytest.mark.parametrize("name", ["example.com", "twilio.com.example", "127.0.0.1"])
def test_it_signs_for_nobody_else(authority: Authority, name: str) -> None:
    with pytest.raises(ValueError, match=r"twilio\.com"):
        authority.context(name)


@pytest.mark.parametrize("name", ["example.com", "127.0.0.1"])
def test_even_with_its_key_nobody_else_can_be_signed_for(
    authority: Authority, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_ours", lambda _: True)
    if name == "127.0.0.1":
        monkeypatch.setattr(x509, "DNSName", lambda _: x509.IPAddress(ipaddress.ip_address(name)))
    with pytest.raises(ssl.SSLCertVerificationError, match=r"permitted subtree violation|excluded subtree violation"):
        handshake(authority.context(name), authority.certificate_pem, name)


def test_the_key_is_private_and_the_same_the_next_time(tmp_path: Path) -> None:
    first = open_authority(tmp_path / "a")
    path = tmp_path / "a" / module.FILE_NAME
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert open_authority(tmp_path / "a").certificate_pem == first.certificate_pem
    assert open_authority(tmp_path / "b").certificate_pem != first.certificate_pem
    assert b"PRIVATE" not in first.certificate_pem


def test_it_is_made_anew_before_it_ends_and_when_it_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(module, "VALID_DAYS", module.RENEWED_DAYS_BEFORE - 1)
        old = open_authority(tmp_path)
    renewed = open_authority(tmp_path)
    assert renewed.certificate_pem != old.certificate_pem
    (tmp_path / module.FILE_NAME).write_bytes(b"not PEM")
    assert open_authority(tmp_path).certificate_pem not in (old.certificate_pem, renewed.certificate_pem)


def test_what_it_signs_ends_with_it_and_is_for_servers_alone(authority: Authority) -> None:
    own = x509.load_pem_x509_certificate(authority.certificate_pem)
    leaf = authority.sign("api.twilio.com")
    assert leaf.not_valid_after_utc == own.not_valid_after_utc
    assert own.not_valid_after_utc - datetime.datetime.now(datetime.UTC) <= datetime.timedelta(days=365)
    constraints = own.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert constraints.value.permitted_subtrees == [x509.DNSName("twilio.com")]
    assert own.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
