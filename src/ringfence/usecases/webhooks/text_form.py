"""The form fields of a text's webhook, named and spelled as Twilio names and spells them.

Source: Twilio, "Twilio's request to your incoming message webhook URL" and "Track the status of outbound messages".
Ours besides: SequenceNumber (from 0, in order per message) and Timestamp (RFC 2822), as Twilio's voice has them.
"""

from collections.abc import Sequence

from ringfence.domain.errors import describe
from ringfence.domain.message import Content
from ringfence.ports.store import EventRow, MessageRow
from ringfence.usecases.webhooks.field_times import dlr_done_date, rfc2822

API_VERSION = "2010-04-01"

Form = list[tuple[str, str]]


def status_form(row: MessageRow, content: Content, event: EventRow) -> Form:
    """What a StatusCallback is told: one status of an outbound message."""
    status = event.kind.removeprefix("message.")
    form = [
        ("ApiVersion", API_VERSION),
        ("AccountSid", row.account),
        ("MessageSid", row.sid),
        ("MessageStatus", status),
        ("SmsSid", row.sid),
        ("SmsStatus", status),
        ("From", row.local),
        ("To", content.remote),
    ]
    if row.messaging_service_sid:
        form.append(("MessagingServiceSid", row.messaging_service_sid))
    if event.error_code is not None:
        form.append(("ErrorCode", str(event.error_code)))
        form.append(("ErrorMessage", describe(event.error_code)))
    if status in ("delivered", "undelivered"):
        form.append(("RawDlrDoneDate", dlr_done_date(event.at_ms // 60_000)))
    return form + _ours(event)


def inbound_form(
    row: MessageRow, content: Content, event: EventRow, local_region: str, media: Sequence[tuple[str, str]] = ()
) -> Form:
    """What a number's SmsUrl is told: a text from a handset. `event.raw` is the OptOutType, if any; `media` its
    (content type, URL) pairs.

    Countries are those of the numbers; cities, states and postal codes are empty, as Twilio's are where unknown.
    """
    form = [
        ("ToCountry", local_region),
        ("ToState", ""),
        ("ToCity", ""),
        ("ToZip", ""),
        ("FromCountry", row.remote_region),
        ("FromState", ""),
        ("FromCity", ""),
        ("FromZip", ""),
        ("SmsMessageSid", row.sid),
        ("MessageSid", row.sid),
        ("SmsSid", row.sid),
        ("AccountSid", row.account),
        ("SmsStatus", "received"),
        ("From", content.remote),
        ("To", row.local),
        ("Body", content.body),
        ("NumSegments", str(row.num_segments)),
        ("NumMedia", str(len(media))),
        ("ApiVersion", API_VERSION),
    ]
    if row.messaging_service_sid:
        form.append(("MessagingServiceSid", row.messaging_service_sid))
    if event.raw:
        form.append(("OptOutType", event.raw))
    for place, (content_type, url) in enumerate(media):
        form.append((f"MediaContentType{place}", content_type))
        form.append((f"MediaUrl{place}", url))
    return form + _ours(event)


def _ours(event: EventRow) -> Form:
    return [("SequenceNumber", str(event.sequence)), ("Timestamp", rfc2822(event.at_ms // 1_000))]
