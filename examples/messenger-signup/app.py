"""A messenger's sign-up server: numbers by one-time code, with a registration lock. The official `twilio` package.

python app.py          the web server that apps reach
python app.py service  makes the Verify Service that sends the codes, and prints its SID; once
"""

import json
import os
import re
import sys
import time
from collections.abc import Iterable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from accounts import Accounts
from pin import WeakPinError
from registration import Locked, NoTicketError, Registered, Registration, WrongCodeError
from requests import RequestException
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

PORT = int(os.environ.get("PORT", "5000"))
MAX_BODY_BYTES = 4 << 10
MIN_SECRET_CHARACTERS = 32
NUMBER = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)

client = Client()

# ---- The one place that is not plain Twilio: where the API is, if it is not at Twilio. ----
if "TWILIO_API_URL" in os.environ:
    client.verify.base_url = os.environ["TWILIO_API_URL"]
# --------------------------------------------------------------------------------------------


class RefusedError(Exception):
    """An answer that is none of the good ones."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class SignUp:
    """A WSGI app. The log has a route and a status a line: no number, code, PIN or token."""

    def __init__(self, registration: Registration) -> None:
        self._registration = registration

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        route = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
        try:
            status, value = self._answer(route, environ)
        except RefusedError as refused:
            status, value = refused.status, {"error": refused.why}
        print(f"{status.value} · {route if status != HTTPStatus.NOT_FOUND else 'no such route'}", flush=True)
        body = b"" if value is None else json.dumps(value).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _answer(self, route: str, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any] | None]:
        match route:
            case "POST /codes":
                return self._send_code(**_fields(environ, "number"))
            case "POST /registrations":
                return self._show_code(**_fields(environ, "number", "code"))
            case "POST /unlock":
                return self._show_pin(**_fields(environ, "ticket", "pin"))
            case "GET /notices":
                return self._notices(_token(environ))
            case "PUT /lock":
                return self._lock(_token(environ), **_fields(environ, "pin"))
            case "DELETE /lock":
                self._registration.remove_pin(self._own_account(_token(environ)))
                return HTTPStatus.NO_CONTENT, None
        raise RefusedError(HTTPStatus.NOT_FOUND, "no such route")

    def _send_code(self, number: str) -> tuple[HTTPStatus, dict[str, Any] | None]:
        try:
            self._registration.send_code(_number(number))
        except (TwilioRestException, RequestException) as error:
            raise _refused(error) from None
        return HTTPStatus.ACCEPTED, None

    def _show_code(self, number: str, code: str) -> tuple[HTTPStatus, dict[str, Any] | None]:
        try:
            return _outcome(self._registration.show_code(_number(number), code))
        except WrongCodeError:
            raise RefusedError(HTTPStatus.FORBIDDEN, "wrong code") from None
        except (TwilioRestException, RequestException) as error:
            raise _refused(error) from None

    def _show_pin(self, ticket: str, pin: str) -> tuple[HTTPStatus, dict[str, Any] | None]:
        try:
            return _outcome(self._registration.show_pin(ticket, pin))
        except NoTicketError:
            raise RefusedError(HTTPStatus.FORBIDDEN, "show the code first") from None

    def _notices(self, token: str) -> tuple[HTTPStatus, dict[str, Any] | None]:
        device = self._registration.device(token)
        if device is None:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "unknown device")
        notices = [{"at": at_s, "kind": kind} for at_s, kind in self._registration.notices(token)]
        return HTTPStatus.OK, {"registered": device.active, "notices": notices}

    def _lock(self, token: str, pin: str) -> tuple[HTTPStatus, dict[str, Any] | None]:
        try:
            self._registration.set_pin(self._own_account(token), pin)
        except WeakPinError as weak:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"pin: {weak}") from None
        return HTTPStatus.NO_CONTENT, None

    def _own_account(self, token: str) -> bytes:
        device = self._registration.device(token)
        if device is None or not device.active:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "unknown device")
        return device.account


def _outcome(outcome: Registered | Locked) -> tuple[HTTPStatus, dict[str, Any]]:
    """201 with a token; 423 where a PIN is asked for."""
    if isinstance(outcome, Registered):
        return HTTPStatus.CREATED, {"token": outcome.token}
    value = {"ticket": outcome.ticket, "tries_left": outcome.tries_left, "retry_after_s": outcome.retry_after_s}
    return HTTPStatus.LOCKED, value


def _refused(error: TwilioRestException | RequestException) -> RefusedError:
    """Twilio's refusal by its number: its words may hold what was sent."""
    if isinstance(error, TwilioRestException) and error.status < HTTPStatus.INTERNAL_SERVER_ERROR and error.code:
        if error.status == HTTPStatus.TOO_MANY_REQUESTS:
            return RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "wait before the next code")
        if 60_000 <= error.code < 61_000:
            return RefusedError(HTTPStatus.BAD_REQUEST, f"refused ({error.code})")
    return RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "codes cannot be sent or checked now")


def _fields(environ: dict[str, Any], *names: str) -> dict[str, str]:
    try:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        value = json.loads(environ["wsgi.input"].read(size)) if 0 < size <= MAX_BODY_BYTES else None
        fields = {name: value[name] for name in names}
        # JSON has halves of characters, which are no text.
        for each in fields.values():
            each.encode()
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"expected a JSON object with {' and '.join(names)}") from None
    return fields


def _number(text: str) -> str:
    """One number has one spelling: else it would have more than one account."""
    if NUMBER.fullmatch(text) is None:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "number: write it as +12025550177")
    return text


def _token(environ: dict[str, Any]) -> str:
    return str(environ.get("HTTP_AUTHORIZATION", "")).removeprefix("Bearer ")


class Server(ThreadingMixIn, WSGIServer):
    """One thread a request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """The app writes its own log."""

    def log_message(self, *_: object) -> None:
        return


def main() -> None:
    if sys.argv[1:] == ["service"]:
        print(client.verify.v2.services.create(friendly_name="Pigeon").sid, flush=True)
        return
    secret = os.environ["MESSENGER_SECRET"]
    if len(secret) < MIN_SECRET_CHARACTERS:
        sys.exit(f"MESSENGER_SECRET has less than {MIN_SECRET_CHARACTERS} characters")
    registration = Registration(
        client.verify.v2.services(os.environ["VERIFY_SERVICE_SID"]),
        Accounts(os.environ.get("MESSENGER_DATABASE", "messenger.db")),
        secret.encode(),
        time.time,
    )
    with make_server("127.0.0.1", PORT, SignUp(registration), server_class=Server, handler_class=Quiet) as server:
        print(f"sign-up: http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
