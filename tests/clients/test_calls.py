"""Calls from end to end: the official SDK, a program with TwiML, a carrier on loopback, and sound that is measured."""

import contextlib
import io
import json
import math
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from tests.clients.phones import Carrier, PhoneCall, wait_for
from tests.waiting_server import WaitingServer
from twilio.request_validator import RequestValidator
from twilio.rest import Client

SHOP = "+12025550123"
AMY, BEN = "+12025550177", "+12025550188"
EVENTS = ["initiated", "ringing", "answered", "completed"]

Page = bytes | Callable[[dict[str, str]], bytes]


def wav_tone(frequency_hz: int, length_s: float) -> bytes:
    """A WAV file of a sine."""
    made = io.BytesIO()
    with wave.open(made, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8_000)
        samples = (
            int(8_000 * math.sin(2 * math.pi * frequency_hz * at / 8_000)) for at in range(int(8_000 * length_s))
        )
        sound.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return made.getvalue()


class Program:
    """A tenant's program on loopback: pages by path, and what it was asked, with whether the signature was right.

    While it is `away`, it answers everything with 503.
    """

    def __init__(self, auth_token: str) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.signed = True
        self.away = False
        validator = RequestValidator(auth_token)
        program = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                parts = urlsplit(self.path)
                form = dict(parse_qsl(body or parts.query, keep_blank_values=True))
                page = program.pages.get(parts.path)
                if body and not program.away:
                    signature = self.headers.get("X-Twilio-Signature", "")
                    program.signed &= validator.validate(f"{program.url}{self.path}", form, signature)
                    program.asked.append((parts.path, form))
                content = page(form) if callable(page) else page
                kind = "audio/wav" if (content or b"").startswith(b"RIFF") else "text/xml"
                found = 200 if content is not None or parts.path == "/status" else 404
                self.send_response(503 if program.away else found)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

            do_GET = do_POST = answer

            def log_message(self, *_: object) -> None:
                """Tests are quiet."""

        self._server = WaitingServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def says(self, path: str, *verbs: str) -> str:
        """Answer with a document; its URL."""
        self.pages[path] = f"<Response>{''.join(verbs)}</Response>".encode()
        return f"{self.url}{path}"

    def forms(self, path: str) -> list[dict[str, str]]:
        return [form for asked, form in self.asked if asked == path]

    def told(self, sid: str) -> list[str]:
        """The statuses that the status callback was told for a call, in the order they came."""
        return [form["CallStatus"] for form in self.forms("/status") if form["CallSid"] == sid]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Installation:
    """A `ringfence up` whose trunk is the carrier of these tests; `config_text` replaces its settings."""

    def __init__(self, home: Path, carrier: Carrier, config_text: str = "", *, database_url: str = "") -> None:
        self.data = home / "data"
        self.log = home / "log"
        config = home / "ringfence.toml"
        config.write_text(
            config_text
            or 'sip_listen = ["udp:127.0.0.1:0"]\n'
            f'[[trunk]]\nname = "loopback"\nhost = "127.0.0.1"\nport = {carrier.port}\n'
        )
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RINGFENCE_")} | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "share"),
            "RINGFENCE_CONFIG": str(config),
            "RINGFENCE_DATABASE_URL": database_url,
        }
        self._home, self._environment = home, environment
        ready = self._up()
        self.account_sid, self.auth_token = ready["account_sid"], ready["auth_token"]
        self.client = Client(self.account_sid, self.auth_token)
        self.client.api.base_url = ready["base_url"]

    def _up(self) -> dict[str, str]:
        with self.log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ringfence", "up", "--data", str(self.data), "--port", "0", "--json"],
                cwd=self._home,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"ringfence up did not become ready:\n{self.log.read_text()[-2000:]}"
        ready: dict[str, str] = json.loads(line)
        return ready

    def kill_everything(self) -> None:
        """SIGKILL to `up` and all that it started, which is gone with it where it was not struck itself."""
        up = self._process.pid
        pids = [up, *map(int, Path(f"/proc/{up}/task/{up}/children").read_text().split())]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def up_again(self) -> None:
        """Start it anew on what is left in its folder."""
        self.client.api.base_url = self._up()["base_url"]

    @property
    def sip_port(self) -> int:
        listens = json.loads(next(self.data.rglob("sip.json")).read_text())
        return int(listens[0].rpartition(":")[2])

    @property
    def web_sip_port(self) -> int:
        """Where browsers register."""
        listens = json.loads(next(self.data.rglob("sip.json")).read_text())
        return next(int(listen.rpartition(":")[2]) for listen in listens if listen.startswith("ws:"))

    def pid(self, role: str) -> int:
        """The process of a role: a child of `up`."""
        up = self._process.pid
        for pid in Path(f"/proc/{up}/task/{up}/children").read_text().split():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"ringfence.roles" in words and words[words.index(b"ringfence.roles") + 1] == role.encode():
                return int(pid)
        raise AssertionError(f"no process of {role}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture(scope="module")
def carrier() -> Iterator[Carrier]:
    made = Carrier().open()
    yield made
    made.close()


@pytest.fixture(scope="module", params=["SQLite", "PostgreSQL"])
def calling(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, carrier: Carrier
) -> Iterator[Installation]:
    server = request.getfixturevalue("postgres_server") if request.param == "PostgreSQL" else None
    database_url = server.database() if server else ""
    made = Installation(tmp_path_factory.mktemp("calls"), carrier, database_url=database_url)
    yield made
    made.stop()


@pytest.fixture
def program(calling: Installation, carrier: Carrier) -> Iterator[Program]:
    made = Program(calling.auth_token)
    yield made
    carrier.clear()
    made.close()


def call(calling: Installation, program: Program, url: str, **fields: Any) -> Any:
    fields = {"to": AMY, "from_": SHOP, "status_callback": f"{program.url}/status"} | fields
    return calling.client.calls.create(url=url, status_callback_event=EVENTS, **fields)


def over(calling: Installation, sid: str, limit_s: float = 20) -> Any:
    """The call once it is over."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        shown = calling.client.calls(sid).fetch()
        if shown.status in {"completed", "busy", "failed", "no-answer", "canceled"}:
            return shown
        time.sleep(0.1)
    raise AssertionError(f"the call is {shown.status} after {limit_s} s")


def test_a_call_hears_its_tone_presses_keys_and_is_led_to_another(
    calling: Installation, program: Program, carrier: Carrier
) -> None:
    program.pages["/tone.wav"] = wav_tone(700, 2.0)
    start = program.says("/voice", "<Gather numDigits='1' action='/menu'><Play loop='0'>/tone.wav</Play></Gather>")
    program.says("/menu", f"<Dial action='/after' timeout='20'>{BEN}</Dial>")
    program.says("/after", "<Hangup/>")
    carrier.on_call = PhoneCall.ring
    made = call(calling, program, start)
    amy = carrier.rung(AMY)
    wait_for(lambda: program.told(made.sid)[:2] == ["initiated", "ringing"])
    amy.answer()
    amy.hears(700)
    amy.press("1")
    ben = carrier.rung(BEN)
    ben.ring()
    amy.hears(440, 300)
    ben.answer()
    wait_for(lambda: ben.talking)
    amy.say(1_000, 3_000)
    ben.hears(1_000)
    ben.say(600, 3_000)
    amy.hears(600)
    ben.hang_up()
    assert amy.await_end() == 200
    shown = over(calling, made.sid)
    assert (shown.status, shown.direction, shown.answered_by) == ("completed", "outbound-api", None)
    assert int(shown.duration) >= 1
    (menu,) = program.forms("/menu")
    assert (menu["Digits"], menu["CallStatus"], menu["To"], menu["From"]) == ("1", "in-progress", AMY, SHOP)
    (after,) = program.forms("/after")
    assert (after["DialCallStatus"], after["DialBridged"]) == ("completed", "true")
    (child,) = calling.client.calls.list(parent_call_sid=made.sid)
    assert (child.sid, child.to, child.direction) == (after["DialCallSid"], BEN, "outbound-dial")
    wait_for(lambda: program.told(made.sid) == ["initiated", "ringing", "in-progress", "completed"])
    forms = [form for form in program.forms("/status") if form["CallSid"] == made.sid]
    assert [form["SequenceNumber"] for form in forms] == ["0", "1", "2", "3"]
    assert forms[-1]["CallDuration"] == shown.duration
    assert forms[-1]["SipResponseCode"] == "200"
    assert program.signed


def test_keys_are_heard_in_band_too(calling: Installation, program: Program, carrier: Carrier) -> None:
    start = program.says("/voice", "<Gather finishOnKey='#' timeout='10' action='/keys'><Pause length='1'/></Gather>")
    program.says("/keys", "<Hangup/>")
    carrier.on_call = lambda phone: phone.answer(events=False)
    call(calling, program, start)
    carrier.rung(AMY).await_answer()
    carrier.rung(AMY).press_in_band("42#")
    wait_for(lambda: program.forms("/keys"))
    assert program.forms("/keys")[0]["Digits"] == "42"


def test_a_call_that_comes_in_is_answered_by_the_numbers_program(
    calling: Installation, program: Program, carrier: Carrier
) -> None:
    program.pages["/tone.wav"] = wav_tone(850, 1.0)
    url = program.says("/voice", "<Play loop='3'>/tone.wav</Play>", "<Hangup/>")
    (number,) = calling.client.incoming_phone_numbers.list(phone_number=SHOP)
    number.update(voice_url=url, status_callback=f"{program.url}/status")
    amy = carrier.dial(calling.sip_port, SHOP, AMY)
    amy.await_answer()
    amy.hears(850)
    assert amy.await_end() == 200
    (form,) = program.forms("/voice")
    assert (form["CallStatus"], form["Direction"], form["From"], form["To"]) == ("ringing", "inbound", AMY, SHOP)
    assert form["CalledCountry"] == "US"
    shown = over(calling, form["CallSid"])
    assert (shown.status, shown.direction) == ("completed", "inbound")
    wait_for(lambda: program.told(form["CallSid"]) == ["completed"])


def test_busy_no_answer_and_canceled_are_told_apart(calling: Installation, program: Program, carrier: Carrier) -> None:
    url = program.says("/voice", "<Hangup/>")
    carrier.on_call = lambda phone: phone.refuse(486)
    busy = call(calling, program, url)
    assert over(calling, busy.sid).status == "busy"
    carrier.on_call = PhoneCall.ring
    silent = call(calling, program, url, timeout=2)
    assert over(calling, silent.sid).status == "no-answer"
    called_off = call(calling, program, url, to=BEN)
    carrier.rung(BEN)
    calling.client.calls(called_off.sid).update(status="canceled")
    assert over(calling, called_off.sid).status == "canceled"
    wait_for(lambda: program.told(called_off.sid)[-1:] == ["canceled"])
    assert program.told(busy.sid)[-1] == "busy"


def test_a_live_call_is_given_another_document_and_then_ended(
    calling: Installation, program: Program, carrier: Carrier
) -> None:
    program.pages["/low.wav"], program.pages["/high.wav"] = wav_tone(500, 1.0), wav_tone(1_500, 1.0)
    start = program.says("/voice", "<Play loop='0'>/low.wav</Play>")
    other = program.says("/other", "<Play loop='0'>/high.wav</Play>")
    carrier.on_call = PhoneCall.answer
    made = call(calling, program, start)
    amy = carrier.rung(AMY)
    amy.hears(500)
    calling.client.calls(made.sid).update(url=other)
    amy.hears(1_500)
    wait_for(lambda: amy.level(500) < 300)
    calling.client.calls(made.sid).update(status="completed")
    assert amy.await_end() == 200
    assert over(calling, made.sid).status == "completed"


def test_a_document_that_fails_falls_back(calling: Installation, program: Program, carrier: Carrier) -> None:
    fallback = program.says("/fallback", "<Pause length='1'/>")
    program.pages["/bomb"] = b'<!DOCTYPE r [<!ENTITY a "x">]><Response>&a;</Response>'
    carrier.on_call = PhoneCall.answer
    made = call(calling, program, f"{program.url}/bomb", fallback_url=fallback)
    assert over(calling, made.sid).status == "completed"
    (form,) = program.forms("/fallback")
    assert form["ErrorCode"] == "12100"
    endless = program.says("/voice", "<Redirect/>")
    looping = call(calling, program, endless)
    assert over(calling, looping.sid).status == "completed"


def test_what_is_killed_leaves_no_call_behind(calling: Installation, program: Program, carrier: Carrier) -> None:
    start = program.says("/voice", "<Pause length='300'/>")
    carrier.on_call = PhoneCall.answer
    numbers = [f"+1202555{place:04}" for place in range(300, 306)]
    for role in ("media", "voice"):
        made = [call(calling, program, start, to=number) for number in numbers]
        for number in numbers:
            carrier.rung(number).await_answer()
        sids = [one.sid for one in made]
        wait_for(lambda sids=sids: all("in-progress" in program.told(sid) for sid in sids))  # type: ignore[misc]
        os.kill(calling.pid(role), signal.SIGKILL)
        for sid in sids:
            assert over(calling, sid, 30).status == "completed"
        wait_for(lambda sids=sids: all(program.told(sid)[-1] == "completed" for sid in sids), 30)  # type: ignore[misc]
        carrier.clear()
        carrier.on_call = PhoneCall.answer
    # And both take new ones again.
    program.says("/short", "<Pause length='1'/>")
    again = call(calling, program, f"{program.url}/short", to=BEN)
    assert over(calling, again.sid, 40).status == "completed"


def test_calls_go_on_while_everything_around_them_is_killed(
    calling: Installation, program: Program, carrier: Carrier
) -> None:
    program.pages["/tone.wav"] = wav_tone(700, 1.0)
    start = program.says("/voice", "<Gather numDigits='1' action='/keys'><Play loop='0'>/tone.wav</Play></Gather>")
    program.says("/keys", f"<Dial timeout='20'>{BEN}</Dial>")
    carrier.on_call = PhoneCall.answer
    made = call(calling, program, start)
    amy = carrier.rung(AMY)
    amy.hears(700)
    for role in ("dispatcher", "api", "kms"):
        os.kill(calling.pid(role), signal.SIGKILL)
    amy.press("1")
    ben = carrier.rung(BEN)
    ben.await_answer()
    amy.say(1_000, 2_000)
    ben.hears(1_000)
    amy.hang_up()
    assert ben.await_end() == 200
    assert over(calling, made.sid, 40).status == "completed"
    wait_for(lambda: program.told(made.sid)[-1] == "completed", 40)


def test_an_installation_that_stops_hangs_up(tmp_path: Path, carrier: Carrier) -> None:
    installation = Installation(tmp_path, carrier)
    try:
        carrier.on_call = PhoneCall.answer
        made = installation.client.calls.create(to=AMY, from_=SHOP, twiml="<Response><Pause length='300'/></Response>")
        amy = carrier.rung(AMY)
        amy.await_answer()
        wait_for(lambda: installation.client.calls(made.sid).fetch().status == "in-progress")
    finally:
        installation.stop()
        carrier.clear()
    assert amy.await_end() == 200
    with sqlite3.connect(installation.data / "ringfence.db") as database:
        assert database.execute("SELECT status FROM call WHERE sid = ?", (made.sid,)).fetchone() == ("completed",)
