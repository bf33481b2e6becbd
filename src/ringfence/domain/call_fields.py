"""A call as the tenant's program is told of it: the fields that every request about a call carries.

Source: Twilio, "TwiML for Programmable Voice", section "Twilio's request to your application".
"""

import msgspec

from ringfence.domain.call import Content, Direction
from ringfence.domain.number import parse_e164

API_VERSION = "2010-04-01"

Fields = list[tuple[str, str]]


class CallFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What of a call is not content. `status` is as the program is told, which may be an event's name."""

    account: str
    sid: str
    parent_sid: str | None
    direction: Direction
    status: str


def call_fields(facts: CallFacts, content: Content) -> Fields:
    """The fields, in Twilio's spelling; an end that is no telephone number has no place in the world."""
    fields: Fields = [
        ("AccountSid", facts.account),
        ("ApiVersion", API_VERSION),
        ("CallSid", facts.sid),
        ("CallStatus", facts.status),
        ("Direction", facts.direction.value),
    ]
    for name, other, address in (("To", "Called", content.to), ("From", "Caller", content.sender)):
        fields += [(name, address), (other, address)]
        number = parse_e164(address)
        if number is not None:
            fields += [*_place(name, number.region), *_place(other, number.region)]
    optional = (
        ("ParentCallSid", facts.parent_sid or ""),
        ("ForwardedFrom", content.forwarded_from),
        ("CallerName", content.caller_name),
        ("ApplicationSid", content.application_sid),
    )
    return [*fields, *((name, value) for name, value in optional if value), *content.parameters]


def _place(end: str, region: str) -> Fields:
    """Countries are those of the numbers; the rest is empty, as Twilio's is where it is unknown."""
    return [(f"{end}City", ""), (f"{end}State", ""), (f"{end}Zip", ""), (f"{end}Country", region)]
