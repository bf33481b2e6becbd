"""Records what a test's program and the real service say to each other, and plays it again without a network."""

import contextlib
import hmac
import http.client
import ssl
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from ringfence.domain.signature import SIGNATURE_HEADER, signature_base, signature_header, signed_url
from ringfence.domain.web_url import parse_url
from ringfence.testing.asgi_program import AsgiProgram
from ringfence.testing.asgi_recorder import AsgiRecorder
from ringfence.testing.cassette import (
    FORM_TYPE,
    CassetteError,
    Exchange,
    fields_of,
    read_cassette,
    scrubbed,
    write_cassette,
)
from ringfence.testing.patience import ANSWER_S, Patience
from ringfence.testing.programs import MAX_BODY_BYTES, Answered, Asked, WsgiProgram, is_asgi
from ringfence.testing.scrubber import Scrubber, is_scrubbed

ORIGIN = "https://app.test"
PLAYED_ACCOUNT = "AC" + "0" * 32
PLAYED_TOKEN = "0" * 32
_AGAIN = "record it anew: pytest --ringfence-record"


class Deck:
    """What a test holds: the program's requests are led here, and either go out and are written down, or are answered.

    `recording` says which.
    """

    def __init__(
        self,
        path: Path,
        *,
        recording: bool,
        keep: Collection[str] = (),
        through: Callable[[Asked], Answered] | None = None,
    ) -> None:
        """`through` carries a request that is recorded; by default over the network."""
        self.path = path
        self.recording = recording
        self._keep = tuple(keep)
        self._through = through or over_the_network
        self._scrubber = Scrubber(keep)
        self._exchanges: list[Exchange] = [] if recording else read_cassette(path)
        self._unasked = [each for each in self._exchanges if each.kind == "api"]

    # Requests of the program

    def ask(self, asked: Asked) -> Answered:
        """The real answer, written down, or the recorded one. CassetteError where none was recorded for it."""
        if self.recording:
            answered = self._through(asked)
            self._exchanges.append(scrubbed("api", asked, answered, self._scrubber))
            return answered
        for exchange in self._unasked:
            if _is_the_same(asked, exchange):
                self._unasked.remove(exchange)
                return exchange.answered()
        raise CassetteError(f"{self.path} has no answer for {_described(asked)} → {_AGAIN}{self._next()}")

    # Requests to the program

    def app(self, app: Callable[..., Any]) -> Callable[..., Any]:
        """An app around the program's, of its kind (WSGI or ASGI): while recording, it keeps requests and answers."""
        if not self.recording:
            return app
        if is_asgi(app):
            return AsgiRecorder(app, self._keep_webhook)
        program = WsgiProgram(app, Patience(ANSWER_S))

        def recorded(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            asked = _asked_of(environ)
            answered = program.ask(asked)
            self._keep_webhook(asked, answered)
            if answered.raised is not None:
                raise answered.raised
            reason = http.client.responses.get(answered.status, "")
            start_response(f"{answered.status} {reason}", list(answered.headers))
            return [answered.body]

        return recorded

    def _keep_webhook(self, asked: Asked, answered: Answered) -> None:
        self._exchanges.append(scrubbed("webhook", asked, answered, self._scrubber))

    def play_webhooks(self, app: Callable[..., Any], auth_token: str = PLAYED_TOKEN) -> list[Answered]:
        """Tell a WSGI or ASGI app each recorded webhook, signed anew; the answers.

        AssertionError where an answer's status is not the recorded one. What the app raises is raised.
        """
        kind = AsgiProgram if is_asgi(app) else WsgiProgram
        program = kind(app, Patience(ANSWER_S))
        answers = []
        with contextlib.closing(program):
            for exchange in self._exchanges:
                if exchange.kind == "webhook":
                    answers.append(answered := program.ask(_signed(exchange, auth_token)))
                    if answered.raised is not None:
                        raise answered.raised
                    if answered.status != exchange.status:
                        what = f"{exchange.method} {exchange.path}"
                        raise AssertionError(f"{what} was answered {exchange.status} once, and now {answered.status}")
        return answers

    # The end

    @property
    def account_sid(self) -> str:
        """The account of the cassette, for a program that is played to."""
        for exchange in self._exchanges:
            for part in exchange.path.split("/"):
                if len(part) == len(PLAYED_ACCOUNT) and part.startswith("AC"):
                    return part
        return PLAYED_ACCOUNT

    def finish(self) -> None:
        """Write the cassette, or see that all of it was asked: CassetteError."""
        if self.recording:
            write_cassette(self.path, self._keep, self._exchanges)
        elif self._unasked:
            raise CassetteError(f"{len(self._unasked)} recorded requests were not asked again → {_AGAIN}{self._next()}")

    def _next(self) -> str:
        lines = [f"{each.method} {each.path} with {', '.join(each.fields) or 'no field'}" for each in self._unasked[:3]]
        return "".join(f"\n  not asked yet: {line}" for line in lines)


@contextlib.contextmanager
def running(deck: Deck) -> Iterator[Deck]:
    """Lead this process's stock clients to the deck, and while it plays, give the program its account."""
    from ringfence.testing.start import environment
    from ringfence.testing.stock_clients import StockClients

    clients = StockClients(deck)
    given = {} if deck.recording else {"TWILIO_ACCOUNT_SID": deck.account_sid, "TWILIO_AUTH_TOKEN": PLAYED_TOKEN}
    clients.install()
    try:
        with environment(given):
            yield deck
    finally:
        clients.remove()


def over_the_network(asked: Asked) -> Answered:
    """The answer of whoever the URL names. OSError or HTTPException where there is none."""
    url = asked.url
    connection = (
        http.client.HTTPSConnection(url.host, url.port, timeout=ANSWER_S, context=ssl.create_default_context())
        if url.scheme == "https"
        else http.client.HTTPConnection(url.host, url.port, timeout=ANSWER_S)
    )
    try:
        connection.putrequest(asked.method, url.target, skip_host=True, skip_accept_encoding=True)
        for name, value in asked.fields:
            if name.lower() != "accept-encoding":
                connection.putheader(name, value)
        connection.endheaders(asked.body)
        response = connection.getresponse()
        headers = tuple((name.lower(), value) for name, value in response.getheaders())
        return Answered(status=response.status, headers=headers, body=response.read(MAX_BODY_BYTES))
    finally:
        connection.close()


def _is_the_same(asked: Asked, exchange: Exchange) -> bool:
    fields = fields_of(asked)
    return (
        asked.method == exchange.method
        and _same_path(asked.path, exchange.path)
        and fields.keys() == exchange.fields.keys()
        and all(is_scrubbed(kept) or kept == fields[name] for name, kept in exchange.fields.items())
    )


def _same_path(asked: str, kept: str) -> bool:
    """The same, but for numbers, which the test may have others of."""
    ours, theirs = asked.split("/"), kept.split("/")
    return len(ours) == len(theirs) and all(
        one == other or (one.startswith(("+", "%2B")) and other.startswith(("+", "%2B")))
        for one, other in zip(ours, theirs, strict=True)
    )


def _described(asked: Asked) -> str:
    return f"{asked.method} {asked.path} with {', '.join(fields_of(asked)) or 'no field'}"


def _signed(exchange: Exchange, auth_token: str) -> Asked:
    pairs = [
        (name, str(each))
        for name, value in exchange.fields.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    query = f"?{urlencode(pairs)}" if exchange.method == "GET" and pairs else ""
    url = parse_url(ORIGIN + exchange.path + query, max_characters=64 << 10)
    form = [] if exchange.method == "GET" else pairs
    digest = hmac.digest(auth_token.encode(), signature_base(signed_url(url), form), "sha1")
    headers = [(SIGNATURE_HEADER, signature_header(digest)), *([("Content-Type", FORM_TYPE)] if form else [])]
    return Asked(method=exchange.method, url=url, headers=headers, body=urlencode(form).encode())


def _asked_of(environ: dict[str, Any]) -> Asked:
    """The request that a WSGI server passes on. Source: PEP 3333."""
    size = int(environ.get("CONTENT_LENGTH") or 0)
    path = environ.get("PATH_INFO", "/").encode("latin-1").decode(errors="replace")
    query = environ.get("QUERY_STRING", "")
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-").title(), value)
        for name, value in environ.items()
        if name.startswith("HTTP_") and name not in ("HTTP_HOST", "HTTP_CONTENT_LENGTH")
    ]
    if environ.get("CONTENT_TYPE"):
        headers.append(("Content-Type", environ["CONTENT_TYPE"]))
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    target = f"{environ['wsgi.url_scheme']}://{host}{path}" + (f"?{query}" if query else "")
    url = parse_url(target, max_characters=64 << 10)
    return Asked(method=environ["REQUEST_METHOD"], url=url, headers=headers, body=environ["wsgi.input"].read(size))
