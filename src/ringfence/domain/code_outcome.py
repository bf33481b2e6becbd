"""Why a code did not arrive, or that it did: what support tells a customer, in words that hold nothing of the customer.

Known are the verification's status, and of each sending its channel, the status of its text or call, and the code of
what went wrong: no number, no code and no words are needed, and so no key.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from ringfence.domain.error_advice import Advice, advise
from ringfence.domain.errors import describe
from ringfence.domain.verification import Status

MAIL: Final = "email"
_WAITING = frozenset({"accepted", "queued", "sending", "scheduled"})
_MAILED = frozenset({"sent", "delivered", "read"})
_RINGING = frozenset({"queued", "ringing"})

# What the common advice says differently, because nobody chose when a code is sent, and its time is short.
_OF_CODES: dict[int, Advice] = {
    30036: Advice(
        "The code's ten minutes were over, or the verification was, before its text could be sent.",
        "Set Status=canceled and start again. If it happens often, the sender's queue is longer than its rate: add "
        "senders, or raise the rate.",
    ),
    21610: Advice(
        "The recipient texted STOP to this sender.",
        "Bring the code by call, or ask the customer to text START to the sender and start again.",
    ),
    30003: Advice(
        "The telephone is switched off, out of reach, or its memory is full.",
        "Ask the customer to switch it on where it has a signal, and start again; or bring the code by call.",
    ),
    30005: Advice(
        "The number is unknown to the carrier, or no longer in service.",
        "Ask the customer to read the number out: a digit may be wrong.",
    ),
    30006: Advice(
        "The number is a landline, or cannot receive texts.",
        "Bring the code by call.",
    ),
    30007: Advice(
        "The carrier's filter took the text for spam.",
        "Bring the code by call, and have the operator register the sender's campaign with that carrier.",
    ),
    13520: Advice(
        "The voice could not speak the code's language.",
        "Bring the code by text, or have the operator install a voice for that language.",
    ),
}
# A mail has the codes of texts, and other reasons.
_OF_MAILS: dict[int, Advice] = {
    30005: Advice(
        "The mail relay knows no such mailbox.",
        "Ask the customer to spell the address out: a letter may be wrong.",
    ),
    30007: Advice(
        "The mail relay took the mail for spam, or will have none from us.",
        "Use another channel, and have the operator see what the relay says of `mail_from`.",
    ),
    30008: Advice(
        "The mail relay refused the mail.",
        "Use another channel; what the relay answered is in the sending's own timeline.",
    ),
    30036: Advice(
        "The code's ten minutes were over, or the verification was, before the relay took its mail.",
        "Set Status=canceled and start again. If it happens often, have the operator see that the relay of `smtp_url` "
        "answers.",
    ),
}


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """One sending. `status` is that of its text or call, "" where there is none; `code` is what went wrong.

    `refused` where nothing was sent because of it. `pressed` is whether a key was pressed in a call; None: none was
    asked for.
    """

    channel: str
    status: str = ""
    code: int | None = None
    refused: bool = False
    pressed: bool | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What to tell, why it is so, and what to do; "" where there is nothing to do."""

    message: str
    cause: str
    fix: str = ""


def advise_code(code: int, channel: str = "") -> Advice | None:
    """Cause and fix of what went wrong with a code that was to be brought by `channel`, one of Verify's."""
    of_mail = _OF_MAILS.get(code) if channel == MAIL else None
    return of_mail or _OF_CODES.get(code) or advise(code)


def outcome(status: Status, sendings: Sequence[Sending]) -> Outcome:
    """The one answer to "why did my code not arrive?". `sendings` are in order; the last one counts."""
    if status is Status.APPROVED and sendings and sendings[-1].channel == "sna":
        return Outcome("The telephone's network vouched for it.", "Its address was opened from this number.")
    if status is Status.APPROVED:
        return Outcome("The code was entered.", "It arrived, and was right.")
    if status in (Status.CANCELED, Status.DELETED):
        return Outcome(
            "The verification was canceled.",
            "Your program set its status to canceled: the code is void since then.",
            "Start again.",
        )
    if status is Status.MAX_ATTEMPTS_REACHED:
        return Outcome(
            "Five wrong codes were entered.",
            "The customer read another message's code, or somebody guesses.",
            "Wait until its ten minutes are over, or set Status=canceled, and start again.",
        )
    if not sendings:
        return Outcome("Nothing was sent.", "Nothing is known of any sending.", "Start again.")
    return _of_sending(sendings[-1], over=status is Status.EXPIRED)


def _of_sending(sent: Sending, *, over: bool) -> Outcome:
    if sent.code is not None:
        advice = advise_code(sent.code, sent.channel) or Advice(
            "The carrier gave no reason.", "Start again, or use another channel."
        )
        happened = "Nothing was sent" if sent.refused else "The code did not arrive"
        return Outcome(f"{happened}: {describe(sent.code)} ({sent.code}).", advice.cause, advice.fix)
    if sent.channel == "sna":
        return Outcome(
            "No code was sent: the telephone proves itself by opening an address.",
            "It was not opened over the mobile network of this number, or your program has not checked since.",
            "Check the verification, or bring a code by text.",
        )
    if not sent.status:
        return Outcome(
            "Nothing was sent.",
            "This installation was interrupted while it took the sending down.",
            "Start again: the code is sent anew.",
        )
    if sent.channel == "call":
        return _of_call(sent, over=over)
    if sent.channel == MAIL and sent.status in _MAILED:
        return _of_mail(sent, over=over)
    return _of_text(sent, over=over)


def _of_mail(sent: Sending, *, over: bool) -> Outcome:
    if sent.status == "sent":
        return Outcome(
            "The mail relay has the code, and nothing later is known of a mail.",
            "It may be on its way, in a spam folder, or come back to `mail_from`.",
            "Ask the customer to look into the spam folder, and which address the account has; then start again, or "
            "use another channel.",
        )
    return Outcome(
        "The code arrived, and was not entered in time." if over else "The code arrived, and was not entered yet.",
        "The mailbox has it.",
        "Ask the customer to look at the newest mail, spam folder included, and which address the account has.",
    )


def _of_text(sent: Sending, *, over: bool) -> Outcome:
    if sent.status in _WAITING:
        return Outcome(
            "The code still waits to be sent.",
            "The sender's queue is longer than its rate, or the carrier's link is down.",
            "Wait a moment; if it stays so, see `ringfence doctor` and the sender's queue.",
        )
    if sent.status == "sent":
        return Outcome(
            "The carrier has the code, and has not said that it arrived.",
            "The telephone may be off or abroad, or the carrier reports late.",
            "Ask the customer to wait, and to see that the telephone has a signal; then start again, or use a call.",
        )
    if sent.status in ("delivered", "read"):
        return Outcome(
            "The code arrived, and was not entered in time." if over else "The code arrived, and was not entered yet.",
            "The carrier says that the telephone has it.",
            "Ask the customer to look at the newest text, filtered ones included, and which number the account has.",
        )
    return Outcome(
        "The code did not arrive.",
        "The carrier gave no reason.",
        "Start again, or use another channel; ask the carrier, with the reference in the sending's own timeline.",
    )


def _of_call(sent: Sending, *, over: bool) -> Outcome:
    if sent.status in _RINGING:
        return Outcome("The call is still to be answered.", "It waits for a line, or rings.", "Wait a moment.")
    if sent.status == "in-progress":
        return Outcome("The call is under way.", "It was answered.", "Ask the customer to press a key and listen.")
    if sent.status == "busy":
        return Outcome("The line was busy.", "The customer was on the telephone.", "Start again.")
    if sent.status == "no-answer":
        return Outcome(
            "Nobody answered.",
            "The call rang until it was given up.",
            "Ask the customer to have the telephone at hand, and start again.",
        )
    if sent.status == "completed" and sent.pressed is False:
        return Outcome(
            "The call was answered, and no key was pressed: so the code was not said.",
            "A voicemail took it, or whoever answered hung up first.",
            "Ask the customer to answer, press any key and listen.",
        )
    if sent.status == "completed":
        return Outcome(
            "The code was said, and not entered in time." if over else "The code was said, and not entered yet.",
            "The call was answered.",
            "Ask the customer to listen to it again: start again.",
        )
    return Outcome(
        "The call did not come about.",
        "The carrier refused it or gave it up, or it was over before the code was said.",
        "Start again, or bring the code by text; the sending's own timeline has the carrier's answer.",
    )
