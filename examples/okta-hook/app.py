"""Carries the codes of an identity provider: Okta's telephony inline hook, on the official `twilio` package.

python app.py          the web server that Okta's hooks reach
python app.py service  makes the Verify Service that carries the codes, and prints its SID; once
"""

import hmac
import json
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import hook
from requests import RequestException
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

PORT = int(os.environ.get("PORT", "5000"))
MAX_BODY_BYTES = 64 << 10
MIN_SECRET_CHARACTERS = 32
# Okta waits for three seconds, and two requests are made in them.
ANSWER_S = 1.2
# So many codes may wait for their users; each is good for ten minutes.
MAX_WAITING, WAITING_S = 10_000, 600
REGIONAL = {"en-GB", "pt-BR", "zh-CN", "zh-HK"}

Start = Callable[[str, list[tuple[str, str]]], object]

client = Client(http_client=TwilioHttpClient(timeout=ANSWER_S))

# ---- The one place that is not plain Twilio: where the API is, if it is not at Twilio. ----
if "TWILIO_API_URL" in os.environ:
    client.verify.base_url = os.environ["TWILIO_API_URL"]
# --------------------------------------------------------------------------------------------


class Waiting:
    """Which verification brought a user the code, until the user has shown it. In memory: a restart forgets it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sids: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def add(self, user: str, sid: str) -> None:
        with self._lock:
            self._sids[user] = sid, time.monotonic() + WAITING_S
            self._sids.move_to_end(user)
            while len(self._sids) > MAX_WAITING:
                self._sids.popitem(last=False)

    def take(self, user: str) -> str | None:
        with self._lock:
            sid, until_s = self._sids.pop(user, ("", 0.0))
        return sid if time.monotonic() < until_s else None


class OktaHook:
    """A WSGI app. `secret` is what Okta sends in the Authorization header; `service` is the SID of a Verify Service."""

    def __init__(self, secret: str, service: str) -> None:
        if len(secret) < MIN_SECRET_CHARACTERS:
            raise ValueError(f"OKTA_HOOK_SECRET has less than {MIN_SECRET_CHARACTERS} characters")
        self._secret = secret.encode()
        self._verify = client.verify.v2.services(service)
        self._waiting = Waiting()

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        started = time.monotonic()
        status, value, outcome = self._answer(environ)
        took_ms = (time.monotonic() - started) * 1000
        # Neither the code nor the number nor the user: who reads this log learns that a code was carried, and how.
        print(f"hook {status.value} in {took_ms:.0f} ms · {outcome}", flush=True)
        body = b"" if value is None else json.dumps(value).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{status.value} {status.phrase}", headers)
        return [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[HTTPStatus, dict[str, Any] | None, str]:
        given = environ.get("HTTP_AUTHORIZATION", "").encode("latin-1")
        if not hmac.compare_digest(given, self._secret):
            return HTTPStatus.UNAUTHORIZED, None, "wrong secret"
        try:
            match environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""):
                case "POST", "/telephony":
                    return self._carry(hook.read_sending(_body(environ)))
                case "POST", "/events":
                    return self._approve(hook.read_users_who_were_right(_body(environ)))
                case "GET", "/events":
                    challenge = environ.get("HTTP_X_OKTA_VERIFICATION_CHALLENGE", "")
                    return HTTPStatus.OK, {"verification": challenge}, "event hook verified"
        except hook.InvalidRequestError as error:
            return HTTPStatus.BAD_REQUEST, None, f"not Okta's: {error}"
        return HTTPStatus.NOT_FOUND, None, "no such hook"

    def _carry(self, sending: hook.Sending) -> tuple[HTTPStatus, dict[str, Any] | None, str]:
        """Start a verification with Okta's own code.

        What Verify refuses (60…) is FAILED, so that Okta does not send it by another provider around the refusal. For
        all other trouble the answer is 503: then Okta's fallback may carry the code.
        """
        try:
            self._forget(sending.number)
            started = self._verify.verifications.create(
                to=sending.number, channel=sending.channel, custom_code=sending.code, locale=_locale(sending.locale)
            )
        except TwilioRestException as refusal:
            # Its words may hold the number.
            outcome = f"{sending.channel} · refused ({refusal.code})"
            if not is_verdict(refusal):
                return HTTPStatus.SERVICE_UNAVAILABLE, None, outcome
            return HTTPStatus.OK, hook.answer("FAILED", "", f"error={refusal.code}"), outcome
        except RequestException:
            return HTTPStatus.SERVICE_UNAVAILABLE, None, f"{sending.channel} · no answer"
        self._waiting.add(sending.user, started.sid)
        # It is on its way; that it arrived is not known yet.
        value = hook.answer("PENDING", started.sid, f"channel={sending.channel}")
        return HTTPStatus.OK, value, f"{sending.channel} · on its way · {started.sid}"

    def _forget(self, number: str) -> None:
        """End what is pending for the number: a verification keeps its first code, and Okta has a new one."""
        try:
            self._verify.verifications(number).update(status="canceled")
        except TwilioRestException as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise

    def _approve(self, users: list[str]) -> tuple[HTTPStatus, dict[str, Any] | None, str]:
        """Tell Twilio which codes came back: else its guard takes all of them for fraud."""
        approved = 0
        for sid in filter(None, map(self._waiting.take, users)):
            try:
                self._verify.verifications(sid).update(status="approved")
                approved += 1
            except (TwilioRestException, RequestException):
                print(f"{sid} could not be approved", flush=True)
        return HTTPStatus.OK, None, f"{approved} approved"


def is_verdict(refusal: TwilioRestException) -> bool:
    """Verify says that this code is not to be carried."""
    return refusal.code is not None and 60_000 <= refusal.code < 61_000


def _body(environ: dict[str, Any]) -> bytes:
    try:
        size = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        size = 0
    if not 0 < size <= MAX_BODY_BYTES:
        raise hook.InvalidRequestError("a body of at most 64 kB is expected")
    return bytes(environ["wsgi.input"].read(size))


def _locale(okta: str) -> str:
    """Okta writes EN-US, Twilio en or pt-BR; what is no locale of Twilio's is its default."""
    language, _, region = okta.replace("_", "-").partition("-")
    regional = f"{language.lower()}-{region.upper()}"
    return regional if regional in REGIONAL else language.lower()


class Server(ThreadingMixIn, WSGIServer):
    """One thread a request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """The app writes its own log."""

    def log_message(self, *_: object) -> None:
        return


def main() -> None:
    if sys.argv[1:] == ["service"]:
        made = client.verify.v2.services.create(friendly_name="Single sign-on", custom_code_enabled=True)
        print(made.sid, flush=True)
        return
    app = OktaHook(os.environ["OKTA_HOOK_SECRET"], os.environ["VERIFY_SERVICE_SID"])
    with make_server("127.0.0.1", PORT, app, server_class=Server, handler_class=Quiet) as server:
        print(f"Okta's hooks: http://127.0.0.1:{server.server_port}/telephony and /events", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
