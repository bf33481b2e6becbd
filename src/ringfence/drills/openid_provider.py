"""An OpenID provider whose people sign in as they are told to, behind the port by which programs ask outside.

It signs by RFC 7515 alone and shares no code with what checks. Source: OpenID Connect Core 1.0,
Discovery 1.0, Back-Channel Logout 1.0; RFC 7636.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ringfence.domain.base64url import encode_base64url
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases

KEY_NAME: Final = "es"
LIFE_S: Final = 300
LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
Claims = dict[str, Any]


class OpenIdProvider:
    """`changed` is laid over its discovery document, `claims` changes what an ID token says, and `sign` how.

    `asked` has the path of each request. `subject` is who sits before the next browser, and `session` its session.
    """

    def __init__(self, issuer: str, now_ms: Callable[[], int]) -> None:
        self.issuer = issuer
        self._now_ms = now_ms
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.keys: list[dict[str, Any]] = [public_jwk(self.key)]
        self.claims: Callable[[Claims], object] = lambda _: None
        self.sign: Callable[[Claims], str] = lambda claims: signed(claims, self.key)
        self.changed: dict[str, Any] = {}
        self.asked: list[str] = []
        self.codes: dict[str, dict[str, str]] = {}
        self._made = 0
        self.subject = "ada"
        self.session = "s1"

    def authorize(self, address: str) -> dict[str, str]:
        """What a person's browser comes back with, once they have signed in at that address."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        if (query["response_type"], query["code_challenge_method"]) != ("code", "S256"):
            raise ValueError("neither code nor PKCE")
        self._made += 1
        code = f"code{self._made}"
        self.codes[code] = query
        return {"state": query["state"], "code": code, "iss": self.issuer}

    async def send(self, request: HttpRequest) -> HttpResponse:
        """What it answers. HttpFailedError at another address, where nobody is."""
        path = urlsplit(request.url).path
        self.asked.append(path)
        match path:
            case "/.well-known/openid-configuration":
                return answered(self.metadata())
            case "/keys":
                return answered({"keys": self.keys})
            case "/token":
                return self._token({name: values[0] for name, values in parse_qs(request.body.decode()).items()})
        raise HttpFailedError(11205, "nobody is there")

    def metadata(self) -> dict[str, Any]:
        """Its discovery document."""
        ends = {"authorization": "authorize", "token": "token", "end_session": "leave"}
        named = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in ends.items()}
        return {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys", **named, **self.changed}

    def id_token(self, client_id: str, nonce: str) -> str:
        """What it says to a client of its person."""
        claims = self._claims(client_id) | {
            "nonce": nonce,
            "sid": self.session,
            "amr": ["hwk", "user"],
            "email": f"{self.subject}@acme.example",
        }
        self.claims(claims)
        return self.sign(claims)

    def logout_token(self, client_id: str, **changed: Any) -> str:
        """What it says to a client when its person signed out; None leaves a claim out."""
        claims = self._claims(client_id) | {
            "sid": self.session,
            "jti": secrets.token_hex(8),
            "events": {LOGOUT_EVENT: {}},
        }
        return self.sign({name: value for name, value in (claims | changed).items() if value is not None})

    def _claims(self, client_id: str) -> Claims:
        now_s = self._now_ms() // 1_000
        return {"iss": self.issuer, "aud": client_id, "sub": self.subject, "iat": now_s, "exp": now_s + LIFE_S}

    def _token(self, form: dict[str, str]) -> HttpResponse:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = encode_base64url(hashlib.sha256(form["code_verifier"].encode()).digest())
        if asked is None or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return answered({"error": "invalid_grant"}, 400)
        token = self.id_token(asked["client_id"], asked["nonce"])
        return answered({"access_token": "x", "token_type": "Bearer", "id_token": token})


def public_jwk(key: ec.EllipticCurvePrivateKey, name: str = KEY_NAME) -> dict[str, Any]:
    """A key on P-256 as a provider shows it."""
    point = key.public_key().public_numbers()
    x, y = (encode_base64url(each.to_bytes(32, "big")) for each in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "use": "sig", "kid": name, "x": x, "y": y}


def signed(claims: Claims, key: ec.EllipticCurvePrivateKey, name: str = KEY_NAME, typ: str = "JWT") -> str:
    """A JWT by ES256, whose head calls it `typ`."""
    head, body = (_json_base64url(one) for one in ({"alg": "ES256", "kid": name, "typ": typ}, claims))
    r, s = decode_dss_signature(key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())))
    return f"{head}.{body}.{encode_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def unsigned(claims: Claims, name: str = KEY_NAME) -> str:
    """A JWT of nobody: its algorithm is "none"."""
    return f"{_json_base64url({'alg': 'none', 'kid': name})}.{_json_base64url(claims)}."


def answered(value: Any, status: int = 200) -> HttpResponse:
    """JSON."""
    return HttpResponse(status=status, headers=(), body=json.dumps(value).encode(), phases=Phases())


def _json_base64url(value: Any) -> str:
    return encode_base64url(json.dumps(value).encode())
