"""A site whose members sign in with passkeys: the standard library and the official `twilio` package.

python app.py          the site
python app.py service  makes the Verify Service for it, and prints its SID; once
"""

import json
import os
import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from members import Members, Session, new_identity
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.verify.v2.service.approve_challenge import ApproveChallengeList
from twilio.rest.verify.v2.service.new_challenge import NewChallengeContext
from twilio.rest.verify.v2.service.new_factor import NewFactorList
from twilio.rest.verify.v2.service.new_verify_factor import NewVerifyFactorList

PORT = int(os.environ.get("PORT", "5000"))
# Passkeys are of a domain, and pages of these origins may use them. On localhost browsers ask for no certificate.
DOMAIN = os.environ.get("SITE_DOMAIN", "localhost")
ORIGIN = os.environ.get("SITE_ORIGIN", f"http://localhost:{PORT}")
MAX_BODY_BYTES = 64 << 10
MAX_NAME_CHARACTERS = 64
COOKIE = "session"
FILES = {"/": "index.html", "/passkeys.js": "passkeys.js", "/style.css": "style.css"}
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}
HEADERS = [
    ("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
]

Start = Callable[[str, list[tuple[str, str]]], object]
Value = dict[str, Any]

client = Client()

# ---- The one place that is not plain Twilio: where the API is, if it is not at Twilio. ----
if "TWILIO_API_URL" in os.environ:
    client.verify.base_url = os.environ["TWILIO_API_URL"]
# --------------------------------------------------------------------------------------------


class RefusedError(Exception):
    """What a page is told."""

    def __init__(self, status: HTTPStatus, words: str) -> None:
        super().__init__(words)
        self.status = status


class Site:
    """A WSGI app over the Verify Service `service`."""

    def __init__(self, service: str) -> None:
        self._verify = client.verify.v2.services(service)
        self._members = Members()
        self._actions = {
            "/join/begin": self._begin_joining,
            "/join/end": self._end_joining,
            "/login/begin": self._begin_login,
            "/login/end": self._end_login,
        }

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        path, cookie = environ.get("PATH_INFO", ""), _cookie(environ)
        headers = list(HEADERS)
        try:
            if environ["REQUEST_METHOD"] == "GET" and path in FILES:
                file = Path(__file__).parent / "static" / FILES[path]
                status, kind, body = HTTPStatus.OK, TYPES[file.suffix], file.read_bytes()
            else:
                # Another site's page cannot ask in a member's name.
                if environ.get("HTTP_ORIGIN") != ORIGIN or environ["REQUEST_METHOD"] != "POST":
                    raise RefusedError(HTTPStatus.FORBIDDEN, "This page may not ask.")
                cookie, value = self._act(path, cookie, _body(environ))
                status, kind, body = HTTPStatus.OK, "application/json", json.dumps(value).encode()
                secure = "; Secure" if ORIGIN.startswith("https:") else ""
                headers.append(("Set-Cookie", f"{COOKIE}={cookie}; HttpOnly; SameSite=Strict; Path=/{secure}"))
        except RefusedError as refused:
            status, kind, body = refused.status, "application/json", json.dumps({"error": str(refused)}).encode()
        start_response(
            f"{status.value} {status.phrase}",
            [("Content-Type", kind), ("Content-Length", str(len(body))), *headers],
        )
        return [body]

    def _act(self, path: str, cookie: str, sent: Value) -> tuple[str, Value]:
        cookie, session = self._members.session(cookie)
        if path == "/me":
            return cookie, {"member": session.member}
        if path == "/logout":
            self._members.end(cookie)
            return "", {}
        if path not in self._actions:
            raise RefusedError(HTTPStatus.NOT_FOUND, "There is no such page.")
        try:
            value = self._actions[path](session, sent)
        except TwilioRestException as refusal:
            # Which rule was broken is for the site's operator: see docs/howto/passkeys.md.
            print(f"{path} refused ({refusal.code}): {refusal.msg}", flush=True)
            raise RefusedError(HTTPStatus.FORBIDDEN, "That passkey was not accepted.") from None
        if "member" in value:
            cookie = self._members.renew(cookie, value["member"])
        return cookie, value

    def _begin_joining(self, session: Session, sent: Value) -> Value:
        """A new member's first passkey; who is signed in gets a further one."""
        name = session.member or str(sent.get("name", "")).strip()
        if not 1 <= len(name) <= MAX_NAME_CHARACTERS or not name.isprintable():
            raise RefusedError(HTTPStatus.BAD_REQUEST, "Your name, please.")
        known = self._members.identity(name)
        if known is not None and not session.member:
            raise RefusedError(HTTPStatus.CONFLICT, "Somebody has that name.")
        wanted = {"friendly_name": name, "identity": known or new_identity()}
        begun = self._verify.new_factors.create(NewFactorList.CreateNewPasskeysFactorRequest(wanted))
        session.asked, session.joining = begun.sid, name
        return begun.options

    def _end_joining(self, session: Session, sent: Value) -> Value:
        asked, name = _asked_of(session), session.joining
        made = self._verify.new_verify_factors.update(NewVerifyFactorList.VerifyPasskeysFactorRequest(sent))
        if made.sid != asked or not self._members.add(name, made.identity):
            raise RefusedError(HTTPStatus.CONFLICT, "Please begin again.")
        return {"member": name}

    def _begin_login(self, session: Session, sent: Value) -> Value:
        """By name, or with whatever passkey the browser has for this site."""
        name = str(sent.get("name", "")).strip()
        identity = self._members.identity(name) if name else ""
        if identity is None:
            raise RefusedError(HTTPStatus.FORBIDDEN, "Nobody here has that name.")
        wanted = {"identity": identity or None}
        asked = self._verify.new_challenge().create(NewChallengeContext.CreatePasskeysChallengeRequest(wanted))
        session.asked = asked.sid
        return asked.options

    def _end_login(self, session: Session, sent: Value) -> Value:
        asked = _asked_of(session)
        approved = self._verify.approve_challenge.update(ApproveChallengeList.ApprovePasskeysChallengeRequest(sent))
        name = self._members.name(approved.identity)
        # An answer to another browser's question signs nobody in here.
        if approved.sid != asked or approved.status != "approved" or name is None:
            raise RefusedError(HTTPStatus.FORBIDDEN, "That passkey was not accepted.")
        return {"member": name}


def _asked_of(session: Session) -> str:
    """What this browser was asked, once."""
    asked, session.asked = session.asked, ""
    if not asked:
        raise RefusedError(HTTPStatus.CONFLICT, "Please begin again.")
    return asked


def _cookie(environ: dict[str, Any]) -> str:
    try:
        found = SimpleCookie(environ.get("HTTP_COOKIE", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""


def _body(environ: dict[str, Any]) -> Value:
    try:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        value = json.loads(environ["wsgi.input"].read(size) or b"{}") if size <= MAX_BODY_BYTES else None
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "That is not what this page sends.")
    return value


class Server(ThreadingMixIn, WSGIServer):
    """One thread a request."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Requests are not logged: they name members."""

    def log_message(self, *_: object) -> None:
        return


def main() -> None:
    if sys.argv[1:] == ["service"]:
        made = client.verify.v2.services.create(
            friendly_name="Members",
            passkeys_relying_party_id=DOMAIN,
            passkeys_relying_party_name="Members",
            passkeys_relying_party_origins=ORIGIN,
            passkeys_authenticator_attachment="any",
            passkeys_discoverable_credentials="required",
            passkeys_user_verification="required",
        )
        print(made.sid, flush=True)
        return
    with make_server("127.0.0.1", PORT, Site(os.environ["VERIFY_SERVICE_SID"]), Server, Quiet) as server:
        print(f"Members sign in at {ORIGIN}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
