"""The tenant's program as a test gives it: a WSGI or ASGI callable, or what listens at an address of this machine."""

import functools
import http.client
import inspect
import io
import ipaddress
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

import msgspec

from ringfence.domain.web_url import WebUrl
from ringfence.testing.patience import NoAnswerError, Patience

MAX_BODY_BYTES = 8 << 20


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request to a program."""

    method: str
    url: WebUrl
    headers: Sequence[tuple[str, str]]
    body: bytes

    @property
    def path(self) -> str:
        return self.url.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.url.target.partition("?")[2]

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Headers as sent, Host and Content-Length among them."""
        return [("Host", self.url.host_header), *self.headers, ("Content-Length", str(len(self.body)))]

    def __repr__(self) -> str:
        return f"Asked({self.method})"


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What a program answered, and what it raised, if it did."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raised: Exception | None = None


class Program(Protocol):
    """Answers requests."""

    def ask(self, asked: Asked) -> Answered:
        """The answer, or NoAnswerError."""

    def close(self) -> None:
        """Let go of what it holds. Idempotent."""


def is_asgi(app: Callable[..., Any]) -> bool:
    """True for an app that is awaited; everything else callable is taken for WSGI."""
    while isinstance(app, functools.partial):
        app = app.func
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004


class WsgiProgram:
    """A WSGI app, called in the thread of whoever sent the text: the test's. Source: PEP 3333."""

    def __init__(self, app: Callable[..., Iterable[bytes]], patience: Patience) -> None:
        self._app = app
        self._patience = patience

    def ask(self, asked: Asked) -> Answered:
        """The answer. What the app raises is kept in it, as status 500. NoAnswerError when it takes too long."""
        with self._patience.interrupting():
            return self._ask(asked)

    def _ask(self, asked: Asked) -> Answered:
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            started[:] = [(status, headers)]
            return written.append

        errors = io.StringIO()
        try:
            parts = self._app(self._environ(asked, errors), start_response)
            try:
                written.extend(parts)
            finally:
                if (close := getattr(parts, "close", None)) is not None:
                    close()
            if not started:
                raise RuntimeError("the WSGI app did not call start_response")
        except Exception as error:
            return Answered(status=500, raised=error)
        finally:
            sys.stderr.write(errors.getvalue())
        status, headers = started[0]
        return Answered(
            status=int(status.split(" ", 1)[0]),
            headers=tuple((name.lower(), value) for name, value in headers),
            body=b"".join(written),
        )

    def close(self) -> None:
        """Nothing is held."""

    @staticmethod
    def _environ(asked: Asked, errors: io.StringIO) -> dict[str, Any]:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": asked.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(asked.path).decode("latin-1"),
            "QUERY_STRING": asked.query,
            "REQUEST_URI": asked.url.target,
            "SERVER_NAME": asked.url.host,
            "SERVER_PORT": str(asked.url.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": asked.url.scheme,
            "wsgi.input": io.BytesIO(asked.body),
            "wsgi.errors": errors,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in asked.fields:
            key = name.upper().replace("-", "_")
            environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
        return environ


class ListeningProgram:
    """What listens at a URL of this machine or its network: another process, in whatever language."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience

    def ask(self, asked: Asked) -> Answered:
        """The answer. NoAnswerError for a host elsewhere, whatever name it has: a test texts nobody's server."""
        url = asked.url
        if not _is_near(url.host):
            raise NoAnswerError(
                11210, f"no program at {url.host} in this test: give the app itself, or ringfence.host(app, origin)"
            )
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.host, url.port, timeout=self._patience.left_s)
        try:
            connection.putrequest(asked.method, url.target, skip_host=True, skip_accept_encoding=True)
            for name, value in asked.fields:
                connection.putheader(name, value)
            connection.endheaders(asked.body)
            response = connection.getresponse()
            headers = tuple((name.lower(), value) for name, value in response.getheaders())
            return Answered(status=response.status, headers=headers, body=response.read(MAX_BODY_BYTES))
        except TimeoutError:
            raise self._patience.lost() from None
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(11205, f"nothing answers there: {type(error).__name__}") from None
        finally:
            connection.close()

    def close(self) -> None:
        """Nothing is held."""


def _is_near(host: str) -> bool:
    if host in ("localhost", "localhost.") or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_private
