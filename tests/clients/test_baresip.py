"""baresip registers at a SIP Domain, calls us and is called, over UDP, TCP, and TLS with SRTP.

baresip comes from Debian's baresip-core; without it these tests skip.
"""

import asyncio
import ssl
from pathlib import Path

import pytest
from tests.clients.bare import MISSING, baresip, certificate
from tests.unit.carriers.sip.desk import ACCOUNT, DOMAIN, SID, Access, Ear, Site, phones_domain
from tests.unit.carriers.sip.wire import HOST, eventually, run

from ringfence.carriers.sip.listen import Kind, Listen
from ringfence.carriers.sip.serve import serve
from ringfence.domain.sdp import parse_sdp
from ringfence.ports.line import Destination, IncomingLine

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "it is installed")

SHOP = "+12025550123"
CRYPTO = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "QUJD" * 10 + "\r\n"
ALICE = Destination(account=ACCOUNT, kind="sip", address=f"sip:alice@{DOMAIN}")
ways = pytest.mark.parametrize(("kind", "secure"), [("udp", False), ("tcp", False), ("tls", True)])


def description(*, secure: bool) -> bytes:
    profile, crypto = ("RTP/SAVP", CRYPTO) if secure else ("RTP/AVP", "")
    head = f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio 9 {profile} 0\r\n"
    return f"{head}a=rtpmap:0 PCMU/8000\r\n{crypto}a=sendrecv\r\n".encode()


async def served(kind: Kind, folder: Path, answer: bytes) -> tuple[Site, str]:
    """A site with one phone's domain, open one more way; and the line of that phone's account."""

    def picks_up(line: IncomingLine) -> None:
        line.ring()
        line.answer(answer)

    site = await Site(picks_up, access=Access(phones_domain(), {"alice": "secret"})).open()
    tls = None
    if kind == "tls":
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate(folder))
    (listen,) = await serve(site.lines, [Listen(kind, HOST, 0)], tls=tls)
    encryption = ";mediaenc=srtp-mand" if kind == "tls" else ""
    way = f'outbound="sip:{HOST}:{listen.port};transport={kind}"'
    return site, f"<sip:alice@{DOMAIN}>;auth_pass=secret;{way};answermode=auto;regint=60{encryption}"


@ways
def test_it_calls_us_with_its_password(tmp_path: Path, kind: Kind, secure: bool) -> None:
    async def story() -> None:
        site, account = await served(kind, tmp_path, description(secure=secure))
        async with baresip(tmp_path / "phone", account, f"/dial sip:1000@{DOMAIN}"):
            await eventually(lambda: any(("answered", b"") in ear.told for ear in site.desk.ears))
            (line,) = site.desk.lines
            assert (line.to, line.sender) == (f"sip:1000@{DOMAIN}", f"sip:alice@{DOMAIN}")
            assert (line.source, line.account) == (f"domain:{SID}", ACCOUNT)
            assert line.media == ("srtp" if secure else "rtp")
            assert parse_sdp(line.offer).media
        await eventually(lambda: site.desk.ears[0].end == 200)
        await site.close()

    run(story)


@ways
def test_it_registers_and_is_called(tmp_path: Path, kind: Kind, secure: bool) -> None:
    async def story() -> None:
        site, account = await served(kind, tmp_path, b"")
        async with baresip(tmp_path / "phone", account):
            await eventually(lambda: bool(site.lines.registrar.bindings(f"domain {SID} alice")))
            (route,) = await site.lines.routes(ALICE)
            assert route.media == ("srtp" if secure else "rtp")
            ear = Ear()
            line = await site.lines.call(route, ALICE, SHOP, description(secure=secure), ear)
            await eventually(lambda: any(told[0] == "answered" for told in ear.told))
            answer = next(told[1] for told in ear.told if told[0] == "answered")
            assert (b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" in answer) is secure
            line.hang_up()
            await eventually(lambda: ear.end == 200)
        await site.close()

    run(story)


def test_a_wrong_password_gets_it_nowhere(tmp_path: Path) -> None:
    async def story() -> None:
        site, account = await served("udp", tmp_path, description(secure=False))
        async with baresip(tmp_path / "phone", account.replace("=secret", "=guess"), f"/dial sip:1000@{DOMAIN}"):
            await eventually(lambda: len(site.lines.bans) > 0)
            await asyncio.sleep(0.2)
            assert site.desk.lines == []
            assert site.lines.registrar.bindings(f"domain {SID} alice") == []
        await site.close()

    run(story)
