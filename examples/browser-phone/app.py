"""A telephone on a web page: a Flask program that hands out Access Tokens and says what calls do.

python app.py    the web server: the page, its tokens, and the webhook of the TwiML application
"""

import os
from importlib import resources

from flask import Flask, Response, abort, jsonify, request, send_from_directory
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant
from twilio.request_validator import RequestValidator
from twilio.twiml.voice_response import VoiceResponse

ACCOUNT_SID = os.environ["TWILIO_ACCOUNT_SID"]
AUTH_TOKEN = os.environ["TWILIO_AUTH_TOKEN"]
API_KEY = os.environ["TWILIO_API_KEY"]
API_SECRET = os.environ["TWILIO_API_SECRET"]
APPLICATION_SID = os.environ["TWILIO_APPLICATION_SID"]
CALLER = os.environ.get("SHOP_NUMBER", "+12025550123")
PORT = int(os.environ.get("PORT", "5000"))
# Where Twilio reaches this program. Twilio signs this URL, so behind a proxy it is the proxy's.
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
# Where browsers register: the ws: or wss: address of ringfence's sip_listen.
SIP_URL = os.environ.get("RINGFENCE_SIP_URL", "ws://localhost:5066/")
TOKEN_TTL_S = 3_600

app = Flask(__name__, static_folder=None)
validator = RequestValidator(AUTH_TOKEN)
softphone = resources.files("ringfence.carriers.simulator").joinpath("phones", "softphone")


@app.get("/")
@app.get("/<path:name>")
def page(name: str = "index.html") -> Response:
    return send_from_directory("static", name)


@app.get("/softphone/<name>")
def module(name: str) -> Response:
    """The softphone's modules, as ringfence installs them. They need nothing else: copy them, if you like."""
    file = softphone.joinpath(name)
    if not name.endswith(".js") or not file.is_file():
        abort(404)
    return Response(file.read_bytes(), content_type="text/javascript; charset=utf-8")


@app.get("/token")
def token() -> Response:
    """Who may be whom is yours to decide: here everybody may be anybody."""
    identity = request.args.get("identity", "")
    if not identity.isidentifier():
        abort(400)
    made = AccessToken(ACCOUNT_SID, API_KEY, API_SECRET, identity=identity, ttl=TOKEN_TTL_S)
    made.add_grant(VoiceGrant(outgoing_application_sid=APPLICATION_SID, incoming_allow=True))
    return jsonify(token=made.to_jwt(), url=SIP_URL)


@app.post("/voice")
def voice() -> Response:
    """What a call from the page does: another client, or a number."""
    if not validator.validate(f"{PUBLIC_URL}/voice", request.form, request.headers.get("X-Twilio-Signature", "")):
        abort(403)
    called = request.form["To"]
    answer = VoiceResponse()
    if called.startswith("+"):
        answer.dial(called, caller_id=CALLER)
    else:
        answer.dial().client(called.removeprefix("client:"))
    return Response(str(answer), content_type="text/xml")


if __name__ == "__main__":
    app.run(port=PORT)
