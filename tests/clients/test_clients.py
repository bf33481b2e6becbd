"""Clients with Access Tokens on a running installation: they register over WebSocket, and call their application."""

import json
from collections.abc import Iterator

import pytest
from tests.clients.phones import Carrier
from tests.clients.test_calls import SHOP, Installation, Program, over
from tests.clients.test_calls import carrier as carrier  # a fixture
from twilio.jwt.access_token import AccessToken
from twilio.jwt.access_token.grants import VoiceGrant
from websockets.sync.client import ClientConnection, connect

OFFER = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory, carrier: Carrier) -> Iterator[Installation]:
    made = Installation(tmp_path_factory.mktemp("clients"), carrier, 'sip_listen = ["ws:127.0.0.1:0"]\n')
    yield made
    made.stop()


@pytest.fixture
def program(calling: Installation) -> Iterator[Program]:
    made = Program(calling.auth_token)
    yield made
    made.close()


@pytest.fixture
def socket(calling: Installation) -> Iterator[ClientConnection]:
    listens = json.loads(next(calling.data.rglob("sip.json")).read_text())
    with connect(f"ws://{listens[0].removeprefix('ws:')}/", subprotocols=["sip"]) as made:  # type: ignore[list-item]
        yield made


def token(calling: Installation, application: str, *, secret: str = "") -> str:
    key = calling.client.new_keys.create(friendly_name="phones")
    made = AccessToken(calling.account_sid, key.sid, secret or key.secret, identity="ada")
    made.add_grant(VoiceGrant(incoming_allow=True, outgoing_application_sid=application))
    return str(made.to_jwt())


def ask(socket: ClientConnection, method: str, to: str, bearer: str, body: str = "", sequence: int = 1) -> int:
    """Send a request; the status of its final answer."""
    lines = [
        f"{method} {to} SIP/2.0",
        f"Via: SIP/2.0/WS ada.invalid;branch=z9hG4bK{method}{sequence}",
        "From: <sip:ada@127.0.0.1>;tag=1",
        f"To: <{'sip:ada@127.0.0.1' if method == 'REGISTER' else to}>",
        f"Call-ID: {method}",
        f"CSeq: {sequence} {method}",
        "Contact: <sip:ada@ada.invalid;transport=ws>",
        "Max-Forwards: 70",
        f"Authorization: Bearer {bearer}",
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    socket.send("\r\n".join([*lines, "", body]))
    while True:
        answer = socket.recv(timeout=20)
        text = answer if isinstance(answer, str) else answer.decode()
        status = int(text.split(" ", 2)[1]) if text.startswith("SIP/2.0") else 0
        if status >= 200:
            return status


def test_a_client_registers_and_its_call_runs_its_application(
    calling: Installation, program: Program, socket: ClientConnection
) -> None:
    url = program.says("/app", "<Reject reason='busy'/>")
    application = calling.client.applications.create(voice_url=url, friendly_name="desk")
    bearer = token(calling, application.sid)
    assert ask(socket, "REGISTER", "sip:127.0.0.1", bearer) == 200
    assert ask(socket, "INVITE", "sip:grace@127.0.0.1", bearer, OFFER) == 486
    (form,) = program.forms("/app")
    assert (form["From"], form["To"]) == ("client:ada", "grace")
    assert (form["ApplicationSid"], form["Direction"]) == (application.sid, "inbound")
    assert program.signed
    shown = over(calling, form["CallSid"])
    assert (shown.status, shown._from) == ("busy", "client:ada")


def test_a_forged_token_registers_nobody(calling: Installation, socket: ClientConnection) -> None:
    forged = token(calling, "AP" + "0" * 32, secret="not the secret of this key, at all")
    assert ask(socket, "REGISTER", "sip:127.0.0.1", forged) == 401
    assert calling.client.calls.create(to="client:nobody", from_=SHOP, twiml="<Response/>").status == "queued"
