"""The web as a test sees it: requests wait here until the driver carries them to the programs that the test gave."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from ringfence.domain.web_url import WebUrl, parse_url
from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases
from ringfence.testing.asgi_program import AsgiProgram
from ringfence.testing.patience import ANSWER_S, NoAnswerError, Patience
from ringfence.testing.programs import Answered, Asked, ListeningProgram, Program, WsgiProgram, is_asgi

MAX_URL_CHARACTERS = 64 << 10
TOO_LARGE = 11750


class Call(NamedTuple):
    """A request on its way, and the future that waits for its answer."""

    asked: Asked
    max_body_bytes: int
    done: "asyncio.Future[HttpResponse]"

    def answer(self, answered: Answered | NoAnswerError) -> None:
        """Let the waiting side go on with this."""
        if self.done.done():
            return
        if isinstance(answered, NoAnswerError):
            self.done.set_exception(HttpFailedError(answered.code, answered.cause))
        elif len(answered.body) > self.max_body_bytes:
            self.done.set_exception(HttpFailedError(TOO_LARGE, "the answer is too large"))
        else:
            self.done.set_result(
                HttpResponse(status=answered.status, headers=answered.headers, body=answered.body, phases=Phases())
            )


class Web:
    """`ports.http.HttpClient` over the programs of a test, by origin."""

    def __init__(self, answer_s: float = ANSWER_S) -> None:
        self._answer_s = answer_s
        self.waiting: deque[Call] = deque()
        self._programs: dict[tuple[str, str, int], Program] = {}
        self._origins: dict[int, tuple[object, str]] = {}
        self._listening = ListeningProgram(Patience(answer_s))

    def host(self, app: Callable[..., Any], origin: str | None = None) -> str:
        """Let `app` answer at `origin`, which is made up where none is given; the answer is the origin.

        ValueError where another app answers there, or it is not an origin.
        """
        if not callable(app):
            raise TypeError("give a WSGI or ASGI app, which is callable, or a URL")
        known = self._origins.get(id(app))
        if known is not None and origin in (None, known[1]):
            return known[1]
        if origin is None:
            number = len(self._programs) + 1
            origin = "https://app.test" if number == 1 else f"https://app{number}.test"
        url = parse_url(origin)
        if url.target != "/":
            raise ValueError("an origin is scheme, host and perhaps a port, as in https://app.test")
        if url.origin in self._programs:
            raise ValueError(f"another app answers at {origin}")
        kind = AsgiProgram if is_asgi(app) else WsgiProgram
        self._programs[url.origin] = kind(app, Patience(self._answer_s))
        # The app is kept, so that its id stays its own.
        self._origins[id(app)] = app, origin.rstrip("/")
        return origin.rstrip("/")

    def program_at(self, url: WebUrl) -> Program:
        """Who answers there."""
        return self._programs.get(url.origin, self._listening)

    async def send(self, request: HttpRequest) -> HttpResponse:
        asked = Asked(
            method=request.method,
            url=parse_url(request.url, max_characters=MAX_URL_CHARACTERS),
            headers=request.headers,
            body=request.body,
        )
        call = Call(asked, request.max_body_bytes, asyncio.get_running_loop().create_future())
        self.waiting.append(call)
        return await call.done

    def close(self) -> None:
        """Shut all apps down. Idempotent."""
        with contextlib.ExitStack() as stack:
            for program in self._programs.values():
                stack.callback(program.close)
