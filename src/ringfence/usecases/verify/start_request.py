"""What a program says to start a verification. Source: Twilio, Verify v2, "Start new verification"."""

import msgspec


class StartRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a program asks for, not yet judged. "" is not given. `tags` is JSON, as it came.

    `substitutions` are pairs of a template's variable and its value.
    `rates` are pairs of a rate limit's name and the value that counts in it. `message` are words of the program's own,
    with {{code}} in the code's place; `mail_from` and `mail_from_name` are who a mail comes from.
    `client_token` is wanted of a telephone that proves itself silently.
    """

    to: str
    channel: str
    custom_code: str = ""
    custom_friendly_name: str = ""
    amount: str = ""
    payee: str = ""
    locale: str = ""
    app_hash: str = ""
    send_digits: str = ""
    template_sid: str = ""
    substitutions: tuple[tuple[str, str], ...] = ()
    device_ip: str = ""
    tags: str = ""
    risk_check: bool = True
    rates: tuple[tuple[str, str], ...] = ()
    message: str = ""
    mail_from: str = ""
    mail_from_name: str = ""
    client_token: bool = False

    def __repr__(self) -> str:
        return "StartRequest(…)"
