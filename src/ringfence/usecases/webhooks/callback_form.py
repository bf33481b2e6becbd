"""The form fields of a webhook, named and spelled as Twilio names and spells them.

Source: Twilio, "Twilio's request to your incoming message webhook URL" and "Track the status of outbound messages".
Ours besides: SequenceNumber (from 0, in order per message) and Timestamp (RFC 2822), as Twilio's voice has them.
"""

import functools
import time
from collections.abc import Sequence

from ringfence.domain.errors import describe
from ringfence.domain.message import Content
from ringfence.ports.store import EventRow, MessageRow

API_VERSION = "2010-04-01"

Form = list[tuple[str, str]]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
        form.append(("RawDlrDoneDate", _dlr_done_date(event.at_ms // 60_000)))
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
    return [("SequenceNumber", str(event.sequence)), ("Timestamp", _rfc2822(event.at_ms // 1_000))]


# Many events fall into one second, and more into one minute.
@functools.lru_cache(64)
def _dlr_done_date(at_minutes: int) -> str:
    return time.strftime("%y%m%d%H%M", time.gmtime(at_minutes * 60))


@functools.lru_cache(64)
def _rfc2822(at_s: int) -> str:
    # Not strftime: the names of days and months must not follow the locale.
    at = time.gmtime(at_s)
    clock = f"{at.tm_hour:02d}:{at.tm_min:02d}:{at.tm_sec:02d}"
    return f"{_DAYS[at.tm_wday]}, {at.tm_mday:02d} {_MONTHS[at.tm_mon - 1]} {at.tm_year} {clock} +0000"
