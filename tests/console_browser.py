"""A browser at a console, without a browser: its session's key, its cookie, its authenticator.

It signs from RFC 9421 alone and shares no code with what checks.
"""

import base64
import hashlib
import json
import os
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from starlette.types import ASGIApp

from ringfence.domain.clock import Clock
from software_authenticator import SoftwareAuthenticator, Wrong, b64


@dataclass(frozen=True)
class Request:
    """As it goes over the wire: `target` is an absolute URL."""

    method: str
    target: str
    headers: dict[str, str]
    content: bytes = b""


@dataclass(frozen=True)
class Response:
    """As it comes back. Header names are lower case."""

    status_code: int
    fields: list[tuple[str, str]]
    content: bytes

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.fields)

    @property
    def text(self) -> str:
        return self.content.decode()

    def json(self) -> Any:
        return json.loads(self.content)


async def answer_of(app: ASGIApp, request: Request) -> Response:
    """What an app answers."""
    url = urlsplit(request.target)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": unquote(url.path),
        "raw_path": url.path.encode(),
        "query_string": url.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in request.headers.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8421),
    }
    came: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": request.content, "more_body": False}

    async def send(message: Any) -> None:
        came.append(message)

    await app(scope, receive, send)
    fields = [(name.decode(), value.decode()) for name, value in came[0]["headers"]]
    return Response(came[0]["status"], fields, b"".join(each.get("body", b"") for each in came[1:]))


class SessionKey:
    """An ECDSA key on P-256, and what it signs."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        x, y = b64(point.x.to_bytes(32, "big")), b64(point.y.to_bytes(32, "big"))
        self.jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        named = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
        self.id = b64(hashlib.sha256(named.encode()).digest())

    def headers(
        self, method: str, target: str, body: bytes, created_s: int, *, nonce: str = "", key_id: str = ""
    ) -> dict[str, str]:
        """Those of a signed request."""
        lines = [f'"@method": {method}', f'"@target-uri": {target}']
        covered = '"@method" "@target-uri"'
        headers = {}
        if body:
            headers["content-digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
            lines.append(f'"content-digest": {headers["content-digest"]}')
            covered += ' "content-digest"'
        parameters = (
            f'({covered});created={created_s};nonce="{nonce or b64(os.urandom(16))}"'
            f';keyid="{key_id or self.id}";alg="ecdsa-p256-sha256"'
        )
        lines.append(f'"@signature-params": {parameters}')
        r, s = decode_dss_signature(self._key.sign("\n".join(lines).encode(), ec.ECDSA(hashes.SHA256())))
        signature = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
        return headers | {"signature-input": f"ringfence={parameters}", "signature": f"ringfence=:{signature}:"}


class ConsoleBrowser:
    """One person's browser at the operator's console `app`. It keeps what it `sent`, as it was signed."""

    def __init__(self, app: ASGIApp, origin: str, clock: Clock, authenticator: SoftwareAuthenticator) -> None:
        self._app = app
        self.origin = origin
        self._clock = clock
        self.authenticator = authenticator
        self.key = SessionKey()
        self.cookie = ""
        self.sent: list[Request] = []

    async def ask(self, method: str, path: str, values: Any = None, *, signed: bool = True) -> Response:
        """One request. Without `values` it has no body."""
        body = b"" if values is None else json.dumps(values).encode()
        target = f"{self.origin}{path}"
        headers = {"host": urlsplit(self.origin).netloc, "origin": self.origin}
        if body:
            headers["content-type"] = "application/json"
        if self.cookie:
            headers["cookie"] = self.cookie
        if signed:
            headers |= self.key.headers(method, target, body, self._clock.now_ms() // 1_000)
        return await self.send(Request(method, target, headers, body))

    async def send(self, request: Request) -> Response:
        """A request as it is, kept among those `sent`."""
        self.sent.append(request)
        response = await answer_of(self._app, request)
        for name, value in response.fields:
            if name == "set-cookie":
                self.cookie = value.partition(";")[0]
        return response

    async def page(self, path: str) -> Response:
        """A page, asked for as one."""
        target = f"{self.origin}{path}"
        headers = {"host": urlsplit(self.origin).netloc, "accept": "text/html", "cookie": self.cookie}
        headers |= self.key.headers("GET", target, b"", self._clock.now_ms() // 1_000)
        return await self.send(Request("GET", target, headers))

    async def join(self, secret: str, wrong: Wrong | None = None) -> Response:
        """Enrol with a link's secret."""
        asked = await self.ask("POST", "/join/options", {"secret": secret}, signed=False)
        if asked.status_code != 200:
            return asked
        begun = asked.json()
        answer = self.authenticator.create(begun["options"], self.origin, wrong or Wrong())
        return await self.ask("POST", "/join", {"ceremony": begun["ceremony"], "answer": answer}, signed=False)

    async def sign_in(self, wrong: Wrong | None = None, *, origin: str = "") -> Response:
        """A new session of a new key."""
        self.key, self.cookie = SessionKey(), ""
        asked = await self.ask("POST", "/sign-in/options", {"key": self.key.jwk}, signed=False)
        begun = asked.json()
        answer = self.authenticator.get(begun["options"], origin or self.origin, wrong or Wrong())
        return await self.ask("POST", "/sign-in", {"ceremony": begun["ceremony"], "answer": answer}, signed=False)

    async def verify(self) -> Response:
        """Show the passkey again."""
        begun = (await self.ask("POST", "/verify/options")).json()
        answer = self.authenticator.get(begun["options"], self.origin)
        return await self.ask("POST", "/verify", {"ceremony": begun["ceremony"], "answer": answer})
