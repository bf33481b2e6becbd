"""A number of the tenant in a test."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ringfence.testing.world import Ringfence


class Number:
    """A number the account owns. It may stand for its digits: `from_=number`."""

    def __init__(self, world: "Ringfence", number: str, sid: str) -> None:
        self.number = number
        self.sid = sid
        self._world = world

    def sms_to(self, program: Callable[..., Any] | str, path: str = "/sms", *, method: str = "POST") -> str:
        """Have texts to this number told to `program`; the answer is the URL.

        A WSGI or ASGI app is called in this process, at `path` of its origin (see `Ringfence.host`). A URL is either on
        such an origin, or of something that listens on this machine.
        """
        url = program if isinstance(program, str) else self._world.host(program) + "/" + path.removeprefix("/")
        self._world.configure(self.sid, sms_url=url, sms_method=method)
        return url

    def calls_to(self, program: Callable[..., Any] | str, path: str = "/voice", *, method: str = "POST") -> str:
        """Have calls to this number told to `program`, an app or a URL as in `sms_to`; the answer is the URL."""
        url = program if isinstance(program, str) else self._world.host(program) + "/" + path.removeprefix("/")
        self._world.configure(self.sid, voice_url=url, voice_method=method)
        return url

    def __str__(self) -> str:
        return self.number

    def __repr__(self) -> str:
        return f"Number({self.number})"
