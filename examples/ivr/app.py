"""A phone menu: opening hours, transfer to a barber, voicemail. Flask and the official `twilio` package.

python app.py                      the web server that Twilio's webhooks reach
python -m flask --app app connect  tells Twilio that calls to the shop's number come here; once
"""

import logging
import os
import time
from collections.abc import Callable
from functools import wraps

import menu
from flask import Flask, Response, abort, g, request
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

ACCOUNT_SID = os.environ["TWILIO_ACCOUNT_SID"]
AUTH_TOKEN = os.environ["TWILIO_AUTH_TOKEN"]
SHOP_NUMBER = os.environ.get("SHOP_NUMBER", "+12025550123")
BARBER_NUMBER = os.environ.get("BARBER_NUMBER", "+12025550178")
PORT = int(os.environ.get("PORT", "5000"))
# Where Twilio reaches this program. Twilio signs this URL, so behind a proxy it is the proxy's.
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")

client = Client(ACCOUNT_SID, AUTH_TOKEN)

# ---- The one place that is not plain Twilio: where the API is, if it is not at Twilio. ----
if "TWILIO_API_URL" in os.environ:
    client.api.base_url = os.environ["TWILIO_API_URL"]
# --------------------------------------------------------------------------------------------

validator = RequestValidator(AUTH_TOKEN)
app = Flask(__name__)

View = Callable[[], VoiceResponse]


def call_route(path: str) -> Callable[[View], View]:
    """A document for Twilio: the request must be signed, and the log says what happened without saying who called."""

    def register(view: View) -> View:
        @wraps(view)
        def answer() -> Response:
            started = time.monotonic()
            url = PUBLIC_URL + request.full_path.removesuffix("?")
            if not validator.validate(url, request.form, request.headers.get("X-Twilio-Signature", "")):
                print(f"webhook 403 (signature wrong) · {path}", flush=True)
                abort(403)
            g.outcome = path.removeprefix("/")
            response = Response(str(view()), mimetype="text/xml")
            took_ms = (time.monotonic() - started) * 1000
            print(f"webhook 200 in {took_ms:.0f} ms (signature ok) · {g.outcome}", flush=True)
            return response

        app.add_url_rule(path, view.__name__, answer, methods=["POST"])
        return view

    return register


@call_route("/welcome")
def welcome() -> VoiceResponse:
    return menu.welcome(request.args.get("tries", 0, int))


@call_route("/choice")
def choice() -> VoiceResponse:
    digits = request.form.get("Digits", "")
    g.outcome = f"key {digits} pressed" if digits in {"1", "2", "3"} else "unknown key pressed"
    return menu.choice(digits, BARBER_NUMBER)


@call_route("/whisper")
def whisper() -> VoiceResponse:
    return menu.whisper()


@call_route("/accepted")
def accepted() -> VoiceResponse:
    return menu.accepted(request.form.get("Digits", ""))


@call_route("/transferred")
def transferred() -> VoiceResponse:
    g.outcome = f"transfer {request.form['DialCallStatus']}"
    return menu.transferred(request.form["DialCallStatus"])


@call_route("/voicemail")
def voicemail() -> VoiceResponse:
    return menu.voicemail()


@call_route("/thanks")
def thanks() -> VoiceResponse:
    g.outcome = f"message of {request.form.get('RecordingDuration', '0')} s"
    return menu.thanks()


@call_route("/recorded")
def recorded() -> VoiceResponse:
    """The recording can be fetched now: client.recordings(RecordingSid), or RecordingUrl with .wav or .mp3."""
    g.outcome = f"recording {request.form['RecordingStatus']} · {request.form['RecordingSid']}"
    return VoiceResponse()


@app.cli.command("connect")
def connect() -> None:
    """Tell Twilio that calls to the shop's number come to this program."""
    for number in client.incoming_phone_numbers.list(phone_number=SHOP_NUMBER):
        number.update(voice_url=f"{PUBLIC_URL}/welcome", voice_method="POST")
        print(f"calls to {SHOP_NUMBER} come to {PUBLIC_URL}/welcome", flush=True)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app.run(port=PORT)
