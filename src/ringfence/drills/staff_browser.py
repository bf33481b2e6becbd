"""A browser of staff at a console, without a browser: its session's key, its cookie, its authenticator.

It signs from RFC 9421 alone and shares no code with what checks. What it sends is kept, as an infostealer keeps it.
"""

import asyncio
import base64
import hashlib
import json
import os
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from starlette.types import ASGIApp

from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.drills.passkey import OwnedPasskey


class Request(msgspec.Struct, frozen=True):
    """As it goes over the wire: `target` is an absolute URL."""

    method: str
    target: str
    headers: dict[str, str]
    content: bytes = b""


class Response(msgspec.Struct, frozen=True):
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
        "server": (url.hostname, url.port),
    }
    came: list[Any] = []
    whole = [{"type": "http.request", "body": request.content, "more_body": False}]

    async def receive() -> Any:
        if not whole:
            # It stays connected: whoever streams an answer waits beside it for the end of that.
            await asyncio.Event().wait()
        return whole.pop()

    async def send(message: Any) -> None:
        came.append(message)

    await app(scope, receive, send)
    fields = [(name.decode(), value.decode()) for name, value in came[0]["headers"]]
    return Response(came[0]["status"], fields, b"".join(each.get("body", b"") for each in came[1:]))


class Authenticator(Protocol):
    """What `navigator.credentials` does with options, for a page of `origin`: answers as JSON has them."""

    def create(self, options: dict[str, Any], origin: str, *how: Any) -> dict[str, Any]: ...

    def get(self, options: dict[str, Any], origin: str, *how: Any) -> dict[str, Any]: ...


class PasskeyInSoftware:
    """An authenticator made in software, which nobody vouches for: one credential, for whatever page asks."""

    def __init__(self) -> None:
        self._made: OwnedPasskey | None = None
        self._handle = b""

    def create(self, options: dict[str, Any], origin: str, *how: Any) -> dict[str, Any]:
        self._made = OwnedPasskey(options["rp"]["id"], origin)
        self._handle = decode_base64url(options["user"]["id"])
        answer = self._made.create(options)
        assert answer.credential_id is not None
        return _credential(
            answer.credential_id,
            {
                "clientDataJSON": encode_base64url(answer.client_data),
                "attestationObject": encode_base64url(answer.attestation_object),
            },
        )

    def get(self, options: dict[str, Any], origin: str, *how: Any) -> dict[str, Any]:
        made = self._made or OwnedPasskey(options["rpId"], origin)
        answer = made.get(options, self._handle)
        return _credential(
            answer.credential_id,
            {
                "clientDataJSON": encode_base64url(answer.client_data),
                "authenticatorData": encode_base64url(answer.authenticator_data),
                "signature": encode_base64url(answer.signature),
                "userHandle": encode_base64url(self._handle) or None,
            },
        )


class SessionKey:
    """An ECDSA key on P-256, and what it signs."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        point = self._key.public_key().public_numbers()
        x, y = (encode_base64url(each.to_bytes(32, "big")) for each in (point.x, point.y))
        self.jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        named = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
        self.id = encode_base64url(hashlib.sha256(named.encode()).digest())

    def headers(self, method: str, target: str, body: bytes, created_s: int, *, key_id: str = "") -> dict[str, str]:
        """Those of a signed request."""
        lines = [f'"@method": {method}', f'"@target-uri": {target}']
        covered = '"@method" "@target-uri"'
        headers = {}
        if body:
            headers["content-digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
            lines.append(f'"content-digest": {headers["content-digest"]}')
            covered += ' "content-digest"'
        parameters = (
            f'({covered});created={created_s};nonce="{encode_base64url(os.urandom(16))}"'
            f';keyid="{key_id or self.id}";alg="ecdsa-p256-sha256"'
        )
        lines.append(f'"@signature-params": {parameters}')
        r, s = decode_dss_signature(self._key.sign("\n".join(lines).encode(), ec.ECDSA(hashes.SHA256())))
        signature = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
        return headers | {"signature-input": f"ringfence={parameters}", "signature": f"ringfence=:{signature}:"}


class StaffBrowser:
    """One person's browser at the operator's console `app`. It keeps what it `sent`, as it was signed.

    `how` is for an authenticator that can be told to do something otherwise.
    """

    def __init__(
        self, app: ASGIApp, origin: str, now_ms: Callable[[], int], authenticator: Authenticator | None = None
    ) -> None:
        self._app = app
        self.origin = origin
        self._now_ms = now_ms
        self.authenticator = authenticator or PasskeyInSoftware()
        self.key = SessionKey()
        self.cookie = ""
        self.sent: list[Request] = []

    async def ask(self, method: str, path: str, values: Any = None, *, signed: bool = True) -> Response:
        """One request. A GET has no body, others have `values` as JSON."""
        body = b"" if method == "GET" else json.dumps(values or {}).encode()
        target = f"{self.origin}{path}"
        headers = {"host": urlsplit(self.origin).netloc, "origin": self.origin}
        if body:
            headers["content-type"] = "application/json"
        if self.cookie:
            headers["cookie"] = self.cookie
        if signed:
            headers |= self.key.headers(method, target, body, self._now_ms() // 1_000)
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
        headers |= self.key.headers("GET", target, b"", self._now_ms() // 1_000)
        return await self.send(Request("GET", target, headers))

    async def join(self, secret: str, *how: Any, origin: str = "") -> Response:
        """Enrol with a link's secret; `origin` is the page that the authenticator sees."""
        asked = await self.ask("POST", "/join/options", {"secret": secret}, signed=False)
        if asked.status_code != 200:
            return asked
        begun = asked.json()
        answer = self.authenticator.create(begun["options"], origin or self.origin, *how)
        return await self.ask("POST", "/join", {"ceremony": begun["ceremony"], "answer": answer}, signed=False)

    async def sign_in(self, *how: Any, origin: str = "") -> Response:
        """A new session of a new key."""
        self.key, self.cookie = SessionKey(), ""
        begun = (await self.ask("POST", "/sign-in/options", {"key": self.key.jwk}, signed=False)).json()
        answer = self.authenticator.get(begun["options"], origin or self.origin, *how)
        return await self.ask("POST", "/sign-in", {"ceremony": begun["ceremony"], "answer": answer}, signed=False)

    async def verify(self) -> Response:
        """Show the passkey again."""
        begun = (await self.ask("POST", "/verify/options")).json()
        answer = self.authenticator.get(begun["options"], self.origin)
        return await self.ask("POST", "/verify", {"ceremony": begun["ceremony"], "answer": answer})


def _credential(credential_id: bytes, response: dict[str, Any]) -> dict[str, Any]:
    named = encode_base64url(credential_id)
    return {"id": named, "rawId": named, "type": "public-key", "response": response}
