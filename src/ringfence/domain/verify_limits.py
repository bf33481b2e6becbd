"""What a Verify Service's rate limits are set to. Source: Twilio, Verify v2, "Service Rate Limits" and "Buckets"."""

import msgspec


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What is counted by the values that a program passes; its name is `VerifyRow.name`."""

    description: str = ""


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """At most `most` starts within `interval_s` seconds for each value."""

    most: int
    interval_s: int


class MessagingConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """Which Messaging Service texts a country, or `all` of them that have none; the country is `VerifyRow.name`."""

    messaging_service_sid: str


EVERY_COUNTRY = "all"

_encoder = msgspec.json.Encoder()
_rate_limits = msgspec.json.Decoder(RateLimit)
_buckets = msgspec.json.Decoder(Bucket)
_configurations = msgspec.json.Decoder(MessagingConfiguration)


def encode_settings(settings: RateLimit | Bucket | MessagingConfiguration) -> str:
    """As it is stored."""
    return _encoder.encode(settings).decode()


def decode_rate_limit(settings: str) -> RateLimit:
    """The inverse."""
    return _rate_limits.decode(settings)


def decode_bucket(settings: str) -> Bucket:
    """The inverse."""
    return _buckets.decode(settings)


def decode_messaging_configuration(settings: str) -> MessagingConfiguration:
    """The inverse."""
    return _configurations.decode(settings)
