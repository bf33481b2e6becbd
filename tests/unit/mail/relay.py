"""A mail relay on 127.0.0.1: aiosmtpd, an implementation that is not ours, told what to answer."""

import asyncio
import datetime
import ssl
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
USER, PASSWORD = "codes", "s3cret:p/w"


class Relay:
    """What it was handed is in `mails`; `answers` are said to the next recipients, "250 OK" when there is none.

    `refuses_content` is said to the next DATA, before there is any.
    """

    def __init__(self, *, tls: str = "", certificate: Path | None = None, signed_in: bool = False) -> None:
        self.mails: list[Envelope] = []
        self.answers: list[str] = []
        self.connections = 0
        self.loses = False
        self.refuses_content: list[str] = []
        self.thinks_s = 0.0
        context = None
        if certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
        options: dict[str, Any] = {"require_starttls": True, "tls_context": context} if tls == "starttls" else {}
        if signed_in:
            options |= {"authenticator": self._sign_in, "auth_required": True, "auth_require_tls": tls == "starttls"}
        self._controller = _Controller(
            self, hostname=HOST, port=0, ssl_context=context if tls == "tls" else None, **options
        )

    @property
    def port(self) -> int:
        return int(self._controller.server.sockets[0].getsockname()[1])

    def start(self) -> "Relay":
        self._controller.start()
        # The controller knocked at its own door.
        self.connections = 0
        return self

    def stop(self) -> None:
        self._controller.stop()

    def _sign_in(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=right, handled=right)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.loses and self.mails:
            server.transport.abort()
            return "421 gone"
        await asyncio.sleep(self.thinks_s)
        self.mails.append(envelope)
        return "250 Taken"


class _Session(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        refuses = self.event_handler.refuses_content
        if refuses:
            await self.push(refuses.pop(0))
        else:
            await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        self.handler.connections += 1
        return _Session(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        """A port that the system chose is not known before the server listens: nothing to knock at."""
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def certificate(folder: Path, name: str = "localhost") -> Path:
    """A PEM file of a key and a certificate that is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path
