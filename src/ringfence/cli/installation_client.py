"""The running installation over its public port, for demos: a few requests, JSON back."""

import base64
import http.client
import urllib.parse
from collections.abc import Mapping
from typing import Any

import msgspec

from ringfence.cli.invocation import invocation
from ringfence.roles.refusal import RefusalError

TIMEOUT_S = 10


class _AnsweredError(RefusalError):
    """The installation answered, but not as was asked."""

    def __init__(self, request: str, http_status: int) -> None:
        super().__init__(f"{request} answered {http_status}", f"{invocation()} doctor")
        self.http_status = http_status


class InstallationClient:
    """Calls the API as an account, and the simulator as anybody on this machine."""

    def __init__(self, base_url: str, account_sid: str, auth_token: str) -> None:
        parts = urllib.parse.urlsplit(base_url)
        self._host = parts.hostname or "localhost"
        self._port = parts.port or 80
        self._account = f"/2010-04-01/Accounts/{account_sid}"
        self._calls = f"/ringfence/v1/Accounts/{account_sid}/Calls"
        self._parcels = f"/ringfence/v1/Accounts/{account_sid}/Parcels"
        self._authorization = "Basic " + base64.b64encode(f"{account_sid}:{auth_token}".encode()).decode()

    def get(self, path: str, **query: str) -> Any:
        """GET a resource of the account: `path` as in /Messages.json."""
        target = f"{self._account}{path}" + (f"?{urllib.parse.urlencode(query)}" if query else "")
        return self._call("GET", target, headers={"Authorization": self._authorization})

    def timeline(self, kind: str, sid: str) -> Any:
        """What happened to it; None where the account has none of this SID. `kind`: Messages, Calls, Verifications."""
        path = f"{self._calls.removesuffix('Calls')}{kind}/{sid}/Timeline"
        try:
            return self._call("GET", path, headers={"Authorization": self._authorization})
        except _AnsweredError as answered:
            if answered.http_status == 404:
                return None
            raise

    def post(self, path: str, **fields: str) -> Any:
        """POST a form to a resource of the account."""
        return self._form(f"{self._account}{path}", fields)

    def lookup(self, number: str, *, fields: str, country: str) -> Any:
        """What a number is: docs/reference/lookups.md."""
        query = urllib.parse.urlencode({"Fields": fields, "CountryCode": country})
        target = f"/lookups/v2/PhoneNumbers/{urllib.parse.quote(number, safe='+')}?{query}"
        return self._call("GET", target, headers={"Authorization": self._authorization})

    def verify(self, method: str, path: str, **fields: str) -> Any:
        """A request to Verify: `path` as in Services."""
        target = f"/verify/v2/{path}"
        if method == "POST":
            return self._form(target, fields)
        return self._call(method, target, headers={"Authorization": self._authorization})

    def call_timeline(self, sid: str) -> Any:
        """Everything that happened to a call so far: docs/reference/timeline.md."""
        return self._call("GET", f"{self._calls}/{sid}/Timeline", headers={"Authorization": self._authorization})

    def leave_parcel(self, sealed: str) -> str:
        """Leave a sealed parcel for the timeline page; its id."""
        return str(self._form(self._parcels, {"Sealed": sealed})["id"])

    def delete(self, path: str) -> None:
        """DELETE a resource of the account."""
        self._call("DELETE", f"{self._account}{path}", headers={"Authorization": self._authorization})

    def texts_of(self, handset: str) -> list[dict[str, Any]]:
        """What a simulated handset has received and sent, the oldest first."""
        texts: list[dict[str, Any]] = self._call("GET", f"/simulator/handsets/{handset}/messages")["messages"]
        return texts

    def add_handset(self, number: str, name: str) -> None:
        """Put a simulated handset on the Phones page, if it is not there yet."""
        self._simulate("/simulator/handsets", {"number": number, "name": name})

    def remove_handset(self, number: str) -> None:
        """Take a simulated handset, and what it holds, off the Phones page."""
        self._call("DELETE", f"/simulator/handsets/{number}")

    def text_from(self, handset: str, to: str, body: str) -> None:
        """Write a text on a simulated handset."""
        self._simulate(f"/simulator/handsets/{handset}/messages", {"to": to, "body": body})

    def _form(self, target: str, fields: Mapping[str, str]) -> Any:
        headers = {"Authorization": self._authorization, "Content-Type": "application/x-www-form-urlencoded"}
        return self._call("POST", target, urllib.parse.urlencode(fields).encode(), headers)

    def _simulate(self, path: str, value: dict[str, str]) -> None:
        self._call("POST", path, msgspec.json.encode(value), {"Content-Type": "application/json"})

    def _call(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        try:
            connection.request(method, target, body, dict(headers or {}))
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            cause = f"nothing answers at http://{self._host}:{self._port} ({type(error).__name__})"
            raise RefusalError(cause, f"start it in another terminal: {invocation()} up") from None
        finally:
            connection.close()
        if response.status >= 300:
            # Only the status: an answer may repeat a number or a body.
            raise _AnsweredError(f"{method} {target.partition('?')[0]}", response.status)
        return msgspec.json.decode(answer) if answer else None
