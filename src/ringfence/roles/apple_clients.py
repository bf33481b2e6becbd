"""Whoever speaks to Apple's network: one connection for all who sign tokens, and one for each certificate."""

import asyncio
import os
import ssl
from collections import OrderedDict
from collections.abc import Callable

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.domain.signing_key import read_signing_key, write_signing_key
from ringfence.http.egress_guard import EgressGuard
from ringfence.http.http2_client import Http2Client
from ringfence.ports.http import HttpClient
from ringfence.ports.push_sender import Signing

CLIENTS_MAX = 64
KEPT_S = 60
"""A tenant's private key lies in the connection's context: not longer than other opened keys."""


class _Own:
    """The client of one certificate, which ends once nobody has asked for it for `KEPT_S`."""

    def __init__(self, client: Http2Client, changed_ms: int) -> None:
        self.client = client
        self.changed_ms = changed_ms
        self._end: asyncio.TimerHandle | None = None

    def kept(self, loop: asyncio.AbstractEventLoop, forget: Callable[["_Own"], None]) -> HttpClient:
        """The client, for another while. A push is over long before."""
        if self._end is not None:
            self._end.cancel()
        self._end = loop.call_later(KEPT_S, self._over, forget)
        return self.client

    def _over(self, forget: Callable[["_Own"], None]) -> None:
        self.client.end()
        forget(self)

    def end(self) -> None:
        if self._end is not None:
            self._end.cancel()
        self.client.end()


class AppleClients:
    """An HTTP/2 client for all who sign tokens, and one for each certificate while it is used."""

    def __init__(self, guard: EgressGuard, roots: str | None = None) -> None:
        self._guard = guard
        self._roots = roots
        self._shared = Http2Client(guard, tls=ssl.create_default_context(cafile=roots))
        self._own: OrderedDict[str, _Own] = OrderedDict()
        # Those that another took the place of end by their own time: one of them may be sending.
        self._alive: set[_Own] = set()

    def of(self, signing: Signing) -> HttpClient:
        """The client that this credential is signed in with, for a minute. ValueError for what is no pair."""
        if signing.secret.key_id:
            return self._shared
        own = self._own.get(signing.sid)
        if own is None or own.changed_ms != signing.changed_ms:
            tls = ssl.create_default_context(cafile=self._roots)
            load_certificate(tls, signing.secret.certificate, signing.secret.private_key)
            own = _Own(Http2Client(self._guard, tls=tls), signing.changed_ms)
            self._own[signing.sid] = own
            self._alive.add(own)
        self._own.move_to_end(signing.sid)
        if len(self._own) > CLIENTS_MAX:
            self._own.popitem(last=False)
        return own.kept(asyncio.get_running_loop(), self._forget)

    def _forget(self, own: _Own) -> None:
        self._alive.discard(own)
        for sid in [sid for sid, each in self._own.items() if each is own]:
            del self._own[sid]

    def end(self) -> None:
        """End all connections."""
        self._shared.end()
        for own in self._alive:
            own.end()


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
