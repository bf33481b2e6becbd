"""Wake devices through Apple's network.

A tenant signs in by a token that its key signs (ES256), or by its certificate, as the connection is made. Sources:
Apple, "Sending notification requests to APNs", "Handling notification responses from APNs".
"""

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from ringfence.carriers.push.waking import WORDS, Sleep, persistently, told
from ringfence.domain.jws import write_es256
from ringfence.ports.http import HttpClient, HttpRequest, HttpResponse
from ringfence.ports.push_sender import Push, PushEnd, Signing

URL: Final = "https://api.push.apple.com"
SANDBOX_URL: Final = "https://api.sandbox.push.apple.com"
TOKEN_LIFE_S: Final = 2_400
"""Apple refuses a token that is older than an hour, and new ones more often than every twenty minutes."""
ANSWER_MS: Final = 5_000
KEPT: Final = 1_000
GONE: Final = frozenset({"Unregistered", "BadDeviceToken"})
_DEVICE: Final = re.compile(r"[0-9A-Fa-f]{32,200}")
_APP: Final = re.compile(r"[A-Za-z0-9.-]{1,155}")


class _Provider(NamedTuple):
    token: str
    until_s: float
    changed_ms: int

    def __repr__(self) -> str:
        return "_Provider(…)"


class ApnsSender:
    """Implements `ports.push_sender.PushSender` for devices of platform apn. `now_s` is Unix time.

    `client_of` gives the HTTP/2 client of a tenant's certificate, or the one of all who have none.
    """

    def __init__(
        self,
        client_of: Callable[[Signing], HttpClient],
        *,
        url: str = URL,
        sandbox_url: str = SANDBOX_URL,
        now_s: Callable[[], float] = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._client_of = client_of
        self._url = url
        self._sandbox_url = sandbox_url
        self._now_s = now_s
        self._sleep = sleep
        self._tokens: OrderedDict[str, _Provider] = OrderedDict()

    async def send(self, push: Push) -> PushEnd:
        signing = push.signing
        if signing is None or _APP.fullmatch(push.app) is None:
            return PushEnd.REFUSED
        if _DEVICE.fullmatch(push.token) is None:
            return PushEnd.GONE
        try:
            client, _ = self._client_of(signing), self._request(push, signing)
        except ValueError:
            # A key that was taken once and would not be now: domain/signing_key.py.
            return PushEnd.REFUSED
        answer = await persistently(lambda: client.send(self._request(push, signing)), self._sleep)
        if answer.status == 403 and _reason(answer) == "ExpiredProviderToken":
            self._tokens.pop(signing.sid, None)
            answer = await persistently(lambda: client.send(self._request(push, signing)), self._sleep)
        if answer.status == 200:
            return PushEnd.TAKEN
        return PushEnd.GONE if answer.status == 410 or _reason(answer) in GONE else PushEnd.REFUSED

    def _request(self, push: Push, signing: Signing) -> HttpRequest:
        headers = [
            ("apns-topic", push.app),
            ("apns-push-type", "alert"),
            ("apns-priority", "10"),
            ("apns-expiration", str(push.until_s)),
        ]
        if signing.secret.key_id:
            headers.append(("authorization", f"bearer {self._token(signing)}"))
        aps = {"alert": {"body": WORDS}, "sound": "default", "mutable-content": 1}
        return HttpRequest(
            method="POST",
            url=f"{self._sandbox_url if signing.credential.sandbox else self._url}/3/device/{push.token.lower()}",
            headers=tuple(headers),
            body=msgspec.json.encode({"aps": aps, **told(push)}),
            read_ms=ANSWER_MS,
            total_ms=ANSWER_MS,
        )

    def _token(self, signing: Signing) -> str:
        now_s = self._now_s()
        known = self._tokens.get(signing.sid)
        if known is not None and known.changed_ms == signing.changed_ms and now_s < known.until_s:
            return known.token
        for sid in [sid for sid, each in self._tokens.items() if each.until_s <= now_s]:
            del self._tokens[sid]
        secret = signing.secret
        token = write_es256(secret.private_key, {"kid": secret.key_id}, {"iss": secret.team_id, "iat": int(now_s)})
        self._tokens[signing.sid] = _Provider(token, now_s + TOKEN_LIFE_S, signing.changed_ms)
        self._tokens.move_to_end(signing.sid)
        if len(self._tokens) > KEPT:
            self._tokens.popitem(last=False)
        return token


def _reason(answer: HttpResponse) -> str:
    try:
        reason: Any = msgspec.json.decode(answer.body, type=dict[str, Any]).get("reason")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""
    return reason if isinstance(reason, str) else ""
