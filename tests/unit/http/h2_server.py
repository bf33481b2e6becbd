"""An HTTP/2 server of a test: it answers each request by a function, and may be awkward as a whole."""

import asyncio
import contextlib
import datetime
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple

import h2.config
import h2.connection
import h2.events
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Asked(NamedTuple):
    """A request as it came."""

    headers: dict[str, str]
    body: bytes
    certificate: dict[str, Any]


class Reply(NamedTuple):
    """`status` 0 lets the request wait for ever; `goes` says goodbye with the answer."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    goes: bool = False


Answering = Callable[[Asked], Reply]


def pair(name: str = "localhost") -> tuple[str, str]:
    """A certificate that is its own authority, and its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(serialization.Encoding.PEM).decode(), pem.decode()


class H2Server:
    """`url` is where it is, `roots` a file of what vouches for it. `asked` are all requests, `connections` how many."""

    def __init__(self, answering: Answering, *, client: str = "", alpn: str = "h2", streams: int = 100) -> None:
        self.asked: list[Asked] = []
        self.connections = 0
        self.url = self.roots = ""
        self._answering = answering
        self._client = client
        self._alpn = alpn
        self._streams = streams

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["H2Server"]:
        with tempfile.TemporaryDirectory() as folder:
            certificate, key = pair()
            self.roots, both = str(Path(folder) / "roots.pem"), Path(folder) / "both.pem"
            Path(self.roots).write_text(certificate)
            both.write_text(certificate + key)
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(both)
            tls.set_alpn_protocols([self._alpn])
            if self._client:
                tls.verify_mode = ssl.CERT_REQUIRED
                tls.load_verify_locations(cadata=self._client)
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=tls)
            self.url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
            try:
                yield self
            finally:
                server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        speech = h2.connection.H2Connection(config=config)
        speech.update_settings({3: self._streams})
        speech.initiate_connection()
        writer.write(speech.data_to_send())
        certificate = writer.get_extra_info("peercert") or {}
        headers: dict[int, dict[str, str]] = {}
        bodies: dict[int, bytes] = {}
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                for event in speech.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        headers[event.stream_id] = dict(event.headers)
                        bodies[event.stream_id] = b""
                    elif isinstance(event, h2.events.DataReceived):
                        bodies[event.stream_id] += event.data
                        speech.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        stream = event.stream_id
                        self._answer(speech, stream, Asked(headers[stream], bodies[stream], certificate))
                writer.write(speech.data_to_send())
                await writer.drain()
        writer.close()

    def _answer(self, speech: h2.connection.H2Connection, stream: int, asked: Asked) -> None:
        self.asked.append(asked)
        reply = self._answering(asked)
        if not reply.status:
            return
        speech.send_headers(stream, [(":status", str(reply.status)), *reply.headers], end_stream=not reply.body)
        if reply.body:
            speech.send_data(stream, reply.body, end_stream=True)
        if reply.goes:
            speech.close_connection()
