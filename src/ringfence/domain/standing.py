"""Standing configuration: what must be readable when no tenant is present, sealed by the key service.

Each record has a name, and the seal binds it: a value moved to another name does not open.
"""

import msgspec


class NumberConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to do when a number is texted or called. "" means: nothing is set. Methods are GET or POST.

    Source: Twilio, "IncomingPhoneNumber resource".
    """

    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    sms_application_sid: str = ""
    status_callback: str = ""
    status_callback_method: str = "POST"
    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    voice_application_sid: str = ""
    voice_caller_id_lookup: bool = False
    voice_receive_mode: str = "voice"
    trunk_sid: str = ""
    address_sid: str = ""
    identity_sid: str = ""
    bundle_sid: str = ""
    emergency_status: str = "Inactive"
    emergency_address_sid: str = ""

    def __repr__(self) -> str:
        return "NumberConfig(…)"


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(NumberConfig)


def encode_number_config(config: NumberConfig) -> bytes:
    """The value to seal: MessagePack, without what is unset."""
    return _ENCODER.encode(config)


def decode_number_config(value: bytes) -> NumberConfig:
    """The inverse; msgspec.DecodeError for anything else."""
    return _DECODER.decode(value)


def number_record(number_sid: str) -> str:
    """The name under which a number's configuration is sealed."""
    return f"number:{number_sid}"


def hmac_states_record(credential_sid: str) -> str:
    """The name under which a credential's HMAC states are sealed."""
    return f"hmac_states:{credential_sid}"
