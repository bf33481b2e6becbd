"""A carrier over TLS: Kamailio, with whom we register by password, and calls both ways with encrypted media (SDES).

Kamailio comes from Debian's kamailio and kamailio-tls-modules, its customer's telephone is baresip; without them these
tests skip.
"""

import asyncio
import contextlib
import io
import ssl
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import requests
from tests.clients import bare
from tests.clients.bare import baresip, free_port
from tests.clients.domain_phone import description
from tests.clients.kamailio_carrier import MISSING, NAME, PASSWORD, USERNAME, KamailioCarrier, kamailio_carrier
from tests.clients.phones import wait_for
from tests.clients.test_calls import Installation, Program, wav_tone
from tests.unit.carriers.sip.desk import ACCOUNT, Ear, Site
from tests.unit.carriers.sip.wire import HOST, Phone, answers, closed, eventually, run
from tests.unit.media.peer import level_of

from ringfence.carriers.sip.session import State
from ringfence.carriers.sip.trunk import Trunk
from ringfence.domain.sdp import parse_sdp
from ringfence.ports.line import Destination, IncomingLine

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "it is installed")

SHOP, CUSTOMER = "+12025550123", "+12025550177"
TO = Destination(account=ACCOUNT, kind="number", address=CUSTOMER)
SOUND = description(secure=True)


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CARRIER_PASSWORD", PASSWORD)
    return PASSWORD


def trunk_at(carrier: KamailioCarrier, **changed: object) -> Trunk:
    settings = {
        "name": "carrier",
        "host": NAME,
        "port": carrier.port,
        "transport": "tls",
        "username": USERNAME,
        "password": "env:CARRIER_PASSWORD",
        "from_domain": NAME,
        "register": True,
        "srtp": True,
    }
    return Trunk(**(settings | changed))  # type: ignore[arg-type]


def picks_up(line: IncomingLine) -> None:
    line.ring()
    line.answer(SOUND)


@contextlib.asynccontextmanager
async def registered(carrier: KamailioCarrier, **changed: object) -> AsyncIterator[Site]:
    """Lines that believe the carrier's certificate, once they are registered with it."""
    believes = ssl.create_default_context(cafile=str(carrier.authority))
    site = await Site(picks_up, trunks=[trunk_at(carrier, **changed)], tls=believes).open()
    try:
        await eventually(lambda: site.lines._keepers["carrier"].registered)
        yield site
    finally:
        await site.close()


@pytest.mark.skipif(bool(bare.MISSING), reason=bare.MISSING or "it is installed")
def test_we_register_by_password_and_call_with_encrypted_media(tmp_path: Path, password: str) -> None:
    async def story() -> None:
        account = f"<sip:customer@{HOST}>;regint=0;answermode=auto;mediaenc=srtp-mand"
        async with (
            baresip(tmp_path / "phone", account, is_called=True) as customer,
            kamailio_carrier(tmp_path / "kamailio", customer) as carrier,
            registered(carrier) as site,
        ):
            (route,) = await site.lines.routes(TO)
            assert route.media == "srtp"
            ear = Ear()
            line = await site.lines.call(route, TO, SHOP, SOUND, ear)
            await eventually(lambda: any(told[0] in ("answered", "ended") for told in ear.told))
            assert ear.end is None, ear.told
            answer = next(told[1] for told in ear.told if told[0] == "answered")
            (media,) = parse_sdp(answer).media
            assert media.protocol == "RTP/SAVP"
            assert (media.attribute("crypto") or "").startswith("1 AES_CM_128_HMAC_SHA1_80 inline:")
            line.hang_up()
            await eventually(lambda: ear.end == 200)

    run(story)


def test_a_carriers_calls_come_over_the_connection_that_we_registered_by(tmp_path: Path, password: str) -> None:
    async def story() -> None:
        customer = await Phone(answers).open()
        async with kamailio_carrier(tmp_path / "kamailio", customer.port) as carrier:
            async with registered(carrier) as site:
                made = customer.dial(carrier.inside, to=SHOP)
                await eventually(lambda: made.state is State.TALKING)
                (line,) = site.desk.lines
                assert (line.to, line.source) == (SHOP, "trunk:carrier")
                await eventually(lambda: ("answered", b"") in site.desk.ears[0].told)
                line.hang_up()
                await eventually(lambda: made.state is State.ENDED)

                called = customer.dial(carrier.inside, to=SHOP)
                await eventually(lambda: called.state is State.TALKING)
                called.hang_up()
                await eventually(lambda: site.desk.ears[1].end == 200)
            # Its keeper has taken the registration back.
            late = customer.dial(carrier.inside, to=SHOP)
            await eventually(lambda: late.state is State.ENDED)
            assert ("ended", 480) in customer.heard.told
        await closed(customer)

    run(story)


@pytest.mark.slow
@pytest.mark.skipif(bool(bare.MISSING), reason=bare.MISSING or "it is installed")
def test_sound_goes_both_ways_under_encryption(tmp_path: Path) -> None:
    """A whole installation plays a tone to the customer, whose telephone echoes it: both are recorded."""

    def up(carrier: KamailioCarrier) -> Installation:
        secret = tmp_path / "password"
        secret.write_text(PASSWORD)
        config = (
            f'sip_listen = ["udp:{HOST}:0"]\nsip_ca = "{carrier.authority}"\n'
            f'[[trunk]]\nname = "carrier"\nhost = "{NAME}"\nport = {carrier.port}\ntransport = "tls"\nsrtp = true\n'
            f'register = true\nusername = "{USERNAME}"\npassword = "file:{secret}"\nfrom_domain = "{NAME}"\n'
        )
        return Installation(tmp_path, None, config)  # type: ignore[arg-type]

    def recorded(installation: Installation) -> bytes:
        program = Program(installation.auth_token)
        try:
            program.pages["/tone.wav"] = wav_tone(700, 2.0)
            client = installation.client
            made = client.calls.create(
                to=CUSTOMER,
                from_=SHOP,
                url=program.says("/voice", "<Play>/tone.wav</Play><Hangup/>"),
                record=True,
                recording_channels="dual",
            )
            over = {"completed", "failed", "busy", "no-answer"}
            wait_for(lambda: client.calls(made.sid).fetch().status in over)
            assert client.calls(made.sid).fetch().status == "completed", installation.log.read_text()
            wait_for(lambda: [one for one in client.recordings.list() if one.status == "completed"])
            (recording,) = client.recordings.list()
        finally:
            program.close()
        path = f"/2010-04-01/Accounts/{installation.account_sid}/Recordings/{recording.sid}.wav"
        login = installation.account_sid, installation.auth_token
        return requests.get(client.api.base_url + path, auth=login, timeout=10).content

    async def scene() -> bytes:
        account = f"<sip:customer@{HOST}>;regint=0;answermode=auto;mediaenc=srtp-mand"
        async with (
            baresip(tmp_path / "phone", account, is_called=True, echoes=True) as customer,
            kamailio_carrier(tmp_path / "kamailio", customer) as carrier,
        ):
            installation = await asyncio.to_thread(up, carrier)
            try:
                return await asyncio.to_thread(recorded, installation)
            finally:
                await asyncio.to_thread(installation.stop)

    with wave.open(io.BytesIO(asyncio.run(scene()))) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    for way in sound.T:
        parts = way[: len(way) // 1_600 * 1_600].reshape(-1, 1_600)
        levels = [level_of(part, 700) for part in parts]
        assert sum(level > 3_000 for level in levels) >= 5, "a second of the tone at least"


@pytest.mark.parametrize("wrong", ["password", "certificate"])
def test_nobody_is_registered_by_a_wrong_password_or_believed_without_a_certificate(
    tmp_path: Path, password: str, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    if wrong == "password":
        monkeypatch.setenv("CARRIER_PASSWORD", "guess")

    async def story() -> None:
        async with kamailio_carrier(tmp_path / "kamailio", free_port()) as carrier:
            believes = ssl.create_default_context(cafile=str(carrier.authority) if wrong == "password" else None)
            site = await Site(trunks=[trunk_at(carrier)], tls=believes).open()
            await eventually(lambda: not site.lines._keepers["carrier"].up)
            assert not site.lines._keepers["carrier"].registered
            await site.close()

    run(story)
