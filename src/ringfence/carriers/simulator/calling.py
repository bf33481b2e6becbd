"""Where the Phones page's handsets register for calls, or why they cannot."""

from collections.abc import Callable

import msgspec


class Calling(msgspec.Struct, frozen=True, kw_only=True):
    """The port of SIP over WebSocket, on the host that the page is opened under; None where there are no calls now.

    `reason` says why, in words for people. `secure`: over TLS.
    """

    port: int | None = None
    secure: bool = False
    reason: str = ""

    def sockets(self, host: str) -> list[str]:
        """What the page may open, as its policy names it. `host` is the page's own, brackets included."""
        return [] if self.port is None else [f"{'wss' if self.secure else 'ws'}://{host}:{self.port}"]


CallingNow = Callable[[], Calling]


def no_calls() -> Calling:
    """The answer of an installation whose simulator knows of no calls."""
    return Calling(reason="Calls are not running on this installation.")
