"""What the shop says on the phone. No HTTP in here."""

from appointments import Appointment, AppointmentBook
from conversation import cancel, confirm
from twilio.twiml.voice_response import Gather, VoiceResponse

# What a text would call C and X.
CONFIRM_KEY, CANCEL_KEY = "1", "2"


def reminder_call(appointment: Appointment | None) -> VoiceResponse:
    """The reminder, twice, with a wait for a key after each."""
    response = VoiceResponse()
    if appointment is None:
        response.say("This is Fade and Co. You have no appointment with us. Goodbye.")
        return response
    for words in ("This is Fade and Co.", "Once more."):
        gather = Gather(num_digits=1, action="/call/key", timeout=5)
        gather.say(
            f"{words} You have a {appointment.service} with {appointment.barber} on {appointment.starts:%A at %H:%M}."
            f" Press {CONFIRM_KEY} to confirm, or {CANCEL_KEY} to cancel."
        )
        response.append(gather)
    response.say("We will text you instead. Goodbye.")
    return response


def key_pressed(book: AppointmentBook, phone: str, key: str) -> tuple[VoiceResponse, str]:
    """Do what the key says, and say so; and what the log says of it."""
    response = VoiceResponse()
    appointment = book.upcoming(phone)
    if appointment is None:
        return reminder_call(None), "no appointment"
    match key:
        case "1":
            outcome = confirm(book, appointment).outcome
            response.say("Confirmed. See you then.")
        case "2":
            outcome = cancel(book, appointment).outcome
            response.say("Your appointment is canceled. Goodbye.")
        case _:
            outcome = "not understood"
            response.say("Sorry, that key means nothing here.")
            response.redirect("/call")
    return response, outcome
