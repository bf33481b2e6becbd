"""The form fields that a webhook of a Verify Service is told, in Twilio's names.

Source: Twilio, Verify v2, "Webhooks", "Webhook Events". Version v1 has the fields up to the challenge's sid; v2 has the
resource's words besides. JSON stands in a field as the API shows it.
"""

import uuid

from ringfence.domain.verify_event import VerifyEvent

Form = list[tuple[str, str]]


def verify_form(sid: str, event: VerifyEvent, version: str) -> Form:
    """What is told of an event; `sid` (EV…) is that of its telling. Without a value a field is left out."""
    form = [
        ("uuid", str(uuid.UUID(sid[2:]))),
        ("type", event.kind),
        ("account_sid", event.account),
        ("service_sid", event.service),
        ("entity_identity", event.identity),
        ("factor_sid", event.factor),
        ("factor_type", event.factor_type),
        ("challenge_sid", event.challenge),
    ]
    if version != "v1":
        form += [
            ("factor_friendly_name", event.factor_friendly_name),
            ("challenge_details", event.details),
            ("challenge_hidden_details", event.hidden_details),
            ("challenge_metadata", event.metadata),
        ]
    return [(name, value) for name, value in form if value]
