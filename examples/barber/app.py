"""Appointment reminders by text, answered by text: a Flask program on the official `twilio` package.

python app.py                      the web server that Twilio's webhooks reach
python -m flask --app app connect  tells Twilio that texts to the shop's number come here; once
python -m flask --app app book     puts an appointment into the book
python -m flask --app app remind   sends the reminders that are due; a cron job, in a real shop
python -m flask --app app call     calls who has not confirmed: "press 1 to confirm"
"""

import logging
import os
import time
from collections.abc import Callable
from datetime import time as time_of_day
from functools import wraps

import click
from appointments import TUESDAY, AppointmentBook, coming
from conversation import answer, reminder
from flask import Flask, Response, abort, g, request
from spoken import key_pressed, reminder_call
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse
from webhook_signature import is_genuine

OPTED_OUT = 21610  # Twilio: "Attempt to send to unsubscribed recipient"

ACCOUNT_SID = os.environ["TWILIO_ACCOUNT_SID"]
AUTH_TOKEN = os.environ["TWILIO_AUTH_TOKEN"]
SHOP_NUMBER = os.environ.get("SHOP_NUMBER", "+12025550123")
CUSTOMER_NUMBER = os.environ.get("CUSTOMER_NUMBER", "+12025550177")
PORT = int(os.environ.get("PORT", "5000"))
# Where Twilio reaches this program. Twilio signs this URL, so behind a proxy it is the proxy's.
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")

client = Client(ACCOUNT_SID, AUTH_TOKEN)

# ---- The one place that is not plain Twilio: where the API is, if it is not at Twilio. ----
if "TWILIO_API_URL" in os.environ:
    client.api.base_url = os.environ["TWILIO_API_URL"]
# --------------------------------------------------------------------------------------------
# Where the platform signs the time too, a request that somebody kept and sends again is refused.
STRICT = os.environ.get("WEBHOOK_SIGNATURES") == "strict"

validator = RequestValidator(AUTH_TOKEN)
book = AppointmentBook(os.environ.get("BARBER_DATABASE", "barber.db"))
app = Flask(__name__)


def signed(view: Callable[[], Response]) -> Callable[[], Response]:
    """Only a request that Twilio signed gets to the view; any other gets 403."""

    @wraps(view)
    def checked() -> Response:
        g.started = time.monotonic()
        if not is_signed():
            print("webhook 403 (signature wrong)", flush=True)
            abort(403)
        return view()

    return checked


def is_signed() -> bool:
    """Whether this request is Twilio's, as Twilio's own validator sees it; and where we are strict, to the letter."""
    url, body = PUBLIC_URL + request.full_path.removesuffix("?"), request.get_data()
    if STRICT and not is_genuine(AUTH_TOKEN, request.method, url, body, request.headers):
        return False
    return validator.validate(url, request.form, request.headers.get("X-Twilio-Signature", ""))


def log_webhook(status: int, outcome: str) -> None:
    """One line, with nothing of the customer in it."""
    took_ms = (time.monotonic() - g.started) * 1000
    print(f"webhook {status} in {took_ms:.0f} ms (signature ok) · {outcome}", flush=True)


@app.post("/sms")
@signed
def sms() -> Response:
    """A customer's text. The answer is TwiML."""
    message_sid = request.form["MessageSid"]
    text = book.text_answered(message_sid)
    if text is None:
        text, outcome = answer(book, request.form["From"], request.form["Body"])
        book.set_answered(message_sid, text)
    else:
        outcome = "answered before"
    response = MessagingResponse()
    if text:
        response.message(text)
    log_webhook(200, outcome)
    return Response(str(response), mimetype="text/xml")


@app.post("/status")
@signed
def status() -> Response:
    """What became of a reminder."""
    status = request.form["MessageStatus"]
    book.record_delivery(request.form["MessageSid"], status)
    log_webhook(204, f"reminder {status}")
    return Response(status=204)


@app.post("/call")
@signed
def call() -> Response:
    """The customer has picked up. The answer is TwiML for voice."""
    log_webhook(200, "reminder spoken")
    return Response(str(reminder_call(book.upcoming(request.form["To"]))), mimetype="text/xml")


@app.post("/call/key")
@signed
def call_key() -> Response:
    """The customer pressed a key."""
    response, outcome = key_pressed(book, request.form["To"], request.form["Digits"])
    log_webhook(200, outcome)
    return Response(str(response), mimetype="text/xml")


@app.post("/call/status")
@signed
def call_status() -> Response:
    """How a call ended."""
    log_webhook(204, f"call {request.form['CallStatus']}")
    return Response(status=204)


@app.cli.command("connect")
def connect() -> None:
    """Tell Twilio that texts to the shop's number come to this program."""
    for number in client.incoming_phone_numbers.list(phone_number=SHOP_NUMBER):
        number.update(sms_url=f"{PUBLIC_URL}/sms", sms_method="POST")
        print(f"texts to {SHOP_NUMBER} come to {PUBLIC_URL}/sms", flush=True)


@app.cli.command("book")
@click.option("--remind", "at_once", is_flag=True, help="Text the reminder at once.")
def book_appointment(at_once: bool) -> None:
    """Book the customer in: a haircut with Sam, on the coming Tuesday at 15:00."""
    book.book(CUSTOMER_NUMBER, "haircut", "Sam", coming(TUESDAY, time_of_day(15, 0)))
    if at_once:
        send_reminders()


@app.cli.command("remind")
def remind() -> None:
    """Text everyone who has not been told of their appointment."""
    send_reminders()


@app.cli.command("call")
def call_unconfirmed() -> None:
    """Call everyone who has not confirmed."""
    for appointment in book.unconfirmed():
        made = client.calls.create(
            to=appointment.phone,
            from_=SHOP_NUMBER,
            url=f"{PUBLIC_URL}/call",
            timeout=20,
            status_callback=f"{PUBLIC_URL}/call/status",
        )
        print(f"call {made.status} · {made.sid}", flush=True)


def send_reminders() -> None:
    for appointment in book.not_reminded():
        try:
            message = client.messages.create(
                to=appointment.phone,
                from_=SHOP_NUMBER,
                body=reminder(appointment),
                status_callback=f"{PUBLIC_URL}/status",
            )
        except TwilioRestException as error:
            if error.code != OPTED_OUT:
                raise
            book.set_opted_out(appointment.phone)
            print(f"reminder refused ({OPTED_OUT}) · customer OPTED OUT", flush=True)
        else:
            book.set_reminded(appointment, message.sid)
            print(f"reminder {message.status} · {message.sid}", flush=True)


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    app.run(port=PORT)
