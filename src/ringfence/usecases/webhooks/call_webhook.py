"""One signed request to a tenant's program, with the redirects it answers and the tries its URL allows.

Source: Twilio, "Webhooks security"; errors 11215 and 11216 (redirects), 11200 (status), 11750 (size).
"""

import re
from collections.abc import Sequence

import msgspec

from ringfence.domain.clock import Clock
from ringfence.domain.message_signature import (
    EVENT_HEADER,
    content_digest,
    signature_fields,
    webhook_base,
    webhook_parameters,
)
from ringfence.domain.sealing.hmac_states import sign_sha1, sign_sha256
from ringfence.domain.signature import SIGNATURE_HEADER, signature_base, signature_header, signed_url
from ringfence.domain.web_url import InvalidUrlError, WebUrl, parse_url
from ringfence.ports.http import HttpClient, HttpFailedError, HttpRequest, HttpResponse
from ringfence.usecases.webhooks.connection_overrides import ConnectionOverrides, read_overrides
from ringfence.usecases.webhooks.form_encoding import encode_body, encode_query

MAX_REDIRECTS = 5
MAX_SIGNED_CHARACTERS = 64 << 10
USER_AGENT = "TwilioProxy/1.1 (compatible; ringfence)"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
INVALID_URL = 11100
RETRIEVAL_FAILURE = 11200
CONNECTION_FAILURE = 11205
TOO_MANY_REDIRECTS = 11215
INVALID_REDIRECT = 11216

# What another attempt may mend; the rest stays as it is until somebody changes something.
TRANSIENT_CODES = frozenset({11200, 11205, 11210, 11220})
TRANSIENT_4XX = frozenset({408, 425, 429})


class WebhookFailedError(Exception):
    """No usable answer. `code` is Twilio's, if it has one; `transient` says whether another attempt may fare better.

    `cause` holds no URL and no content.
    """

    def __init__(
        self,
        code: int | None,
        cause: str,
        *,
        transient: bool = False,
        http_status: int | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(f"{code} {cause}")
        self.code = code
        self.cause = cause
        self.transient = transient
        self.http_status = http_status
        self.retry_after_s = retry_after_s


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask and of whom. `states` are the HMAC states of the account's Auth Token, `token` names the event.

    `owner` is the account that it is done for. `target` is `url` read, where somebody has read it already. `cookies`
    go to the origin of `url` alone.
    """

    method: str
    url: str
    target: WebUrl | None = None
    form: Sequence[tuple[str, str]]
    states: bytes
    token: str
    max_body_bytes: int
    owner: str = ""
    cookies: Sequence[str] = ()

    def __repr__(self) -> str:
        return f"WebhookRequest({self.method})"


class WebhookAnswer(msgspec.Struct, frozen=True):
    """A 2xx answer, and the URL it came from, which relative URLs in it refer to."""

    url: WebUrl
    response: HttpResponse

    def __repr__(self) -> str:
        return f"WebhookAnswer({self.response.status})"


async def call_webhook(http: HttpClient, clock: Clock, request: WebhookRequest) -> WebhookAnswer:
    """The 2xx answer, or WebhookFailedError.

    301, 302 and 303 are followed by a GET of the Location as it stands, 307 by the same request again, each signed
    for its own URL and judged by the egress guard anew. The tries of the fragment's `rc` are made within this call
    and, with all redirects, within its `tt`.
    """
    url = request.target or _read(request.url)
    overrides = read_overrides(url.fragment)
    call = _Call(http, clock, request, overrides)
    tries = 0
    while True:
        try:
            return await call.follow(url)
        except WebhookFailedError as error:
            tries += 1
            if tries > overrides.retries or not overrides.retry_on & _classes(error) or call.left_ms() <= 0:
                raise


class _Call:
    """A request with its deadline."""

    def __init__(self, http: HttpClient, clock: Clock, request: WebhookRequest, overrides: ConnectionOverrides) -> None:
        self._http = http
        self._clock = clock
        self._request = request
        self._overrides = overrides
        self._until_ms = clock.monotonic_ms() + overrides.total_ms
        self._origin = (request.target or parse_url(request.url)).origin if request.cookies else None

    def left_ms(self) -> int:
        return self._until_ms - self._clock.monotonic_ms()

    async def follow(self, url: WebUrl) -> WebhookAnswer:
        """The 2xx answer at the end of the redirects."""
        method, form = self._request.method, self._request.form
        for _ in range(MAX_REDIRECTS + 1):
            response = await self._send(method, url, form)
            if 200 <= response.status < 300:
                return WebhookAnswer(url, response)
            if not 300 <= response.status < 400:
                raise _refused(response)
            url = _redirected(url, response)
            if response.status != 307:
                method, form = "GET", ()
        raise WebhookFailedError(TOO_MANY_REDIRECTS, "too many redirects", http_status=response.status)

    async def _send(self, method: str, url: WebUrl, form: Sequence[tuple[str, str]]) -> HttpResponse:
        if self.left_ms() <= 0:
            raise WebhookFailedError(RETRIEVAL_FAILURE, "no answer in time", transient=True)
        http_request = self._signed(method, url, form)
        try:
            return await self._http.send(http_request)
        except HttpFailedError as error:
            raise WebhookFailedError(error.code, error.cause, transient=error.code in TRANSIENT_CODES) from None

    def _signed(self, method: str, url: WebUrl, form: Sequence[tuple[str, str]]) -> HttpRequest:
        headers = [
            ("Accept", "*/*"),
            ("User-Agent", USER_AGENT),
            (EVENT_HEADER, self._request.token),
        ]
        if method == "GET":
            called, body = parse_url(url.with_query(encode_query(form)), max_characters=MAX_SIGNED_CHARACTERS), b""
            base = signature_base(signed_url(called))
        else:
            called, body = url, encode_body(form)
            base = signature_base(signed_url(url), form)
            headers.append(("Content-Type", FORM))
        if self._origin is not None and url.origin == self._origin:
            headers.append(("Cookie", "; ".join(self._request.cookies)))
        headers.append((SIGNATURE_HEADER, signature_header(sign_sha1(self._request.states, base))))
        headers += self._dated(method, signed_url(called), body)
        return HttpRequest(
            method=method,
            url=called.text,
            target=called,
            headers=tuple(headers),
            body=body,
            connect_ms=self._overrides.connect_ms,
            read_ms=self._overrides.read_ms,
            total_ms=self.left_ms(),
            max_body_bytes=self._request.max_body_bytes,
            owner=self._request.owner,
        )

    def _dated(self, method: str, url: str, body: bytes) -> list[tuple[str, str]]:
        """The second signature, of this moment."""
        digest = content_digest(body) if body else ""
        parameters = webhook_parameters(self._request.owner, self._clock.now_ms() // 1_000, with_body=bool(body))
        base = webhook_base(method, url, digest, self._request.token, parameters)
        made = signature_fields(parameters, sign_sha256(self._request.states, base))
        return [*((("Content-Digest", digest),) if digest else ()), *made]


def _redirected(url: WebUrl, response: HttpResponse) -> WebUrl:
    if response.status not in (301, 302, 303, 307):
        raise WebhookFailedError(INVALID_REDIRECT, "not a redirect to follow", http_status=response.status)
    try:
        return url.join(response.header("location") or "")
    except InvalidUrlError:
        cause = "a redirect without a valid location"
        raise WebhookFailedError(INVALID_REDIRECT, cause, http_status=response.status) from None


def _read(text: str) -> WebUrl:
    try:
        return parse_url(text)
    except InvalidUrlError as error:
        raise WebhookFailedError(INVALID_URL, str(error)) from None


def _refused(response: HttpResponse) -> WebhookFailedError:
    """An answer of 4xx or 5xx (or no known class at all): 5xx may pass, 4xx will not but for the few that say so."""
    return WebhookFailedError(
        RETRIEVAL_FAILURE,
        "the program answered with an error",
        transient=response.status >= 500 or response.status in TRANSIENT_4XX,
        http_status=response.status,
        retry_after_s=_seconds(response.header("retry-after")),
    )


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"[0-9]{1,6}", text) else None


def _classes(error: WebhookFailedError) -> frozenset[str]:
    """The failure's class in the terms of the fragment's `rp`."""
    if error.http_status is not None:
        return frozenset({f"{error.http_status // 100}xx"})
    if error.code in (CONNECTION_FAILURE, 11210, 11220):
        return frozenset({"ct"})
    return frozenset({"rt"}) if error.code == RETRIEVAL_FAILURE else frozenset()
