"""baresip registers at a SIP Domain, calls us and is called, over UDP, TCP, and TLS with SRTP.

baresip comes from Debian's baresip-core; without it these tests skip.
"""

import asyncio
from pathlib import Path

import pytest
from tests.clients.bare import MISSING, baresip
from tests.clients.domain_phone import ALICE, PASSWORD, RECORD, SHOP, description, served, ways
from tests.unit.carriers.sip.desk import ACCOUNT, DOMAIN, SID, Ear
from tests.unit.carriers.sip.wire import HOST, eventually, run

from ringfence.carriers.sip.listen import Kind
from ringfence.domain.sdp import parse_sdp

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "it is installed")


def account_of(kind: Kind, port: int, password: str = PASSWORD) -> str:
    """The line of its `accounts` file."""
    encryption = ";mediaenc=srtp-mand" if kind == "tls" else ""
    way = f'outbound="sip:{HOST}:{port};transport={kind}"'
    return f"<sip:alice@{DOMAIN}>;auth_pass={password};{way};answermode=auto;regint=60{encryption}"


@ways
def test_it_calls_us_with_its_password(tmp_path: Path, kind: Kind, secure: bool) -> None:
    async def story() -> None:
        site, port = await served(kind, tmp_path, description(secure=secure))
        async with baresip(tmp_path / "phone", account_of(kind, port), f"/dial sip:1000@{DOMAIN}"):
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
        site, port = await served(kind, tmp_path, b"")
        async with baresip(tmp_path / "phone", account_of(kind, port)):
            await eventually(lambda: bool(site.lines.registrar.bindings(RECORD)))
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
        site, port = await served("udp", tmp_path, description(secure=False))
        async with baresip(tmp_path / "phone", account_of("udp", port, "guess"), f"/dial sip:1000@{DOMAIN}"):
            await eventually(lambda: len(site.lines.bans) > 0)
            await asyncio.sleep(0.2)
            assert site.desk.lines == []
            assert site.lines.registrar.bindings(RECORD) == []
        await site.close()

    run(story)
