"""What callers hear and where their keys lead. No HTTP in here: each function returns a document."""

from twilio.twiml.voice_response import Dial, Gather, VoiceResponse

SHOP = "Fade and Co"
HOURS = "We are open Tuesday to Saturday, from nine to seven."
MAX_TRIES = 3
MAX_MESSAGE_S = 120


def welcome(tries: int = 0) -> VoiceResponse:
    """The menu; who presses nothing hears it again, and is sent to the voicemail after the third time."""
    response = VoiceResponse()
    if tries >= MAX_TRIES:
        response.redirect("/voicemail")
        return response
    gather = Gather(num_digits=1, action="/choice", timeout=4)
    gather.say(f"Welcome to {SHOP}." if tries == 0 else "Let us try once more.")
    gather.say("For our opening hours, press 1. To speak with a barber, press 2. To leave a message, press 3.")
    response.append(gather)
    response.redirect(f"/welcome?tries={tries + 1}")
    return response


def choice(digits: str, barber: str) -> VoiceResponse:
    """Where a key leads."""
    response = VoiceResponse()
    match digits:
        case "1":
            response.say(HOURS)
            response.redirect("/welcome?tries=1")
        case "2":
            response.say("One moment please.")
            # The barber hears who it is first, and takes the call with a key: a voicemail of theirs cannot.
            dial = Dial(action="/transferred", timeout=15, answer_on_bridge=True)
            dial.number(barber, url="/whisper")
            response.append(dial)
        case "3":
            response.redirect("/voicemail")
        case _:
            response.say("Sorry, there is nothing behind that key.")
            response.redirect("/welcome?tries=1")
    return response


def whisper() -> VoiceResponse:
    """What the barber hears before the two are joined."""
    response = VoiceResponse()
    gather = Gather(num_digits=1, action="/accepted", timeout=8)
    gather.say(f"A customer of {SHOP} is calling. Press 1 to take the call.")
    response.append(gather)
    response.hangup()
    return response


def accepted(digits: str) -> VoiceResponse:
    """An empty document joins the two; anything but 1 hangs up on the barber, not on the customer."""
    response = VoiceResponse()
    if digits != "1":
        response.hangup()
    return response


def transferred(status: str) -> VoiceResponse:
    """After the transfer: who talked is done, who did not may leave a message."""
    response = VoiceResponse()
    if status == "completed":
        response.hangup()
    else:
        response.say("Everyone is busy cutting hair.")
        response.redirect("/voicemail")
    return response


def voicemail() -> VoiceResponse:
    """Record a message."""
    response = VoiceResponse()
    response.say("Please leave a message after the tone, and press the pound key when you are done.")
    response.record(
        action="/thanks",
        max_length=MAX_MESSAGE_S,
        finish_on_key="#",
        play_beep=True,
        recording_status_callback="/recorded",
    )
    # Who says nothing gets here.
    response.say("We did not hear anything. Goodbye.")
    return response


def thanks() -> VoiceResponse:
    """After the message."""
    response = VoiceResponse()
    response.say("Thank you. We will call you back.")
    response.hangup()
    return response
