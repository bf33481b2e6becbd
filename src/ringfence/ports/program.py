"""The tenant's program, as whoever runs a call asks it: one signed request, and its answer with all that was said."""

from typing import Protocol

import msgspec

from ringfence.domain.attempt import Attempt
from ringfence.domain.twiml.document import Method
from ringfence.domain.web_url import WebUrl


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask of the program of `account` at `url`, which may carry connection overrides.

    `token` names the request, the same in all its tries. `cookies` are sent as they are, and only to `url`'s own host.
    """

    account: str
    url: str
    method: Method = "POST"
    form: tuple[tuple[str, str], ...] = ()
    token: str
    cookies: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Question({self.method})"


class ProgramAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A 2xx answer: the URL it came from, after redirects, and what was said on the way."""

    url: WebUrl
    status: int
    content_type: str
    body: bytes
    cookies: tuple[str, ...] = ()
    attempt: Attempt = Attempt()

    def __repr__(self) -> str:
        return f"ProgramAnswer({self.status})"


class ProgramFailedError(Exception):
    """No usable answer. `code` is Twilio's; `cause` holds no URL and no content; `attempt` is what was said."""

    def __init__(self, code: int, cause: str, attempt: Attempt, http_status: int | None = None) -> None:
        super().__init__(f"{code} {cause}")
        self.code = code
        self.cause = cause
        self.attempt = attempt
        self.http_status = http_status


class Program(Protocol):
    """Asks."""

    async def ask(self, question: Question, *, max_body_bytes: int) -> ProgramAnswer:
        """The answer, or ProgramFailedError; ConnectionError where the key service that signs is away."""
