"""Twilio's error catalogue: the codes ringfence answers with, their text and HTTP status.

Source: Twilio, "Error and warning dictionary".
"""

import msgspec


class ErrorKind(msgspec.Struct, frozen=True):
    """One entry of the catalogue. `message` may hold {placeholders}."""

    code: int
    message: str
    status: int = 400


class ApiError(Exception):
    """A refusal that the caller is told about with Twilio's code.

    `details` fill the placeholders of the catalogue's message and go to the caller alone:
    neither str() nor repr() shows them, because they may hold a number or a body.
    """

    def __init__(self, code: int, message: str | None = None, *, status: int | None = None, **details: object) -> None:
        kind = CATALOGUE.get(code) or ErrorKind(code, "Unknown error")
        self.code = code
        self.status = status or kind.status
        self.message = message if message is not None else kind.message.format(**details)
        super().__init__(f"error {code}")

    def __repr__(self) -> str:
        return f"ApiError({self.code})"


def _catalogue(*kinds: ErrorKind) -> dict[int, ErrorKind]:
    return {kind.code: kind for kind in kinds}


CATALOGUE: dict[int, ErrorKind] = _catalogue(
    ErrorKind(20003, "Authenticate", 401),
    ErrorKind(20404, "The requested resource {path} was not found", 404),
    ErrorKind(21211, "Invalid 'To' Phone Number: {to}"),
    ErrorKind(21212, "Invalid From Number (caller ID): {sender}"),
    ErrorKind(21602, "Message body is required."),
    ErrorKind(21603, "A 'From' phone number is required."),
    ErrorKind(21604, "A 'To' phone number is required."),
    ErrorKind(
        21606,
        "The 'From' phone number {sender} is not a valid, SMS-capable inbound phone number or short code "
        "for your account.",
    ),
    ErrorKind(21610, "Attempt to send to unsubscribed recipient"),
    ErrorKind(21617, "The concatenated message body exceeds the 1600 character limit"),
)
