"""What the header Signature of a webhook signs: method, URL, the body's hash, the event's token and the time.

X-Twilio-Signature names no time, joins a form's names and values without a border between them, and lets validators
overlook the port. This one stands beside it and leaves none of that open. The HMAC is made elsewhere, from key states.

Source: RFC 9421, sections 2.2, 2.3 and 3.3.3 (hmac-sha256); RFC 9530 (Content-Digest).
"""

import base64
import hashlib
from typing import Final

EVENT_HEADER: Final = "I-Twilio-Idempotency-Token"
LABEL: Final = "ringfence"


def content_digest(body: bytes) -> str:
    """The header Content-Digest of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def webhook_parameters(account: str, created_s: int, *, with_body: bool) -> str:
    """What is covered, since when (Unix, s), under whose Auth Token: as Signature-Input names it."""
    body = ' "content-digest"' if with_body else ""
    covered = f'"@method" "@target-uri"{body} "{EVENT_HEADER.lower()}"'
    return f'({covered});created={created_s};keyid="{account}";alg="hmac-sha256"'


def webhook_base(method: str, url: str, digest: str, token: str, parameters: str) -> bytes:
    """The bytes that are signed. `digest` is "" for a request without a body; `url` is the one that is called."""
    lines = [f'"@method": {method}', f'"@target-uri": {url}']
    if digest:
        lines.append(f'"content-digest": {digest}')
    lines += [f'"{EVENT_HEADER.lower()}": {token}', f'"@signature-params": {parameters}']
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def signature_fields(parameters: str, mac: bytes) -> tuple[tuple[str, str], tuple[str, str]]:
    """The headers Signature-Input and Signature."""
    signature = base64.b64encode(mac).decode()
    return ("Signature-Input", f"{LABEL}={parameters}"), ("Signature", f"{LABEL}=:{signature}:")
