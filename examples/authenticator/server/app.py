"""The WSGI application: the app's files, and in time its interface."""

from collections.abc import Callable, Iterable
from typing import Any

from server import static_files

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


class Application:
    """Answers requests; all that lasts is in what it is given."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        found = static_files.read(path) if method in ("GET", "HEAD") else None
        if found is None:
            start_response(
                "404 Not Found", [*static_files.HEADERS, ("Content-Type", "text/plain"), ("Content-Length", "0")]
            )
            return []
        content_type, content = found
        start_response(
            "200 OK", [*static_files.HEADERS, ("Content-Type", content_type), ("Content-Length", str(len(content)))]
        )
        return [content] if method == "GET" else []
