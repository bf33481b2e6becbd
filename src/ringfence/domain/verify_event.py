"""What happens to factors and challenges, and is told to whoever subscribed to it.

Source: Twilio, Verify v2, "Webhooks".
"""

from typing import Literal

import msgspec

EventKind = Literal["factor.created", "factor.verified", "factor.deleted", "challenge.approved", "challenge.denied"]
EVENT_KINDS: tuple[EventKind, ...] = (
    "factor.created",
    "factor.verified",
    "factor.deleted",
    "challenge.approved",
    "challenge.denied",
)
EVERY_KIND = "*"


class VerifyEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened to a factor, or to a challenge of one. All of it is sealed until it is told.

    `identity` is the program's own name for the entity. `challenge` is "" for what happens to a factor; `details`,
    `hidden_details` and `metadata` are JSON as Twilio's Challenge resource shows it, "" where there is none.
    """

    account: str
    service: str
    kind: EventKind
    at_ms: int
    identity: str
    factor: str
    factor_type: str
    factor_friendly_name: str = ""
    challenge: str = ""
    details: str = ""
    hidden_details: str = ""
    metadata: str = ""

    def __repr__(self) -> str:
        return f"VerifyEvent({self.kind}, {self.subject})"

    @property
    def subject(self) -> str:
        """The sid of what it happened to: the challenge's, else the factor's."""
        return self.challenge or self.factor


class VerifyWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """What a webhook of a Verify Service is set to; its URL is sealed beside it. `version` is v1 or v2."""

    friendly_name: str
    event_types: tuple[str, ...]
    enabled: bool = True
    version: str = "v2"

    def wants(self, kind: EventKind) -> bool:
        """True when it is to be told of this."""
        return self.enabled and (EVERY_KIND in self.event_types or kind in self.event_types)


_encode = msgspec.json.Encoder().encode
_webhooks = msgspec.json.Decoder(VerifyWebhook)


def encode_verify_webhook(webhook: VerifyWebhook) -> str:
    """As it is stored."""
    return _encode(webhook).decode()


def decode_verify_webhook(settings: str) -> VerifyWebhook:
    """The inverse."""
    return _webhooks.decode(settings)
