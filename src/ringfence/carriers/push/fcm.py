"""Wake devices through Firebase Cloud Messaging.

A service account signs a token (RS256), gets an access token for it, and keeps that as long as it is good. Sources:
Firebase, "FCM HTTP v1 API" and its error codes; RFC 7523, section 4.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import msgspec

from ringfence.carriers.push.waking import Sleep, persistently, told
from ringfence.domain.jws import write_rs256
from ringfence.domain.push_credential import ServiceAccount, read_service_account
from ringfence.ports.http import HttpClient, HttpRequest, HttpResponse
from ringfence.ports.push_sender import Push, PushEnd, Signing

SEND_URL: Final = "https://fcm.googleapis.com"
TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
SCOPE: Final = "https://www.googleapis.com/auth/firebase.messaging"
TOKEN_LIFE_S: Final = 3_600
EARLY_S: Final = 60
ANSWER_MS: Final = 5_000
KEPT: Final = 1_000
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class _Access(NamedTuple):
    token: str
    until_s: float
    changed_ms: int

    def __repr__(self) -> str:
        return "_Access(…)"


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int = TOKEN_LIFE_S

    def __repr__(self) -> str:
        return "_Token(…)"


class FcmSender:
    """Implements `ports.push_sender.PushSender` for devices of platform fcm. `now_s` is Unix time."""

    def __init__(
        self,
        http: HttpClient,
        *,
        send_url: str = SEND_URL,
        token_url: str = TOKEN_URL,
        now_s: Callable[[], float] = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._http = http
        self._send_url = send_url
        self._token_url = token_url
        self._now_s = now_s
        self._sleep = sleep
        self._access: OrderedDict[str, _Access] = OrderedDict()

    async def send(self, push: Push) -> PushEnd:
        signing = push.signing
        if signing is None:
            return PushEnd.REFUSED
        try:
            account = read_service_account(signing.secret.account)
        except ValueError:
            return PushEnd.REFUSED
        for _ in range(2):
            token = await self._token(signing, account)
            if token is None:
                return PushEnd.REFUSED
            message = self._message(push, account, token)
            answer = await persistently(partial(self._http.send, message), self._sleep)
            if answer.status != 401:
                break
            # Taken back before its time: once more with a new one.
            self._access.pop(signing.sid, None)
        if answer.status == 200:
            return PushEnd.TAKEN
        return PushEnd.GONE if _code(answer) == "UNREGISTERED" else PushEnd.REFUSED

    async def _token(self, signing: Signing, account: ServiceAccount) -> str | None:
        known = self._access.get(signing.sid)
        if known is not None and known.changed_ms == signing.changed_ms and self._now_s() < known.until_s:
            return known.token
        now_s = int(self._now_s())
        for sid in [sid for sid, each in self._access.items() if each.until_s <= now_s]:
            del self._access[sid]
        claims = {
            "iss": account.client_email,
            "scope": SCOPE,
            "aud": TOKEN_URL,
            "iat": now_s,
            "exp": now_s + TOKEN_LIFE_S,
        }
        form = f"grant_type={quote(_GRANT, safe='')}&assertion={write_rs256(account.private_key, {}, claims)}"
        request = HttpRequest(
            method="POST",
            url=self._token_url,
            headers=(("content-type", "application/x-www-form-urlencoded"),),
            body=form.encode(),
            read_ms=ANSWER_MS,
            total_ms=ANSWER_MS,
        )
        answer = await persistently(partial(self._http.send, request), self._sleep)
        if answer.status != 200:
            return None
        try:
            made = msgspec.json.decode(answer.body, type=_Token)
        except msgspec.DecodeError:
            raise ConnectionError("the network that wakes devices answered with something else") from None
        self._access[signing.sid] = _Access(made.access_token, now_s + made.expires_in - EARLY_S, signing.changed_ms)
        self._access.move_to_end(signing.sid)
        if len(self._access) > KEPT:
            self._access.popitem(last=False)
        return made.access_token

    def _message(self, push: Push, account: ServiceAccount, token: str) -> HttpRequest:
        ttl_s = max(0, push.until_s - int(self._now_s()))
        message = {"token": push.token, "data": told(push), "android": {"priority": "HIGH", "ttl": f"{ttl_s}s"}}
        return HttpRequest(
            method="POST",
            url=f"{self._send_url}/v1/projects/{account.project_id}/messages:send",
            headers=(("content-type", "application/json"), ("authorization", f"Bearer {token}")),
            body=msgspec.json.encode({"message": message}),
            read_ms=ANSWER_MS,
            total_ms=ANSWER_MS,
        )


def _code(answer: HttpResponse) -> str:
    """FCM's own error code, "" where there is none."""
    try:
        error: Any = msgspec.json.decode(answer.body, type=dict[str, Any]).get("error")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    details = error.get("details") if isinstance(error, dict) else None
    codes = [detail.get("errorCode") for detail in details or () if isinstance(detail, dict)]
    return next((code for code in codes if isinstance(code, str)), "")
