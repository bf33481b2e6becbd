"""Writes one webhook attempt down while it runs: an HTTP client that remembers, within bounds, what passed by."""

from ringfence.domain.attempt import (
    MAX_ANSWER_BYTES,
    MAX_BYTES,
    MAX_EXCHANGES,
    MAX_FINDINGS,
    MAX_HEADER_CHARACTERS,
    MAX_HEADERS,
    MAX_REQUEST_BYTES,
    Attempt,
    Exchange,
    Finding,
    without_capabilities,
)
from ringfence.domain.clock import Clock
from ringfence.domain.signature import SIGNATURE_HEADER
from ringfence.ports.http import HttpClient, HttpFailedError, HttpRequest, HttpResponse, Phases

CUT_OFF = "the attempt was ended while this ran"


class Trace:
    """A `ports.http.HttpClient` for one attempt. Call `attempt` when it is over."""

    def __init__(self, http: HttpClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._exchanges: list[Exchange] = []
        self._findings: list[Finding] = []
        self._replies: list[str] = []
        self._left_out = 0
        self._bytes = 0

    async def send(self, request: HttpRequest) -> HttpResponse:
        """As the client it stands before."""
        at_ms = self._clock.now_ms()
        try:
            response = await self._http.send(request)
        except HttpFailedError as error:
            self._write(request, at_ms, error.phases, error_code=error.code, cause=error.cause)
            raise
        except BaseException:
            self._write(request, at_ms, None, cause=CUT_OFF)
            raise
        self._write(request, at_ms, response.phases, response)
        return response

    def find(self, code: int | None, message: str, line: int = 0, column: int = 0) -> None:
        """Note something that was wrong with the latest answer."""
        if len(self._findings) < MAX_FINDINGS:
            exchange = max(0, len(self._exchanges) - 1)
            self._findings.append(Finding(exchange=exchange, code=code, message=message, line=line, column=column))

    def reply(self, sid: str) -> None:
        """Note a text that was sent in answer."""
        self._replies.append(sid)

    @property
    def troubled(self) -> bool:
        """True where something was wrong on the way, however it ended."""
        return bool(self._findings) or any(exchange.error_code for exchange in self._exchanges)

    def attempt(self, cause: str = "") -> Attempt:
        """What was written down; `cause` is why it failed."""
        return Attempt(
            exchanges=tuple(self._exchanges),
            findings=tuple(self._findings),
            replies=tuple(self._replies),
            left_out=self._left_out,
            cause=cause,
        )

    def _write(
        self,
        request: HttpRequest,
        at_ms: int,
        phases: Phases | None,
        response: HttpResponse | None = None,
        *,
        error_code: int | None = None,
        cause: str = "",
    ) -> None:
        if len(self._exchanges) >= MAX_EXCHANGES:
            self._left_out += 1
            return
        room = MAX_BYTES - self._bytes
        body = without_capabilities(request.body)[: min(room, MAX_REQUEST_BYTES)]
        most = min(room - len(body), MAX_ANSWER_BYTES)
        # A program may give back the URL that it was given.
        answer = b"" if response is None else without_capabilities(response.body[:most])
        self._bytes += len(body) + len(answer)
        shown = phases or Phases()
        self._exchanges.append(
            Exchange(
                at_ms=at_ms,
                method=request.method,
                url=_url(request),
                body=body,
                signature=next((value for name, value in request.headers if name == SIGNATURE_HEADER), ""),
                status=None if response is None else response.status,
                headers=() if response is None else _bounded(response.headers),
                answer=answer,
                answer_bytes=0 if response is None else len(response.body),
                reused=shown.reused,
                dns_ms=shown.dns_ms,
                tcp_ms=shown.tcp_ms,
                tls_ms=shown.tls_ms,
                first_byte_ms=shown.first_byte_ms,
                total_ms=None if phases is None else phases.total_ms,
                error_code=error_code,
                cause=cause,
            )
        )


def _url(request: HttpRequest) -> str:
    url = request.url
    return without_capabilities(url.encode()).decode() if "Capability" in url else url


def _bounded(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if len(headers) <= MAX_HEADERS and all(len(value) <= MAX_HEADER_CHARACTERS for _, value in headers):
        return headers
    return tuple((name[:MAX_HEADER_CHARACTERS], value[:MAX_HEADER_CHARACTERS]) for name, value in headers[:MAX_HEADERS])
