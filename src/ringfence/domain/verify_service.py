"""What a Verify Service is set to do. Nothing in it is content; it is kept as JSON that every process may read.

Source: Twilio, Verify v2, "Service resource".
"""

from functools import lru_cache
from typing import Final

import msgspec

NAME_MAX_CHARACTERS: Final = 32
CODE_LENGTH_MIN: Final = 4
CODE_LENGTH_MAX: Final = 10


class PushSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Of push factors. `number_matching` is ours: who approves must type the two digits that the program shows."""

    include_date: bool = False
    number_matching: bool = False
    apn_credential_sid: str = ""
    fcm_credential_sid: str = ""


class TotpSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Of TOTP factors. `issuer` "" is the service's name; `time_step` in seconds; `skew` in steps to either side."""

    issuer: str = ""
    time_step: int = 30
    code_length: int = 6
    skew: int = 1


class WhatsappSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Who sends WhatsApp messages."""

    msg_service_sid: str = ""
    sender: str = ""


class PasskeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """The relying party, and what is asked of authenticators ("" asks nothing)."""

    relying_party_id: str = ""
    relying_party_name: str = ""
    relying_party_origins: tuple[str, ...] = ()
    authenticator_attachment: str = ""
    discoverable_credentials: str = ""
    user_verification: str = ""


class VerifyService(msgspec.Struct, frozen=True, kw_only=True):
    """All settings. `code_host` is ours: texts end in a line "@host #code", which binds the code to that site.

    So is `new_factors_need_approval`: a second factor of an entity is verified once one that it has approved that.
    So is `channel_policy`: ways to sign in, the strongest first (`domain.channel_policy`); none asks for none.
    """

    friendly_name: str
    code_length: int = 6
    lookup_enabled: bool = False
    skip_sms_to_landlines: bool = False
    dtmf_input_required: bool = True
    tts_name: str = ""
    psd2_enabled: bool = False
    do_not_share_warning_enabled: bool = False
    custom_code_enabled: bool = False
    push: PushSettings = PushSettings()
    totp: TotpSettings = TotpSettings()
    whatsapp: WhatsappSettings = WhatsappSettings()
    passkeys: PasskeySettings = PasskeySettings()
    default_template_sid: str = ""
    verify_event_subscription_enabled: bool = False
    code_host: str = ""
    new_factors_need_approval: bool = False
    channel_policy: tuple[str, ...] = ()


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(VerifyService)


def encode_verify_service(service: VerifyService) -> str:
    """As it is stored."""
    return _ENCODER.encode(service).decode()


@lru_cache(maxsize=1024)
def decode_verify_service(settings: str) -> VerifyService:
    """The inverse. What an older version did not know has its default."""
    return _DECODER.decode(settings)
