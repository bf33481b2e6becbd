"""Kamailio stands in front: phones register and call through it, and a carrier's calls pass it in both directions.

Kamailio comes from Debian's package of that name; without it these tests skip.
"""

from pathlib import Path

import pytest
from tests.clients import bare
from tests.clients.bare import baresip, free_port
from tests.clients.kamailio import MISSING, kamailio
from tests.unit.carriers.sip.desk import ACCOUNT, DOMAIN, Access, Ear, Site, phones_domain
from tests.unit.carriers.sip.wire import ANSWER, HOST, Phone, answers, closed, eventually, run

from ringfence.carriers.sip.session import State
from ringfence.carriers.sip.trunk import Trunk
from ringfence.ports.line import Destination, IncomingLine

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING or "it is installed")

SHOP, CUSTOMER = "+12025550123", "+493012345678"
SOUND = (
    f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
    "a=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
).encode()


def test_a_carriers_calls_pass_the_edge_both_ways(tmp_path: Path) -> None:
    async def story() -> None:
        edge = free_port()

        def picks_up(line: IncomingLine) -> None:
            line.ring()
            line.answer(ANSWER)

        site = await Site(picks_up, trunks=[Trunk(name="edge", host=HOST, port=edge)]).open()
        carrier = await Phone(answers).open()
        async with kamailio(tmp_path / "kamailio", edge, inside=site.port, carrier=carrier.port):
            to = Destination(account=ACCOUNT, kind="number", address=CUSTOMER)
            (route,) = await site.lines.routes(to)
            ear = Ear()
            line = await site.lines.call(route, to, SHOP, SOUND, ear)
            await eventually(lambda: ("answered", ANSWER) in ear.told)
            assert carrier.calls[0].request.headers.get("record-route")
            # The ACK passed the edge too, and so does the BYE.
            await eventually(lambda: carrier.calls[0].state is State.TALKING)
            line.hang_up()
            await eventually(lambda: carrier.calls[0].state is State.ENDED)

            made = carrier.dial(edge)
            await eventually(lambda: made.state is State.TALKING)
            await eventually(lambda: ("answered", b"") in site.desk.ears[0].told)
            assert site.desk.lines[0].source == "trunk:edge"
            site.desk.lines[0].hang_up()
            await eventually(lambda: made.state is State.ENDED)

            cancelled = carrier.dial(edge)
            await eventually(lambda: cancelled.state is not State.CALLING)
            cancelled.hang_up()
            await eventually(lambda: cancelled.state is State.ENDED)
        await site.close()
        await closed(carrier)

    run(story)


@pytest.mark.skipif(bool(bare.MISSING), reason=bare.MISSING or "it is installed")
def test_a_phone_behind_the_edge_registers_calls_and_is_called(tmp_path: Path) -> None:
    async def story() -> None:
        edge = free_port()
        site = await Site(lambda line: line.answer(SOUND), access=Access(phones_domain(), {"alice": "secret"})).open()
        way = f'outbound="sip:{HOST}:{edge}"'
        account = f"<sip:alice@{DOMAIN}>;auth_pass=secret;{way};answermode=auto;regint=60"
        alice = Destination(account=ACCOUNT, kind="sip", address=f"sip:alice@{DOMAIN}")
        async with (
            kamailio(tmp_path / "kamailio", edge, inside=site.port),
            baresip(tmp_path / "phone", account, f"/dial sip:1000@{DOMAIN}"),
        ):
            await eventually(lambda: any(("answered", b"") in ear.told for ear in site.desk.ears))
            site.desk.lines[0].hang_up()
            await eventually(lambda: site.desk.ears[0].end == 200)
            await eventually(lambda: bool(site.lines.registrar.bindings("domain " + phones_domain().sid + " alice")))
            (route,) = await site.lines.routes(alice)
            ear = Ear()
            line = await site.lines.call(route, alice, SHOP, SOUND, ear)
            await eventually(lambda: any(told[0] == "answered" for told in ear.told))
            line.hang_up()
            await eventually(lambda: ear.end == 200)
        await site.close()

    run(story)
