"""Lines over a trunk that has certificates or codecs of its own."""

import ssl
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.clients.bare import make_certificate
from tests.unit.carriers.sip.desk import Ear, Handy, Site
from tests.unit.carriers.sip.test_lines import CALLER, NUMBER, answering, number, picks_up, trunk_to
from tests.unit.carriers.sip.wire import ANSWER, HOST, OFFER, eventually, peer, run

from ringfence.carriers.sip.trunk import Trunk
from ringfence.ports.line import NoRouteError


def secure_carrier(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a carrier of this name serves TLS with, and what believes nobody but it."""
    path = folder / "carrier.pem"
    make_certificate(path, name)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cafile=str(path))


@pytest.mark.parametrize(("certified", "answered"), [("localhost", True), ("other.example", False)])
def test_a_trunk_over_tls_is_believed_by_its_certificate_alone(tmp_path: Path, certified: str, answered: bool) -> None:
    async def story() -> None:
        server, client = secure_carrier(tmp_path, certified)
        carrier = await Site(picks_up, trunks=[Trunk(name="us", host=HOST, ask=False)]).open()
        port = await carrier.lines.endpoint.listen_tcp(HOST, 0, tls=server)
        trunk = Trunk(name="carrier", host="localhost", port=port, transport="tls", srtp=True, ask=False)
        site, ear = await Site(trunks=[trunk], tls=client).open(), Ear()
        (route,) = await site.lines.routes(number())
        assert route.media == "srtp"
        with capture_logs() as lines:
            line = await site.lines.call(route, number(), CALLER, OFFER, ear)
            await eventually(lambda: bool(ear.told) and (("answered", ANSWER) in ear.told or ear.end == 503))
        refused = [one for one in lines if one["event"] == "trunk's certificate refused"]
        assert [one["host"] for one in refused] == ([] if answered else ["localhost"])
        assert all("Hostname mismatch" in one["reason"] for one in refused)
        assert (("answered", ANSWER) in ear.told) is answered
        assert [one.sender for one in carrier.desk.lines] == [CALLER] * answered
        line.hang_up()
        await eventually(lambda: ear.end == (200 if answered else 503))
        await site.close()
        await carrier.close()

    run(story)


def test_a_trunk_has_codecs_of_its_own_in_both_directions() -> None:
    async def story() -> None:
        carrier = await peer(answering(200))
        trunk = trunk_to(carrier.port, codecs=("PCMA", "G722"))
        site = await Site(picks_up, trunks=[trunk]).open()
        (route,) = await site.lines.routes(number())
        assert route.encodings == ("PCMA", "G722")
        phone = await Handy(site).open()
        response = await phone.answer_to(phone.request("INVITE", f"sip:{NUMBER}@{HOST}", host=HOST))
        assert response is not None
        assert response.status == 200
        assert site.desk.lines[0].encodings == ("PCMA", "G722")
        await site.close()

    run(story)


def test_a_paused_trunk_gets_no_calls_and_the_next_one_does() -> None:
    async def story() -> None:
        trunks = [Trunk(name=name, host=HOST, port=9, ask=False) for name in ("first", "second")]
        site = await Site(trunks=trunks).open()
        assert [route.name for route in await site.lines.routes(number())] == ["first", "second"]
        site.lines.pause({"first", "simulator"})
        assert [route.name for route in await site.lines.routes(number())] == ["second"]
        site.lines.pause({"first", "second"})
        with pytest.raises(NoRouteError) as refused:
            await site.lines.routes(number())
        assert refused.value.sip_status == 503
        site.lines.pause(())
        assert len(await site.lines.routes(number())) == 2
        await site.close()

    run(story)


@pytest.mark.parametrize(
    ("register", "user", "called"),
    [
        (True, "ringfence", NUMBER),
        (True, "+4940123456", "+4940123456"),
        (False, "ringfence", f"sip:ringfence@{HOST}"),
    ],
)
def test_a_carrier_that_we_register_with_names_the_number_in_to(
    monkeypatch: pytest.MonkeyPatch, register: bool, user: str, called: str
) -> None:
    """It looks us up by our registration, and calls the contact that it finds there."""
    monkeypatch.setenv("CARRIER_PASSWORD", "secret")

    async def story() -> None:
        carrier = await peer(answering(200))
        login = {"username": "4930", "password": "env:CARRIER_PASSWORD", "register": True} if register else {}
        site = await Site(picks_up, trunks=[trunk_to(carrier.port, **login)]).open()
        phone = await Handy(site).open()
        request = phone.request("INVITE", f"sip:{user}@{HOST}", host=HOST)
        request.headers.replace("to", f"<sip:{NUMBER}@{HOST}>")
        response = await phone.answer_to(request)
        assert response is not None
        assert response.status == 200
        assert [line.to for line in site.desk.lines] == [called]
        await site.close()

    run(story)
