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


class ServiceConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What of a Messaging Service is sealed: its webhooks, and settings that nothing here acts on.

    Source: Twilio, "Service resource" of Messaging v1.
    """

    inbound_request_url: str = ""
    inbound_method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    mms_converter: bool = True
    scan_message_content: str = "inherit"
    fallback_to_long_code: bool = True
    synchronous_validation: bool = False
    usecase: str = "undeclared"

    def __repr__(self) -> str:
        return "ServiceConfig(…)"

    @property
    def of_its_numbers(self) -> NumberConfig:
        """What a number of the pool does when it is texted, where the service decides that."""
        return NumberConfig(
            sms_url=self.inbound_request_url,
            sms_method=self.inbound_method,
            sms_fallback_url=self.fallback_url,
            sms_fallback_method=self.fallback_method,
        )


class SipDomainConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a SIP Domain's calls run, and settings that nothing here acts on.

    Source: Twilio, "SIP Domain resource".
    """

    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    voice_status_callback_url: str = ""
    voice_status_callback_method: str = "POST"
    byoc_trunk_sid: str = ""
    emergency_caller_sid: str = ""

    def __repr__(self) -> str:
        return "SipDomainConfig(…)"


class ApplicationConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What calls and texts do that an application is for. "" means: nothing is set. Methods are GET or POST.

    Source: Twilio, "Application resource".
    """

    voice_url: str = ""
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    voice_caller_id_lookup: bool = False
    status_callback: str = ""
    status_callback_method: str = "POST"
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    sms_status_callback: str = ""
    message_status_callback: str = ""
    public_application_connect_enabled: bool = False

    def __repr__(self) -> str:
        return "ApplicationConfig(…)"

    @property
    def of_texts(self) -> NumberConfig:
        """What a number does when it is texted that refers to this application."""
        return NumberConfig(
            sms_url=self.sms_url,
            sms_method=self.sms_method,
            sms_fallback_url=self.sms_fallback_url,
            sms_fallback_method=self.sms_fallback_method,
        )


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(NumberConfig)
_SERVICE_DECODER = msgspec.msgpack.Decoder(ServiceConfig)
_APPLICATION_DECODER = msgspec.msgpack.Decoder(ApplicationConfig)
_SIP_DOMAIN_DECODER = msgspec.msgpack.Decoder(SipDomainConfig)
_SIP_SECRETS_DECODER = msgspec.msgpack.Decoder(dict[str, str])


def encode_number_config(config: NumberConfig) -> bytes:
    """The value to seal: MessagePack, without what is unset."""
    return _ENCODER.encode(config)


def decode_number_config(value: bytes) -> NumberConfig:
    """The inverse; msgspec.DecodeError for anything else."""
    return _DECODER.decode(value)


def number_record(number_sid: str) -> str:
    """The name under which a number's configuration is sealed."""
    return f"number:{number_sid}"


def encode_service_config(config: ServiceConfig) -> bytes:
    """The value to seal: MessagePack, without what is unset."""
    return _ENCODER.encode(config)


def decode_service_config(value: bytes) -> ServiceConfig:
    """The inverse; msgspec.DecodeError for anything else."""
    return _SERVICE_DECODER.decode(value)


def service_record(service_sid: str) -> str:
    """The name under which a Messaging Service's configuration is sealed."""
    return f"service:{service_sid}"


def encode_application_config(config: ApplicationConfig) -> bytes:
    """The value to seal: MessagePack, without what is unset."""
    return _ENCODER.encode(config)


def decode_application_config(value: bytes) -> ApplicationConfig:
    """The inverse; msgspec.DecodeError for anything else."""
    return _APPLICATION_DECODER.decode(value)


def application_record(application_sid: str) -> str:
    """The name under which an application's configuration is sealed."""
    return f"application:{application_sid}"


def hmac_states_record(credential_sid: str) -> str:
    """The name under which a credential's HMAC states are sealed."""
    return f"hmac_states:{credential_sid}"


def encode_sip_domain_config(config: SipDomainConfig) -> bytes:
    """The value to seal: MessagePack, without what is unset."""
    return _ENCODER.encode(config)


def decode_sip_domain_config(value: bytes) -> SipDomainConfig:
    """The inverse; msgspec.DecodeError for anything else."""
    return _SIP_DOMAIN_DECODER.decode(value)


def sip_domain_record(domain_sid: str) -> str:
    """The name under which a SIP Domain's configuration is sealed."""
    return f"sip_domain:{domain_sid}"


def encode_sip_secrets(secrets: dict[str, str]) -> bytes:
    """The value to seal: H(username:realm:password) in hex by algorithm, as MessagePack."""
    return _ENCODER.encode(secrets)


def decode_sip_secrets(value: bytes) -> dict[str, str]:
    """The inverse; msgspec.DecodeError for anything else."""
    return _SIP_SECRETS_DECODER.decode(value)


def sip_credential_record(credential_sid: str) -> str:
    """The name under which a SIP credential's hashes are sealed."""
    return f"sip_credential:{credential_sid}"


def verify_webhook_record(webhook_sid: str) -> str:
    """The name under which the URL of a Verify Service's webhook is sealed, as UTF-8."""
    return f"verify_webhook:{webhook_sid}"


def notice_address_record(account: str) -> str:
    """The name under which the URL is sealed that an account's notices go to, as UTF-8."""
    return f"notice_address:{account}"


def push_credential_record(credential_sid: str) -> str:
    """The name under which a push credential's `domain.push_credential.PushSecret` is sealed."""
    return f"push_credential:{credential_sid}"
