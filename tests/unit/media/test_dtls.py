"""The DTLS handshake: both ends get the same keys over any wire, and only from whom the description names."""

import contextlib
import datetime
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from ringfence.media.dtls import (
    GIVE_UP_MS,
    MAX_DATAGRAM_BYTES,
    DtlsHandshake,
    Identity,
    SrtpKeys,
    datagrams,
    fingerprint_of,
    matches,
)

ONE, OTHER = Identity(), Identity()


class End:
    """One side of a handshake, what it sent and what became of it."""

    def __init__(self, identity: Identity, fingerprint: str, *, client: bool) -> None:
        self.sent: list[bytes] = []
        self.keys: list[SrtpKeys] = []
        self.causes: list[str] = []
        self.handshake = DtlsHandshake(
            identity,
            client=client,
            fingerprint=fingerprint,
            send=self.sent.append,
            on_keys=self.keys.append,
            on_end=self.causes.append,
        )

    def take(self) -> list[bytes]:
        sent, self.sent[:] = list(self.sent), []
        return sent


def ends(client_expects: str = OTHER.fingerprint, server_expects: str = ONE.fingerprint) -> tuple[End, End]:
    return End(ONE, client_expects, client=True), End(OTHER, server_expects, client=False)


def shake(client: End, server: End) -> None:
    """Carry all they say, until both are silent."""
    client.handshake.start(0)
    server.handshake.start(0)
    while client.sent or server.sent:
        for data in client.take():
            server.handshake.datagram(data, 0)
        for data in server.take():
            client.handshake.datagram(data, 0)


def test_both_ends_get_the_same_keys() -> None:
    client, server = ends()
    shake(client, server)
    (one,), (other,) = client.keys, server.keys
    assert (one.send, one.receive) == (other.receive, other.send)
    assert one.send != one.receive
    assert (one.profile, len(one.send)) == ("SRTP_AEAD_AES_128_GCM", 28)
    assert client.handshake.due_ms is server.handshake.due_ms is None
    assert not client.causes + server.causes


def test_the_keys_are_those_that_the_rfc_exports() -> None:
    """An end made by hand of OpenSSL alone, which offers only the profile that everybody has."""
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_max_proto_version(0xFEFD)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    key, certificate = certified()
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_tlsext_use_srtp(b"SRTP_AES128_CM_SHA1_80")
    peer = SSL.Connection(context)
    peer.set_ciphertext_mtu(1_200)
    peer.set_connect_state()
    server = End(OTHER, fingerprint_of(certificate), client=False)
    server.handshake.start(0)
    for _ in range(10):
        with contextlib.suppress(SSL.WantReadError):
            peer.do_handshake()
        with contextlib.suppress(SSL.WantReadError):
            while True:
                server.handshake.datagram(peer.bio_read(1 << 14), 0)
        for data in server.take():
            peer.bio_write(data)
    material = peer.export_keying_material(b"EXTRACTOR-dtls_srtp", 60)
    (keys,) = server.keys
    assert keys.profile == "SRTP_AES128_CM_SHA1_80"
    assert keys.receive == material[:16] + material[32:46]
    assert keys.send == material[16:32] + material[46:60]


@pytest.mark.parametrize("whose", ["client", "server"])
def test_another_certificate_than_the_described_one_gives_no_keys(whose: str) -> None:
    client, server = ends(**{f"{whose}_expects": Identity().fingerprint})
    shake(client, server)
    deceived = {"client": client, "server": server}[whose]
    assert deceived.keys == []
    assert deceived.causes == ["the peer's certificate is not the one of its description"]
    assert deceived.handshake.due_ms is None


@pytest.mark.parametrize("lost", [{0}, {1}])
def test_a_lost_flight_is_repeated(lost: set[int]) -> None:
    """OpenSSL keeps the time of its repeats itself: this takes the second that it waits."""
    client, server = ends()
    carried = 0
    client.handshake.start(now_ms())
    server.handshake.start(now_ms())
    while not (client.keys and server.keys):
        for end, peer in ((client, server), (server, client)):
            for data in end.take():
                if carried not in lost:
                    peer.handshake.datagram(data, now_ms())
                carried += 1
            if end.handshake.due_ms is not None and end.handshake.due_ms <= now_ms():
                end.handshake.tick(now_ms())
        time.sleep(0.01)
    assert client.keys[0].send == server.keys[0].receive
    assert not client.causes + server.causes


def now_ms() -> int:
    return round(time.monotonic() * 1_000)


def test_a_peer_that_never_answers_is_given_up() -> None:
    client, _ = ends()
    client.handshake.start(0)
    assert client.handshake.due_ms is not None
    assert 0 < client.handshake.due_ms <= 1_000
    client.handshake.tick(GIVE_UP_MS - 1)
    assert not client.causes
    client.handshake.tick(GIVE_UP_MS)
    assert client.causes == ["the DTLS handshake was not finished in time"]
    client.handshake.datagram(b"\x16", GIVE_UP_MS)
    assert client.causes == ["the DTLS handshake was not finished in time"]


def test_a_good_bye_is_heard_and_said_once() -> None:
    client, server = ends()
    shake(client, server)
    client.handshake.close()
    client.handshake.close()
    (goodbye,) = client.take()
    server.handshake.datagram(goodbye, 0)
    assert server.causes == ["the peer has closed its media"]
    assert client.causes == []


@pytest.mark.parametrize("done", [True, False])
@given(noise=st.binary(max_size=200))
@settings(deadline=None, max_examples=30)
def test_noise_is_passed_over(done: bool, noise: bytes) -> None:
    client, server = ends()
    if done:
        shake(client, server)
    server.handshake.datagram(noise, 0)
    if not done:
        shake(client, server)
    assert len(server.keys) == len(client.keys) == 1
    assert not server.causes


@pytest.mark.parametrize(
    "fingerprint",
    ["", "sha-1 " + ":".join(["00"] * 20), "sha-256 00:11", "md5 " + ":".join(["00"] * 16), "sha-256"],
)
def test_a_fingerprint_that_proves_nothing_matches_nothing(fingerprint: str) -> None:
    _, certificate = certified()
    assert not matches(certificate, fingerprint)


@pytest.mark.parametrize("algorithm", ["sha-256", "sha-384", "sha-512"])
def test_a_fingerprint_matches_its_certificate_alone(algorithm: str) -> None:
    (_, mine), (_, other) = certified(), certified()
    assert matches(mine, fingerprint_of(mine, algorithm).lower())
    assert not matches(other, fingerprint_of(mine, algorithm))


@given(st.lists(st.integers(0, 2_000), max_size=12))
def test_a_flight_is_cut_between_records(sizes: list[int]) -> None:
    records = [b"\x16\xfe\xfd" + bytes(8) + size.to_bytes(2, "big") + bytes(size) for size in sizes]
    pieces = datagrams(b"".join(records))
    assert b"".join(pieces) == b"".join(records)
    for piece in pieces:
        assert len(piece) <= MAX_DATAGRAM_BYTES or piece in records
        assert piece[0] == 0x16


def test_keys_are_not_shown() -> None:
    assert repr(SrtpKeys("SRTP_AEAD_AES_128_GCM", b"secret", b"secret")) == "SrtpKeys(SRTP_AEAD_AES_128_GCM)"


def certified() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "peer")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    return key, builder.sign(key, hashes.SHA256())
