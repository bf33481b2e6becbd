"""What X-Twilio-Signature signs: the request's URL, followed by its form's parameters in order of name.

The HMAC itself is made elsewhere, from key states that never show the key.

Source: Twilio, "Webhooks security", sections "Validating signatures" and "Signature validation with JSON".
"""

import base64
import hashlib
from collections.abc import Iterable

from ringfence.domain.web_url import WebUrl

SIGNATURE_HEADER = "X-Twilio-Signature"
SIGNATURE_SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
BODY_HASH_PARAMETER = "bodySHA256"


def signed_url(url: WebUrl) -> str:
    """The URL as the receiving program sees it: without the scheme's own port or a fragment, with a path.

    Validators try the URL both with and without a port, so either form of it verifies.
    """
    return f"{url.scheme}://{url.host_header}{url.target}"


def signature_base(url: str, form: Iterable[tuple[str, str]] = ()) -> bytes:
    """The bytes that are signed for a POST of `form`, or for a GET, whose parameters are in `url` already.

    A name's values are sorted and each counts once, as validators read them from a multi-valued form.
    """
    return "".join([url, *map("".join, sorted(set(form)))]).encode("utf-8", "surrogatepass")


def with_body_hash(url: str, body: bytes) -> str:
    """The URL that a body other than a form is sent to: it carries the body's hash, and alone is signed."""
    separator = "&" if "?" in url else "?"
    return f"{url}{separator}{BODY_HASH_PARAMETER}={hashlib.sha256(body).hexdigest()}"


def signature_header(digest: bytes) -> str:
    """An HMAC as the header carries it."""
    return base64.b64encode(digest).decode()
