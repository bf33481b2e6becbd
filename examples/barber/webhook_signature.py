"""The second signature of a webhook, where the platform makes one: method, URL, body, event and time, to the letter.

X-Twilio-Signature alone says nothing of when a request was made, so a copy of it is good for ever. ringfence signs once
more, by RFC 9421. Copy this file; it needs nothing but Python.
"""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping

LIFE_S = 300
_TOKEN = "I-Twilio-Idempotency-Token"
_INPUT = re.compile(
    r'ringfence=(?P<parameters>(?P<covered>\([a-z0-9@" -]*\));created=(?P<created>[0-9]{1,12})'
    r';keyid="AC[0-9a-f]{32}";alg="hmac-sha256")'
)


def now_s() -> float:
    return time.time()


def is_genuine(auth_token: str, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """True where the platform made exactly this request, less than five minutes ago. `url` is as it was called."""
    given = _INPUT.fullmatch(headers.get("Signature-Input", ""))
    if given is None or abs(now_s() - int(given["created"])) > LIFE_S:
        return False
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    lines = {"@method": method, "@target-uri": url}
    if body:
        lines["content-digest"] = digest
    lines[_TOKEN.lower()] = headers.get(_TOKEN, "")
    if given["covered"] != "({})".format(" ".join(f'"{name}"' for name in lines)):
        return False
    base = "".join(f'"{name}": {value}\n' for name, value in lines.items())
    base += f'"@signature-params": {given["parameters"]}'
    mac = base64.b64encode(hmac.digest(auth_token.encode(), base.encode(), "sha256")).decode()
    return hmac.compare_digest(headers.get("Signature", "").encode(), f"ringfence=:{mac}:".encode())
