"""SIP addresses that a program calls: where they lead, and where they do not."""

import pytest
from tests.unit.carriers.sip.desk import ACCOUNT, Ear, Site
from tests.unit.carriers.sip.test_lines import CALLER, Places, answering, sip
from tests.unit.carriers.sip.wire import ANSWER, HOST, OFFER, eventually, peer, run

from ringfence.carriers.sip.trunk import Trunk
from ringfence.ports.line import Destination, NoRouteError


@pytest.mark.parametrize(
    ("header", "value"), [("Via", "SIP/2.0/UDP x"), ("X-Bad", "a\r\nContact: <sip:evil@x>"), ("X Bad", "x")]
)
def test_a_program_may_not_write_the_invites_own_headers(header: str, value: str) -> None:
    async def story() -> None:
        site = await Site().open()
        destination = Destination(account=ACCOUNT, kind="sip", address="sip:a@b.example", headers=((header, value),))
        with pytest.raises(NoRouteError) as refused:
            await site.lines.routes(destination)
        assert refused.value.sip_status == 400
        await site.close()

    run(story)


def test_a_sip_address_is_called_with_its_headers_where_it_is_permitted() -> None:
    async def story() -> None:
        other, ear = await peer(answering(200)), Ear()
        site = await Site().open()
        there = Destination(
            account=ACCOUNT, kind="sip", address=f"sip:bob@{HOST}:{other.port}", headers=(("X-Order", "7"),)
        )
        (route,) = await site.lines.routes(there)
        await site.lines.call(route, there, "client:alice", OFFER, ear)
        await eventually(lambda: ("answered", ANSWER) in ear.told)
        invite = other.heard[0]
        assert (invite.headers.get("x-order"), str(invite.from_.uri)) == ("7", f"sip:alice@{HOST}")
        await site.close()

        closed_to_all, refused = await Site(permits=lambda address: False).open(), Ear()
        (route,) = await closed_to_all.lines.routes(there)
        await closed_to_all.lines.call(route, there, "client:alice", OFFER, refused)
        await eventually(lambda: refused.end is not None)
        assert [name for name, *_ in refused.told] == ["ended"]
        await closed_to_all.close()

    run(story)


@pytest.mark.parametrize("named", [True, False])
def test_a_sip_address_leads_to_no_port_that_is_closed(named: bool) -> None:
    """Whether the address names it, or a record of its name server."""

    async def story() -> None:
        other, ear = await peer(answering(200)), Ear()
        places = Places(other.port)
        site = await Site(place_locator=places, permits_port=lambda port: port != other.port).open()
        there = sip(f"sip:bob@pbx.example:{other.port}" if named else "sip:bob@pbx.example")
        if named:
            with pytest.raises(NoRouteError) as refused:
                await site.lines.routes(there)
            assert refused.value.sip_status == 403
        else:
            (route,) = await site.lines.routes(there)
            await site.lines.call(route, there, CALLER, OFFER, ear)
            await eventually(lambda: ear.end == 480)
            assert places.owners == [ACCOUNT], "its look-up is counted as this account's"
        assert other.heard == []
        await site.close()

    run(story)


@pytest.mark.parametrize("name", ["carrier.example", "proxy.example", "CARRIER.example", "mine.example", HOST])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_no_sip_address_of_a_program_leads_to_a_trunk(name: str, transport: str) -> None:
    """A carrier bills what comes from our address: no permission, brake or caller would have been looked at."""

    async def story() -> None:
        carrier, ear = await peer(answering(200)), Ear()
        places = Places(carrier.port)
        trunk = Trunk(name="carrier", host="carrier.example", outbound_proxy="proxy.example", ask=False)
        site = await Site(trunks=[trunk], locator=places).open()
        there = sip(f"sip:+19005550100@{name};transport={transport}")
        if name == "mine.example":
            (route,) = await site.lines.routes(there)
            await site.lines.call(route, there, CALLER, OFFER, ear)
            await eventually(lambda: ear.end is not None)
        else:
            with pytest.raises(NoRouteError) as refused:
                await site.lines.routes(there)
            assert refused.value.sip_status == 403
        assert carrier.heard == []
        await site.close()

    run(story)
