"""Lines: where calls go, whose calls are taken, and how each line ends."""

import asyncio
import ssl
from pathlib import Path

import pytest
from tests.clients.bare import certificate
from tests.unit.carriers.sip.desk import ACCOUNT, DOMAIN, LIST, SID, Access, Ear, Handy, Site, Tokens, phones_domain
from tests.unit.carriers.sip.wire import ANSWER, HOST, OFFER, Peer, eventually, peer, run

from ringfence.carriers.sip.locator import Target
from ringfence.carriers.sip.message import Request, Response
from ringfence.carriers.sip.trunk import ANONYMOUS, Trunk
from ringfence.ports.line import Destination, IncomingLine, NoRouteError
from ringfence.ports.sip_access import ClientLogin

NUMBER, CALLER = "+493012345678", "+12025550123"


def number(address: str = NUMBER) -> Destination:
    return Destination(account=ACCOUNT, kind="number", address=address)


def sip(address: str, **more: str) -> Destination:
    return Destination(account=ACCOUNT, kind="sip", address=address, **more)


def trunk_to(*ports: int, **more: object) -> Trunk:
    return Trunk(name="carrier", host=HOST, port=ports[0], **{"ask": False} | more)  # type: ignore[arg-type]


class Places:
    """A locator that knows several places of one host."""

    def __init__(self, *ports: int) -> None:
        self._ports = ports
        self.owners: list[str] = []

    async def targets(
        self, host: str, port: int | None, transport: str | None, *, secure: bool = False, owner: str = ""
    ) -> list[Target]:
        self.owners.append(owner)
        return [Target(transport=transport or "UDP", place=(HOST, one)) for one in self._ports]


def answering(status: int):
    def play(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
        if isinstance(message, Request) and message.method != "ACK":
            self.say(message, status if message.method == "INVITE" else 200, place)

    return play


def silent(self: Peer, message: Request | Response, place: tuple[str, int]) -> None: ...


def picks_up(line: IncomingLine) -> None:
    line.ring()
    line.answer(ANSWER)


def test_a_number_is_called_over_the_trunk_that_takes_it_and_written_as_it_wants() -> None:
    async def story() -> None:
        carrier = await peer(answering(200))
        trunk = trunk_to(carrier.port, numbers=("+49",), dial=("+49=0",), from_domain="us.example", receive=())
        site, ear = await Site(trunks=[trunk]).open(), Ear()
        (route,) = await site.lines.routes(number())
        assert (route.name, route.media) == ("carrier", "rtp")
        line = await site.lines.call(route, number(), CALLER, OFFER, ear)
        await eventually(lambda: ("answered", ANSWER) in ear.told)
        (invite, *_) = [one for one in carrier.heard if isinstance(one, Request)]
        assert str(invite.uri) == f"sip:03012345678@{HOST}:{carrier.port}"
        assert str(invite.from_.uri) == f"sip:{CALLER}@us.example"
        assert invite.headers.get("p-asserted-identity") == f"<sip:{CALLER}@us.example>"
        assert (invite.body, invite.call_id) == (OFFER, line.call_id)
        assert line.peer_host == HOST
        line.hang_up()
        line.hang_up()
        await eventually(lambda: ear.end == 200)
        assert ear.told.count(("ended", 200)) == 1
        with pytest.raises(NoRouteError) as refused:
            await site.lines.routes(number("+12025550199"))
        assert refused.value.sip_status == 404
        await site.close()

    run(story)


def test_a_caller_who_is_not_to_be_known_is_not_named() -> None:
    async def story() -> None:
        carrier = await peer(answering(486))
        site, ear = await Site(trunks=[trunk_to(carrier.port)]).open(), Ear()
        (route,) = await site.lines.routes(number())
        await site.lines.call(route, number(), ANONYMOUS, OFFER, ear)
        await eventually(lambda: ear.end == 486)
        invite = carrier.heard[0]
        assert str(invite.from_.uri) == "sip:anonymous@anonymous.invalid"
        assert (invite.headers.get("privacy"), "p-asserted-identity" in invite.headers) == ("id", False)
        await site.close()

    run(story)


@pytest.mark.parametrize("first", [answering(503), silent])
def test_a_place_that_is_away_gives_way_to_the_next(first, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringfence.carriers.sip.outgoing_line.SILENCE_S", 0.05)

    async def story() -> None:
        down, up = await peer(first), await peer(answering(200))
        places = Places(down.port, up.port)
        site, ear = (
            await Site(trunks=[Trunk(name="carrier", host="carrier.example", ask=False)], locator=places).open(),
            Ear(),
        )
        (route,) = await site.lines.routes(number())
        await site.lines.call(route, number(), CALLER, OFFER, ear)
        await eventually(lambda: bool(ear.told))
        assert ear.told == [("answered", ANSWER)]
        assert "INVITE" in down.methods()
        await site.close()

    run(story)


def test_a_busy_number_is_not_tried_elsewhere() -> None:
    async def story() -> None:
        busy, other = await peer(answering(486)), await peer(answering(200))
        trunks = [Trunk(name="carrier", host="carrier.example", ask=False)]
        site, ear = await Site(trunks=trunks, locator=Places(busy.port, other.port)).open(), Ear()
        (route,) = await site.lines.routes(number())
        await site.lines.call(route, number(), CALLER, OFFER, ear)
        await eventually(lambda: ear.end == 486)
        assert other.heard == []
        await site.close()

    run(story)


def test_a_carrier_that_cannot_be_reached_ends_the_line() -> None:
    async def story() -> None:
        site = await Site(trunks=[Trunk(name="carrier", host=HOST, port=1, transport="tcp", ask=False)]).open()
        ear = Ear()
        (route,) = await site.lines.routes(number())
        line = await site.lines.call(route, number(), CALLER, OFFER, ear)
        assert ear.told == []
        await eventually(lambda: ear.end == 503)
        line.hang_up()
        assert len(ear.told) == 1
        await site.close()

    run(story)


def test_a_line_that_is_hung_up_at_once_ends_as_called_back() -> None:
    async def story() -> None:
        site, ear = await Site(trunks=[trunk_to(9)]).open(), Ear()
        (route,) = await site.lines.routes(number())
        line = await site.lines.call(route, number(), CALLER, OFFER, ear)
        line.hang_up()
        await eventually(lambda: ear.end == 487)
        await site.close()

    run(story)


def test_a_trunk_calls_by_its_address_and_says_who_calls() -> None:
    async def story() -> None:
        carrier = await peer(silent)
        trunk = trunk_to(carrier.port, receive=("00=+", "0=+49"))
        site = await Site(picks_up, trunks=[trunk]).open()
        phone = await Handy(site, "0017185550100").open()
        more = [("X-Trace", "7"), ("P-Asserted-Identity", "<sip:01715550100@c.example>"), ("Secret", "x")]
        response = await phone.ask("INVITE", f"sip:03012345678@{HOST}", host=HOST, more=more)
        assert response is not None
        assert response.status == 200
        (line,) = site.desk.lines
        assert (line.to, line.sender, line.source, line.account) == (NUMBER, "+491715550100", "trunk:carrier", "")
        assert list(line.headers) == [("X-Trace", "7")]
        assert line.peer_host == HOST
        await site.close()

    run(story)


def test_a_carrier_is_not_told_what_the_api_calls_a_call() -> None:
    def rings(line: IncomingLine) -> None:
        line.call_sid = "CA1"
        line.ring()
        line.refuse(486)

    async def story() -> None:
        carrier = await peer(answering(486))
        site, ear = await Site(rings, trunks=[trunk_to(carrier.port)]).open(), Ear()
        there = Destination(account=ACCOUNT, kind="number", address=NUMBER, call_sid="CA2")
        (route,) = await site.lines.routes(there)
        await site.lines.call(route, there, CALLER, OFFER, ear)
        await eventually(lambda: ear.end == 486)
        phone = await Handy(site, CALLER).open()
        response = await phone.ask("INVITE", f"sip:{NUMBER}@{HOST}", host=HOST)
        assert response is not None
        assert response.status == 486
        heard = [*carrier.heard, *phone.wire.heard]
        assert any(isinstance(one, Response) and one.status == 180 for one in heard)
        assert [one for one in heard if "x-twilio-callsid" in one.headers] == []
        await site.close()

    run(story)


def test_a_trunk_is_answered_where_it_wants_to_be_and_a_phone_where_it_is() -> None:
    async def story() -> None:
        elsewhere = await peer(answering(200))
        for allow, there in (((HOST,), True), (("192.0.2.0/24",), False)):
            trunk = Trunk(name="carrier", host="192.0.2.7", allow=allow, ask=False)
            access = Access(phones_domain(by_network=True, networks=("127.0.0.0/8",), call_lists=()))
            site = await Site(picks_up, trunks=[trunk], access=access).open()
            phone = await Handy(site).open(silent)
            host = HOST if there else DOMAIN
            request = phone.request("INVITE", f"sip:{NUMBER}@{host}", host=host)
            request.headers.replace("contact", f"<sip:peer@{HOST}:{elsewhere.port}>")
            answered = await phone.answer_to(request)
            assert answered is not None
            assert answered.status == 200
            site.desk.lines[0].hang_up()
            where = elsewhere if there else phone.wire
            await eventually(lambda where=where: "BYE" in where.methods())
            assert ("BYE" in elsewhere.methods()) is there
            elsewhere.heard.clear()
            await site.close()

    run(story)


def test_strangers_hear_nothing_and_are_soon_not_heard() -> None:
    async def story() -> None:
        site = await Site(picks_up, access=Access(phones_domain(), {"alice": "secret"})).open()
        scanner = await Handy(site, "100").open()
        for method in ("OPTIONS", "INVITE", "REGISTER"):
            assert await scanner.answer_to(scanner.request(method, f"sip:100@{HOST}", host=HOST)) is None
        assert (scanner.wire.heard, site.desk.lines, site.bans) == ([], [], [60_000])
        # Not even by its right name: the ban holds for the address.
        assert await scanner.ask("REGISTER") is None
        await site.close()

    run(story)


def test_a_scanner_that_gives_its_name_is_banned_at_once() -> None:
    async def story() -> None:
        site = await Site(access=Access(phones_domain(), {"alice": "secret"})).open()
        scanner = await Handy(site).open()
        sent = scanner.request("REGISTER", "", more=[("User-Agent", "friendly-scanner")])
        assert await scanner.answer_to(sent) is None
        assert len(site.bans) == 1
        await site.close()

    run(story)


def test_noise_is_counted_and_never_answered() -> None:
    async def story() -> None:
        site = await Site().open()
        scanner = await Handy(site).open()
        for _ in range(3):
            scanner.wire.socket.sendto(b"GET / HTTP/1.1\r\n\r\n", (HOST, site.port))
        await eventually(lambda: len(site.bans) == 1)
        assert scanner.wire.heard == []
        await site.close()

    run(story)


def test_a_trunk_is_heard_whatever_is_sent_in_its_name() -> None:
    async def story() -> None:
        carrier = await peer(silent)
        site = await Site(picks_up, trunks=[trunk_to(carrier.port)]).open()
        for _ in range(5):
            carrier.socket.sendto(b"noise", (HOST, site.port))
            site.lines.bans.count(f"udp {HOST}", 3)
        phone = await Handy(site).open()
        response = await phone.answer_to(phone.request("INVITE", f"sip:{NUMBER}@{HOST}", host=HOST))
        assert response is not None
        assert response.status == 200
        await site.close()

    run(story)


def test_a_phone_of_a_domain_registers_with_its_password_calls_and_is_called() -> None:
    async def story() -> None:
        site = await Site(picks_up, access=Access(phones_domain(), {"alice": "secret"})).open()
        phone = await Handy(site).open(answering(200))
        registered = await phone.ask("REGISTER")
        assert registered is not None
        assert registered.status == 200
        answered = await phone.ask("INVITE", f"sip:1000@{DOMAIN}")
        assert answered is not None
        assert answered.status == 200
        (line,) = site.desk.lines
        assert (line.to, line.sender) == (f"sip:1000@{DOMAIN}", f"sip:alice@{DOMAIN}")
        assert (line.source, line.account, line.media) == (f"domain:{SID}", ACCOUNT, "rtp")
        (route,) = await site.lines.routes(sip(f"sip:alice@{DOMAIN}"))
        ear = Ear()
        await site.lines.call(route, sip(f"sip:alice@{DOMAIN}"), CALLER, OFFER, ear)
        await eventually(lambda: ("answered", ANSWER) in ear.told)
        await site.close()

    run(story)


def test_wrong_passwords_and_unknown_names_get_one_answer_and_three_tries() -> None:
    async def story() -> None:
        site = await Site(picks_up, access=Access(phones_domain(), {"alice": "secret"})).open()
        statuses = []
        for username in ("alice", "nobody", "alice"):
            phone = await Handy(site, username, "wrong").open()
            response = await phone.ask("INVITE", f"sip:1000@{DOMAIN}")
            statuses.append(response and response.status)
        assert (statuses, site.desk.lines, len(site.bans)) == ([403, 403, 403], [], 1)
        await site.close()

    run(story)


def test_a_phone_may_register_its_own_name_alone() -> None:
    async def story() -> None:
        site = await Site(access=Access(phones_domain(), {"alice": "secret", "bob": "other"})).open()
        phone = await Handy(site).open()
        phone.record = "bob"
        refused = await phone.ask("REGISTER")
        assert refused is not None
        assert refused.status == 403
        with pytest.raises(NoRouteError) as absent:
            await site.lines.routes(sip(f"sip:bob@{DOMAIN}"))
        assert absent.value.sip_status == 480
        await site.close()

    run(story)


@pytest.mark.parametrize(
    ("networks", "lists", "status"),
    [
        (("127.0.0.0/8",), (), 200),
        (("10.0.0.0/8",), (), None),
        (("127.0.0.0/8",), (LIST,), 200),
        (("10.0.0.0/8",), (LIST,), None),
        (None, (), None),
        (None, (LIST,), 200),
        ((), (LIST,), None),
        ((), (), None),
    ],
)
def test_a_domain_takes_calls_from_its_networks_and_with_its_passwords(networks, lists, status) -> None:
    async def story() -> None:
        domain = phones_domain(by_network=networks is not None, networks=networks or (), call_lists=lists)
        site = await Site(picks_up, access=Access(domain, {"alice": "secret"})).open()
        phone = await Handy(site).open()
        response = await phone.ask("INVITE", f"sip:1000@{DOMAIN}")
        assert (response and response.status) == status
        await site.close()

    run(story)


def test_a_secure_domain_takes_nobody_without_tls_and_no_call_without_srtp(tmp_path: Path) -> None:
    async def story() -> None:
        domain = phones_domain(secure=True, by_network=True, networks=("127.0.0.0/8",), call_lists=())
        site = await Site(picks_up, access=Access(domain)).open()
        phone = await Handy(site).open()
        for method in ("INVITE", "REGISTER"):
            refused = await phone.ask(method, f"sip:1000@{DOMAIN}")
            assert refused is not None
            assert refused.status == 403
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(tmp_path))
        port = await site.lines.endpoint.listen_tcp(HOST, 0, tls=context)
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ours.check_hostname, ours.verify_mode = False, ssl.CERT_NONE
        reader, writer = await asyncio.open_connection(HOST, port, ssl=ours)
        for profile, status in (("RTP/AVP", 488), ("RTP/SAVP", 200)):
            request = phone.request("INVITE", f"sip:1000@{DOMAIN}")
            request.set_body(f"v=0\r\nm=audio 9 {profile} 0\r\n".encode(), "application/sdp")
            writer.write(bytes(request).replace(b"SIP/2.0/UDP", b"SIP/2.0/TLS"))
            await asyncio.wait_for(reader.readuntil(f"SIP/2.0 {status}".encode()), 5)
        assert [line.media for line in site.desk.lines] == ["srtp"]
        writer.close()
        await site.close()

    run(story)


def test_a_domain_of_another_account_is_not_called_through_us() -> None:
    async def story() -> None:
        site = await Site(access=Access(phones_domain())).open()
        other = Destination(account="AC" + "9" * 32, kind="sip", address=f"sip:alice@{DOMAIN}")
        with pytest.raises(NoRouteError) as refused:
            await site.lines.routes(other)
        assert refused.value.sip_status == 403
        await site.close()

    run(story)


def test_every_place_of_a_client_rings_and_the_first_who_answers_has_the_call() -> None:
    async def story() -> None:
        tokens = Tokens(good=ClientLogin(account=ACCOUNT, identity="bob"))
        site = await Site(tokens=tokens).open()

        def rings(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            if isinstance(message, Request) and message.method == "INVITE":
                self.say(message, 180, place)
            if isinstance(message, Request) and message.method == "CANCEL":
                self.say(message, 200, place)
                invite = next(one for one in self.heard if isinstance(one, Request) and one.method == "INVITE")
                self.say(invite, 487, place)

        first = await Handy(site, "bob").open(rings)
        second = await Handy(site, "bob").open(rings)
        bearer = [("Authorization", "Bearer good")]
        for phone in (first, second):
            registered = await phone.answer_to(phone.request("REGISTER", "", host="any.example", more=bearer))
            assert registered is not None
            assert registered.status == 200
        bob, ear = Destination(account=ACCOUNT, kind="client", address="bob"), Ear()
        (route,) = await site.lines.routes(bob)
        line = await site.lines.call(route, bob, CALLER, OFFER, ear)
        await eventually(lambda: "INVITE" in first.wire.methods() and "INVITE" in second.wire.methods())
        assert line.peer_host == ""
        invite = next(one for one in second.wire.heard if isinstance(one, Request) and one.method == "INVITE")
        second.wire.say(invite, 200, (HOST, site.port))
        await eventually(lambda: "CANCEL" in first.wire.methods())
        assert ear.told == [("ringing", 180, b""), ("answered", ANSWER)]
        assert line.peer_host == HOST
        await site.close()

    run(story)


def test_a_client_without_a_place_has_no_route() -> None:
    async def story() -> None:
        site = await Site().open()
        with pytest.raises(NoRouteError) as absent:
            await site.lines.routes(Destination(account=ACCOUNT, kind="client", address="client:bob"))
        assert absent.value.sip_status == 480
        await site.close()

    run(story)


def test_who_is_no_trunk_does_not_send_our_requests_to_one() -> None:
    async def story() -> None:
        carrier = await peer(silent)
        trunk = Trunk(name="carrier", host="127.0.0.2", ask=False)
        access = Access(phones_domain(by_network=True, networks=(f"{HOST}/32",), call_lists=()))
        site = await Site(picks_up, trunks=[trunk], access=access).open()
        phone = await Handy(site).open(silent)
        request = phone.request("INVITE", f"sip:1@{DOMAIN}")
        request.headers.replace("contact", f"<sip:+19005550100@127.0.0.2:{carrier.port}>")
        assert await phone.answer_to(request) is not None
        site.desk.lines[0].hang_up()
        await eventually(lambda: "BYE" in phone.wire.methods())
        await site.close()

    run(story)


def test_a_phone_that_two_challenges_are_too_many_for_gets_the_older_alone() -> None:
    async def story() -> None:
        site = await Site(access=Access(phones_domain(), {"alice": "secret"})).open()

        async def offered(*more: tuple[str, str], call_id: str = "handy") -> list[str]:
            request = phone.request("REGISTER", "", more=more)
            request.headers.replace("call-id", call_id)
            response = await phone.answer_to(request)
            assert response is not None
            return [
                text.partition("algorithm=")[2].partition(",")[0]
                for text in response.headers.get_all("www-authenticate")
            ]

        phone = await Handy(site).open()
        assert await offered() == ["SHA-256", "MD5"]
        # It came back without an answer.
        assert await offered() == ["MD5"]
        assert await offered(call_id="another") == ["SHA-256", "MD5"]
        assert await offered(("User-Agent", "baresip v1.0.0 (x86_64/linux)"), call_id="third") == ["MD5"]
        await site.close()

    run(story)


def test_everything_for_a_trunk_goes_through_its_proxy() -> None:
    async def story() -> None:
        proxy, ear = await peer(answering(200)), Ear()
        trunk = Trunk(name="carrier", host="carrier.example", outbound_proxy=f"{HOST}:{proxy.port}")
        site = await Site(trunks=[trunk]).open()
        (route,) = await site.lines.routes(number())
        await site.lines.call(route, number(), CALLER, OFFER, ear)
        await eventually(lambda: ("answered", ANSWER) in ear.told and "OPTIONS" in proxy.methods())
        for one in proxy.heard:
            assert isinstance(one, Request)
            if one.method in {"INVITE", "OPTIONS"}:
                assert one.headers.get_all("route") == [f"<sip:{HOST}:{proxy.port};lr>"]
                assert str(one.uri).endswith("carrier.example")
        await site.close()

    run(story)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_two_installations_speak_over_ipv6(transport: str) -> None:
    async def story() -> None:
        here, ear = await Site(host="[::1]").open(), Ear()
        there = await Site(picks_up, host="[::1]", trunks=[Trunk(name="here", host="[::1]", ask=False)]).open()
        port = there.port if transport == "udp" else there.tcp
        to = sip(f"sip:+493012345678@[::1]:{port};transport={transport}")
        (route,) = await here.lines.routes(to)
        line = await here.lines.call(route, to, CALLER, OFFER, ear)
        await eventually(lambda: ("answered", ANSWER) in ear.told)
        (taken,) = there.desk.lines
        assert (taken.to, taken.sender, taken.source) == (NUMBER, CALLER, "trunk:here")
        await eventually(lambda: ("answered", b"") in there.desk.ears[0].told)
        line.hang_up()
        await eventually(lambda: there.desk.ears[0].end == 200)
        await here.close()
        await there.close()

    run(story)
