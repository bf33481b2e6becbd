"""A tenants' console that takes a provider's word as many did in 2022: what drills of such sign-ins must break.

An answer is nobody's in particular, whoever issued it is asked about it, a mail address says who it is, and how they
signed in is the provider's affair. A session is a cookie that any browser may send.
"""

import base64
import contextlib
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from ringfence.domain.base64url import encode_base64url
from ringfence.domain.clock import ManualClock
from ringfence.drills.member_door import BEGIN, CLIENT, FINISH, ISSUER, OTHERS, PERSON, Internet
from ringfence.drills.openid_provider import OpenIdProvider
from ringfence.ports.http import HttpRequest

COOKIE = "member"
SHORTCUT = "/sso/token"
CALLBACK = "/sso/callback"


class DoorOf2022:
    """`drills.member_door.MemberDoor`."""

    inside = "/keys"
    open_paths: Sequence[str] = (BEGIN, CALLBACK, FINISH, SHORTCUT)

    def __init__(self) -> None:
        self.origin = "http://console.localhost:8421"
        self.clock = ManualClock()
        self.canary = secrets.token_hex(16)
        self.provider, self.others = (OpenIdProvider(each, self.clock.now_ms) for each in (ISSUER, OTHERS))
        self._internet = Internet(self.provider, self.others)
        # One for all: it is a secret of the program's, as many read the specification.
        self._verifier = secrets.token_urlsafe(32)
        self._sessions: set[str] = set()
        self.app = Starlette(
            routes=[
                Route(BEGIN, self._begin, methods=["POST"]),
                Route(CALLBACK, self._finish, methods=["GET"]),
                Route(FINISH, self._finish, methods=["POST"]),
                Route(SHORTCUT, self._token, methods=["GET", "POST"]),
                Route(self.inside, self._inside, methods=["GET"]),
            ]
        )

    async def _begin(self, asked: Request) -> Response:
        digest = hashlib.sha256(self._verifier.encode()).digest()
        wanted = {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": f"{self.origin}{CALLBACK}",
            "state": secrets.token_hex(8),
            "nonce": secrets.token_hex(8),
            "code_challenge": encode_base64url(digest),
            "code_challenge_method": "S256",
        }
        return JSONResponse({"address": f"{ISSUER}/authorize?{urlencode(wanted)}"})

    async def _finish(self, asked: Request) -> Response:
        came = await _values(asked)
        form = {
            "grant_type": "authorization_code",
            "code": came.get("code", ""),
            "client_id": CLIENT,
            "redirect_uri": f"{self.origin}{CALLBACK}",
            "code_verifier": self._verifier,
        }
        url = f"{came.get('iss') or ISSUER}/token"
        answer = await self._internet.send(HttpRequest(method="POST", url=url, body=urlencode(form).encode()))
        return self._taken(json.loads(answer.body).get("id_token", ""))

    async def _token(self, asked: Request) -> Response:
        """For clients that have the token already."""
        came = await _values(asked)
        return self._taken(came.get("id_token", "") or came.get("logout_token", ""))

    async def _inside(self, asked: Request) -> Response:
        known = asked.cookies.get(COOKIE, "") in self._sessions
        return PlainTextResponse(self.canary if known else "no\n", 200 if known else 401)

    def _taken(self, token: str) -> Response:
        claims = _claims(token)
        if PERSON not in (claims.get("sub"), str(claims.get("email", "")).partition("@")[0]):
            return PlainTextResponse("no\n", 401)
        answer = PlainTextResponse("welcome\n")
        cookie = secrets.token_hex(16)
        self._sessions.add(cookie)
        answer.set_cookie(COOKIE, cookie)
        return answer

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, folder: Path) -> AsyncIterator["DoorOf2022"]:
        """It keeps nothing in the folder."""
        yield cls()


async def _values(asked: Request) -> dict[str, str]:
    """Of the query, a form or JSON."""
    if asked.headers.get("content-type") == "application/json":
        return {name: str(value) for name, value in (await asked.json()).items()}
    return {**asked.query_params}


def _claims(token: str) -> dict[str, Any]:
    """What a token says. Who signed it is not looked at."""
    try:
        found = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    except (IndexError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
