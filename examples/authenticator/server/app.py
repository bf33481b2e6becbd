"""The WSGI application: the app's files, and the accounts' interface under /api/accounts."""

import json
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from server import static_files
from server.directory import Caller, Directory, RefusalError

if TYPE_CHECKING:
    from server.relay import Relay

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]

MAX_BODY_BYTES = 1_048_576
_ACCOUNT = re.compile(r"[A-Z2-7]{24}")
_PATH = re.compile(r"/api/accounts/([A-Z2-7]{24})/([a-z]+)(?:/([a-z0-9]+))?(?:/([a-z]+))?")


class Application:
    """Answers requests; all that lasts is in the directory. Without a `relay` there are no approvals."""

    def __init__(self, directory: Directory, relay: "Relay | None" = None) -> None:
        self._directory = directory
        self._relay = relay

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if not path.startswith("/api/"):
            return _file(method, path, start_response)
        try:
            status, answer = 200, self._answer(method, path, environ)
        except RefusalError as refusal:
            status, answer = refusal.status, {"code": refusal.code, "message": refusal.message}
        content = json.dumps(answer).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
        kept = [header for header in static_files.HEADERS if header[0] != "Cache-Control"]
        start_response(_line(status), [*kept, ("Cache-Control", "no-store"), *headers])
        return [content]

    def _answer(self, method: str, path: str, environ: Environ) -> dict[str, Any]:
        body = _body(environ) if method in ("POST", "PUT") else {}
        if (method, path) == ("POST", "/api/accounts"):
            account = _text(body, "account")
            if not _ACCOUNT.fullmatch(account):
                raise _malformed("account")
            token_hash = _text(body, "token_hash")
            self._directory.create(account, _text(body, "device"), _entry(body), token_hash)
            return {}
        found = _PATH.fullmatch(path)
        if found is None:
            raise RefusalError(404, "path", "There is nothing here.")
        account, what, item, part = found.groups()
        match (method, what, item, part):
            case ("GET", "backup", "head", None):
                return self._directory.backup_head(account)
            case ("POST", "joins", None, None):
                join = self._directory.ask_join(
                    account, _text(body, "name"), _text(body, "commitment"), _text(body, "token_hash")
                )
                return {"id": join}
            case ("POST", "recoveries", None, None):
                given = [_text(body, name) for name in ("device", "name", "proof", "token_hash")]
                return self._directory.ask_recovery(account, *given)
        return self._for_caller((method, what, item, part), body, self._caller(account, environ))

    def _caller(self, account: str, environ: Environ) -> Caller:
        scheme, _, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        return self._directory.caller(account, token if scheme == "Bearer" else "")

    def _for_caller(self, asked: tuple[str, ...], body: dict[str, Any], caller: Caller) -> dict[str, Any]:
        match asked:
            case ("GET", "log", None, None):
                return {"entries": self._directory.entries(caller.account)}
            case ("POST", "log", None, None):
                self._directory.append(caller, _number(body, "seq"), _entry(body))
                return {}
            case ("GET", "joins", None, None):
                return {"joins": self._directory.joins(caller)}
            case ("PUT", "joins", join, "reveal"):
                self._directory.reveal_join(caller, join, _object(body, "reveal"))
                return {}
            case ("DELETE", "joins", join, None):
                self._directory.end_join(caller, join)
                return {}
            case ("GET", "backup", None, None):
                return {"envelope": self._directory.backup(caller)}
        if caller.role != "member":
            raise RefusalError(403, "role", "Only a device of the account may do this.")
        if asked[:2] == ("POST", "approvals"):
            return self._approvals(asked[2], body, caller.account)
        return self._for_member(asked, body, caller.account)

    def _approvals(self, what: str | None, body: dict[str, Any], account: str) -> dict[str, Any]:
        if self._relay is None:
            raise RefusalError(501, "approvals", "This server passes no approvals on.")
        match what:
            case None:
                return self._relay.enrol(account, _text(body, "name"), _text(body, "public_key"))
            case "verify":
                given = [_text(body, name) for name in ("factor", "login", "payload")]
                return self._relay.verify(account, *given)
            case "pending":
                return self._relay.pending(account, _text(body, "login"))
            case "answer":
                given = [_text(body, name) for name in ("challenge", "login", "payload")]
                return self._relay.answer(account, *given)
        raise RefusalError(404, "path", "There is nothing here.")

    def _for_member(self, asked: tuple[str, ...], body: dict[str, Any], account: str) -> dict[str, Any]:
        match asked:
            case ("GET", "list", None, None):
                return {"record": self._directory.record(account)}
            case ("PUT", "list", None, None):
                record = _object(body, "record")
                _number(record, "version")
                self._directory.put_record(account, record)
            case ("PUT", "joins", join, "answer"):
                self._directory.answer_join(account, join, _object(body, "answer"))
            case ("PUT", "backup", None, None):
                given = _text(body, "proof_hash"), _text(body, "envelope")
                self._directory.put_backup(account, _number(body, "number"), _object(body, "head"), *given)
            case ("GET", "recoveries", None, None):
                return {"recoveries": self._directory.recoveries(account)}
            case ("DELETE", "recoveries", recovery, None):
                self._directory.end_recovery(account, recovery)
            case _:
                raise RefusalError(404, "path", "There is nothing here.")
        return {}


def _file(method: str, path: str, start_response: StartResponse) -> Iterable[bytes]:
    found = static_files.read(path) if method in ("GET", "HEAD") else None
    content_type, content = found or ("text/plain", b"")
    headers = [*static_files.HEADERS, ("Content-Type", content_type), ("Content-Length", str(len(content)))]
    start_response(_line(200 if found else 404), headers)
    return [content] if method == "GET" else []


def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _body(environ: Environ) -> dict[str, Any]:
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BODY_BYTES:
        raise RefusalError(413, "size", "That is too much.")
    try:
        body = json.loads(environ["wsgi.input"].read(int(length)))
    except ValueError:
        raise _malformed("body") from None
    if not isinstance(body, dict):
        raise _malformed("body")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise _malformed(name)
    return value


def _number(body: dict[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int):
        raise _malformed(name)
    return value


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise _malformed(name)
    return value


def _entry(body: dict[str, Any]) -> dict[str, str]:
    """An entry whose body is JSON with what the directory reads of it."""
    entry = _object(body, "entry")
    _text(entry, "signature")
    try:
        said = json.loads(_text(entry, "body"))
    except ValueError:
        raise _malformed("entry") from None
    device = said.get("device") if isinstance(said, dict) else None
    wanted = {
        "admit": "announced",
        "cancel": "announced",
        "remove": "device",
        "recover": "device",
        "announce": "device",
    }
    if not isinstance(said, dict) or (said.get("kind") in wanted and wanted[said["kind"]] not in said):
        raise _malformed("entry")
    if said.get("kind") in ("recover", "announce") and not (
        isinstance(device, dict) and isinstance(device.get("id"), str)
    ):
        raise _malformed("entry")
    return entry


def _malformed(what: str) -> RefusalError:
    return RefusalError(400, "malformed", f"The request is not well formed: {what}.")
