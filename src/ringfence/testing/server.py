"""A test's world at a port of this machine, for programs and tests in other languages."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.testing.api_requests import ApiRequests
from ringfence.testing.clock import Clock
from ringfence.testing.programs import Answered, Asked

HOST = "127.0.0.1"
CLOCK_PATH = "/testing/clock"
FEED_PATH = "/simulator/events"
MAX_BODY_BYTES = 1 << 20
MAX_AT_ONCE = 32
SILENCE_S = 30


class _Move(msgspec.Struct, forbid_unknown_fields=True):
    advance_s: float


class Server:
    """The API, the simulator's interface without its feed, and the clock, until closed."""

    def __init__(self, api: ApiRequests, clock: Clock) -> None:
        self._http = _HttpServer((HOST, 0), _Handler)
        self._http.api = api
        self._http.clock = clock
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.05,), name="ringfence-server", daemon=True
        )
        self._thread.start()

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self._http.server_address[1]}"

    def close(self) -> None:
        """Stop answering. Idempotent."""
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    api: ApiRequests
    clock: Clock

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.turn = threading.BoundedSemaphore(MAX_AT_ONCE)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "ringfence"
    timeout = SILENCE_S
    server: _HttpServer

    def handle_one(self) -> None:
        """Answer one request, whatever its method."""
        with self.server.turn:
            answered = self._answered()
        self.send_response(answered.status)
        for name, value in answered.headers:
            if name not in ("content-length", "connection", "date", "server"):
                self.send_header(name, value)
        if answered.status != 204:
            self.send_header("Content-Length", str(len(answered.body)))
        self.end_headers()
        if self.command != "HEAD" and answered.status != 204:
            self.wfile.write(answered.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_one  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing: the conversation tells it."""

    def _answered(self) -> Answered:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY_BYTES or self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return _told(413, f"a body of at most {MAX_BODY_BYTES} bytes, with its Content-Length")
        body = self.rfile.read(int(length))
        path = self.path.partition("?")[0]
        if path == CLOCK_PATH:
            return self._moved(body)
        if path == FEED_PATH:
            return _told(404, "no feed in a test: ask for /simulator/handsets/{number}/messages")
        try:
            url = parse_url(f"http://{self.headers.get('Host', HOST)}{self.path}", max_characters=64 << 10)
        except InvalidUrlError as error:
            return _told(400, str(error))
        sent = [(name, value) for name, value in self.headers.items() if name.lower() not in ("host", "content-length")]
        return self.server.api.ask(Asked(method=self.command, url=url, headers=sent, body=body))

    def _moved(self, body: bytes) -> Answered:
        if self.command == "POST":
            try:
                move = msgspec.json.decode(body, type=_Move)
                self.server.clock.advance(seconds=move.advance_s)
            except (msgspec.DecodeError, ValueError, OverflowError) as error:
                return _told(400, f'send {{"advance_s": 60}}: {error}')
        elif self.command != "GET":
            return _told(405, "GET or POST")
        return _json(200, {"now": self.server.clock.now})


def _told(status: int, message: str) -> Answered:
    return _json(status, {"error": {"status": status, "message": message}})


def _json(status: int, content: object) -> Answered:
    return Answered(status=status, headers=(("content-type", "application/json"),), body=msgspec.json.encode(content))
