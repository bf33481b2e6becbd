"""A telephone on a desk: baresip at a SIP Domain of a running installation, over UDP and over TLS with SRTP.

The domain is set up by the official SDK; calls go both ways, and what the phone says is heard.
"""

import asyncio
import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from tests.clients.bare import MISSING, TONE_HZ, baresip, certificate
from tests.clients.phones import Carrier, wait_for
from tests.clients.test_calls import Installation, Program
from tests.unit.carriers.sip.wire import HOST

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=MISSING or "it is installed")]

NAME = "shop.sip.twilio.com"
PASSWORD = "Scissors-and-Comb-1"
KINDS = ("udp", "tls")


class Desk:
    """An installation with a SIP Domain, its program, and the lines of phones' accounts."""

    def __init__(self, home: Path, carrier: Carrier) -> None:
        config = (
            f'sip_listen = ["udp:{HOST}:0", "tls:{HOST}:0"]\nsip_certificate = "{certificate(home)}"\n'
            f'[[trunk]]\nname = "loopback"\nhost = "{HOST}"\nport = {carrier.port}\nask = false\nnumbers = ["+49"]\n'
        )
        self.installation = Installation(home, carrier, config)
        self.client = self.installation.client
        self.program = Program(self.installation.auth_token)
        credentials = self.client.sip.credential_lists.create(friendly_name="Phones")
        credentials.credentials.create("alice", PASSWORD)
        domain = self.client.sip.domains.create(
            domain_name=NAME, sip_registration=True, voice_url=f"{self.program.url}/voice"
        )
        domain.auth.calls.credential_list_mappings.create(credential_list_sid=credentials.sid)
        domain.auth.registrations.credential_list_mappings.create(credential_list_sid=credentials.sid)

    def account(self, kind: str) -> str:
        listens = json.loads(next(self.installation.data.rglob("sip.json")).read_text())
        port = next(one.rpartition(":")[2] for one in listens if one.startswith(kind))
        encryption = ";mediaenc=srtp-mand" if kind == "tls" else ""
        way = f'outbound="sip:{HOST}:{port};transport={kind}"'
        return f"<sip:alice@{NAME}>;auth_pass={PASSWORD};{way};answermode=auto;regint=60{encryption}"

    def close(self) -> None:
        self.installation.stop()
        self.program.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    carrier = Carrier().open()
    made = Desk(tmp_path_factory.mktemp("desk"), carrier)
    yield made
    made.close()
    carrier.close()


def with_phone(folder: Path, account: str, commands: tuple[str, ...], story: Any) -> None:
    async def run() -> None:
        async with baresip(folder, account, *commands):
            await asyncio.to_thread(story)

    asyncio.run(run())


@pytest.mark.parametrize("kind", KINDS)
def test_the_phone_calls_and_the_domains_program_answers(desk: Desk, tmp_path: Path, kind: str) -> None:
    # The program records what the phone says, and hangs up.
    desk.program.says(
        "/voice", f'<Record maxLength="2" playBeep="false" trim="do-not-trim" action="{desk.program.url}/recorded"/>'
    )
    desk.program.says("/recorded", "<Hangup/>")
    before = len(desk.program.forms("/recorded"))

    def story() -> None:
        wait_for(lambda: len(desk.program.forms("/recorded")) > before)

    with_phone(tmp_path / "phone", desk.account(kind), (f"/dial sip:1000@{NAME}",), story)
    asked, recorded = desk.program.forms("/voice")[-1], desk.program.forms("/recorded")[-1]
    assert asked["To"] == f"sip:1000@{NAME}"
    assert asked["From"] == f"sip:alice@{NAME}"
    assert asked["CallSid"] == recorded["CallSid"]
    assert int(recorded["RecordingDuration"]) >= 1
    wait_for(lambda: desk.client.calls(asked["CallSid"]).fetch().status == "completed")


@pytest.mark.parametrize("ptime_ms", [10, 40])
def test_a_phone_with_packets_of_another_length_is_heard_whole(desk: Desk, tmp_path: Path, ptime_ms: int) -> None:
    desk.program.says(
        "/voice", f'<Record maxLength="2" playBeep="false" trim="do-not-trim" action="{desk.program.url}/recorded"/>'
    )
    desk.program.says("/recorded", "<Hangup/>")
    before = len(desk.program.forms("/recorded"))

    def story() -> None:
        wait_for(lambda: len(desk.program.forms("/recorded")) > before)

    account = f"{desk.account('udp')};ptime={ptime_ms}"
    with_phone(tmp_path / "phone", account, (f"/dial sip:1000@{NAME}",), story)
    recorded = desk.program.forms("/recorded")[-1]["RecordingSid"]
    path = f"/2010-04-01/Accounts/{desk.client.username}/Recordings/{recorded}.wav"
    answer = requests.get(
        desk.client.api.base_url + path, auth=(desk.client.username, desk.client.password), timeout=10
    )
    with wave.open(io.BytesIO(answer.content)) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    # The phone's tone, a fifth of a second at a time from its first sound on: none of it is missing.
    first = int(np.flatnonzero(np.abs(sound) > 2_000)[0])
    parts = sound[first : first + 8_000].reshape(-1, 1_600)
    wave_ = np.exp(-2j * np.pi * TONE_HZ * np.arange(1_600) / 8_000)
    assert (np.abs(parts @ wave_) * 2 / 1_600).min() > 6_000


@pytest.mark.parametrize("kind", KINDS)
def test_the_phone_is_called_by_its_address(desk: Desk, tmp_path: Path, kind: str) -> None:
    def story() -> None:
        ended: list[str] = []

        def tried() -> bool:
            # Until it has registered there is nobody at that address.
            call = desk.client.calls.create(
                to=f"sip:alice@{NAME}", from_="+12025550123", twiml='<Response><Pause length="1"/></Response>'
            )
            wait_for(lambda: desk.client.calls(call.sid).fetch().status in {"completed", "failed", "no-answer", "busy"})
            ended.append(desk.client.calls(call.sid).fetch().status)
            return ended[-1] == "completed"

        wait_for(tried)

    with_phone(tmp_path / "phone", desk.account(kind), (), story)
