"""An event that is ready to be told, or why it is not."""

import msgspec

from ringfence.domain.web_url import WebUrl
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.outbox import EventRow


class OpenedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event with all that its webhook needs.

    `target` is `url` read, None where it is not valid; `states` are the HMAC states of the account's Auth Token,
    `record_key` what opened the content.
    """

    event: EventRow
    url: str
    target: WebUrl | None
    states: bytes
    record_key: bytes

    @property
    def host(self) -> str:
        """Whom to be patient with: host and port, or "" for URLs that are not valid: those fail together."""
        return "" if self.target is None else f"{self.target.host}:{self.target.port}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.event.id})"


class NothingToTell(msgspec.Struct, frozen=True):
    """Nobody is to be called: `state` is done where that is as it should be, dead where something is lost."""

    state: str
    cause: str


Shut = KeyRefusedError | ConnectionError
"""Why the key service opened nothing: it will not, or it is away."""

NO_TOKEN = NothingToTell("dead", "the account has no Auth Token to sign with")
