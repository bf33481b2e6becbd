"""The DTLS handshake of one leg, for its keys alone: datagrams in and out, then keys for SRTP, then next to nothing.

The peer is who its description says by the certificate's fingerprint. Media itself never passes through here.

Source: RFC 6347 (DTLS 1.2), RFC 5763 (fingerprints in SDP), RFC 5764 (keys for SRTP), section 4.2.
"""

import contextlib
import datetime
import hmac
import re
from collections.abc import Callable

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

MAX_DATAGRAM_BYTES = 1_200
GIVE_UP_MS = 30_000

# Names as RFC 5764 and RFC 7714 register them, in our order of preference: bytes of key and of salt.
PROFILES = {
    "SRTP_AEAD_AES_128_GCM": (16, 12),
    "SRTP_AES128_CM_SHA1_80": (16, 14),
}

_VERSION_1_2 = 0xFEFD
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305"
)
_EXPORT_LABEL = b"EXTRACTOR-dtls_srtp"
_RECORD_HEADER_BYTES = 13
_READ_BYTES = 1 << 14
_VALID = datetime.timedelta(days=365)
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}
_FINGERPRINT = re.compile(r"(sha-256|sha-384|sha-512) ((?:[0-9A-Fa-f]{2}:){31,63}[0-9A-Fa-f]{2})", re.IGNORECASE)


class SrtpKeys(msgspec.Struct, frozen=True):
    """What a handshake gives: the profile by its registered name, and each direction's key followed by its salt."""

    profile: str
    send: bytes
    receive: bytes

    def __repr__(self) -> str:
        return f"SrtpKeys({self.profile})"


class Identity:
    """A process's certificate, made when it starts and gone with it: descriptions carry its `fingerprint`."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ringfence")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + _VALID)
            .sign(key, hashes.SHA256())
        )
        self.fingerprint = fingerprint_of(certificate)
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
        # With 1.3 a record no longer says its length where `_datagrams` looks for it.
        context.set_max_proto_version(_VERSION_1_2)
        # Who it is says the fingerprint, once the handshake is through; no authority signs these certificates.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(certificate)
        context.use_privatekey(key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(":".join(PROFILES).encode())
        self.context = context


def fingerprint_of(certificate: x509.Certificate, algorithm: str = "sha-256") -> str:
    """A certificate's fingerprint as `a=fingerprint` has it."""
    return f"{algorithm} {certificate.fingerprint(_HASHES[algorithm]).hex(':').upper()}"


class DtlsHandshake:
    """One leg's handshake. `on_keys(keys)` once, or `on_end(cause)`; `on_end` also when the peer says good-bye.

    Call `tick` at `due_ms`, which changes with each call; it repeats what was lost.
    """

    def __init__(
        self,
        identity: Identity,
        *,
        client: bool,
        fingerprint: str,
        send: Callable[[bytes], None],
        on_keys: Callable[[SrtpKeys], None],
        on_end: Callable[[str], None],
    ) -> None:
        self._client, self._fingerprint = client, fingerprint
        self._send, self._on_keys, self._on_end = send, on_keys, on_end
        self._connection = SSL.Connection(identity.context)
        self._connection.set_ciphertext_mtu(MAX_DATAGRAM_BYTES)
        if client:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()
        self.due_ms: int | None = None
        self._give_up_ms = 0
        self._done = False
        self._ended = False

    def start(self, now_ms: int) -> None:
        """Say hello, as a client; a server waits for it."""
        self._give_up_ms = now_ms + GIVE_UP_MS
        self._step(now_ms)

    def datagram(self, data: bytes, now_ms: int) -> None:
        """Take a datagram of the peer."""
        if self._ended or not data:
            return
        self._connection.bio_write(data)
        self._step(now_ms)

    def tick(self, now_ms: int) -> None:
        """Repeat what is due, or give up."""
        if self._ended or self._done:
            return
        if now_ms >= self._give_up_ms:
            self._end("the DTLS handshake was not finished in time")
            return
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            self._end("the DTLS handshake was repeated too often")
            return
        self._flush()
        self._plan(now_ms)

    def close(self) -> None:
        """Say good-bye, once keys were agreed; nothing is heard from then on."""
        if self._done and not self._ended:
            # Where it fails the peer has said it first, or is gone: there is nobody to tell.
            with contextlib.suppress(SSL.Error):
                self._connection.shutdown()
            self._flush()
        self._ended = True
        self.due_ms = None

    def _step(self, now_ms: int) -> None:
        try:
            if self._done:
                self._connection.recv(_READ_BYTES)
            else:
                self._connection.do_handshake()
                self._flush()
                self._finish()
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self._end("the peer has closed its media")
        except SSL.Error:
            self._flush()
            self._end("the DTLS handshake failed")
        if not self._ended:
            self._flush()
            self._plan(now_ms)

    def _finish(self) -> None:
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not matches(certificate, self._fingerprint):
            self._end("the peer's certificate is not the one of its description")
            return
        profile = self._connection.get_selected_srtp_profile().decode()
        if profile not in PROFILES:
            self._end("no profile for SRTP was agreed")
            return
        key, salt = PROFILES[profile]
        material = self._connection.export_keying_material(_EXPORT_LABEL, 2 * (key + salt))
        client, server = (
            material[at * key : (at + 1) * key] + material[2 * key + at * salt : 2 * key + (at + 1) * salt]
            for at in (0, 1)
        )
        self._done = True
        mine, theirs = (client, server) if self._client else (server, client)
        self._on_keys(SrtpKeys(profile, mine, theirs))

    def _flush(self) -> None:
        out = bytearray()
        while True:
            try:
                out += self._connection.bio_read(_READ_BYTES)
            except SSL.Error:
                break
        for datagram in datagrams(bytes(out)):
            self._send(datagram)

    def _plan(self, now_ms: int) -> None:
        wait_s = None if self._done else self._connection.DTLSv1_get_timeout()
        waits = self._give_up_ms if wait_s is None else min(self._give_up_ms, now_ms + max(10, round(wait_s * 1_000)))
        self.due_ms = None if self._done else waits

    def _end(self, cause: str) -> None:
        if self._ended:
            return
        self._ended = True
        self.due_ms = None
        self._on_end(cause)


def matches(certificate: x509.Certificate, fingerprint: str) -> bool:
    """Whether a certificate has the fingerprint that a description gives; never by a hash that proves nothing."""
    match = _FINGERPRINT.fullmatch(fingerprint.strip())
    if match is None:
        return False
    algorithm = match[1].lower()
    return hmac.compare_digest(fingerprint_of(certificate, algorithm), f"{algorithm} {match[2].upper()}")


def datagrams(flight: bytes) -> list[bytes]:
    """Cut what a handshake wrote into datagrams, at the borders of records: the stream of bytes has lost its own."""
    pieces: list[bytes] = []
    start = at = 0
    while at + _RECORD_HEADER_BYTES <= len(flight):
        end = at + _RECORD_HEADER_BYTES + int.from_bytes(flight[at + 11 : at + 13], "big")
        if end - start > MAX_DATAGRAM_BYTES and at > start:
            pieces.append(flight[start:at])
            start = at
        at = end
    return [*pieces, flight[start:]] if start < len(flight) else pieces
