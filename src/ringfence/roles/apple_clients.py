"""Whoever speaks to Apple's network: one connection for all who sign tokens, and one for each certificate."""

import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.domain.signing_key import read_signing_key, write_signing_key
from ringfence.http.egress_guard import EgressGuard
from ringfence.http.http2_client import Http2Client
from ringfence.ports.http import HttpClient
from ringfence.ports.push_sender import Signing

CLIENTS_MAX = 64


class AppleClients:
    """An HTTP/2 client for all who sign tokens, and one for each certificate."""

    def __init__(self, guard: EgressGuard, roots: str | None = None) -> None:
        self._guard = guard
        self._roots = roots
        self._shared = Http2Client(guard, tls=ssl.create_default_context(cafile=roots))
        self._own: dict[tuple[str, int], Http2Client] = {}

    def of(self, signing: Signing) -> HttpClient:
        """The client that this credential is signed in with."""
        if signing.secret.key_id:
            return self._shared
        key = (signing.sid, signing.changed_ms)
        if key not in self._own:
            tls = ssl.create_default_context(cafile=self._roots)
            load_certificate(tls, signing.secret.certificate, signing.secret.private_key)
            if len(self._own) >= CLIENTS_MAX:
                self._own.pop(next(iter(self._own))).end()
            self._own[key] = Http2Client(self._guard, tls=tls)
        return self._own[key]

    def end(self) -> None:
        """End all connections."""
        for client in (self._shared, *self._own.values()):
            client.end()


def load_certificate(tls: ssl.SSLContext, certificate: str, private_key: str) -> None:
    """Sign in by this pair. ssl reads files alone: this one lies in memory, has no name and is gone at the end.

    It is written anew, so that ssl meets no other key that was put beside them. ValueError for what is no such pair.
    """
    chain = x509.load_pem_x509_certificates(certificate.encode())
    texts = [one.public_bytes(Encoding.PEM).decode() for one in chain]
    pair = "".join((*texts, write_signing_key(read_signing_key(private_key))))
    handle = os.memfd_create("certificate")
    try:
        os.write(handle, pair.encode())
        tls.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
