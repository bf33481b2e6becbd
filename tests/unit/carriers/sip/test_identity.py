"""Who is believed, for how long, and what a wrong proof costs."""

import asyncio
import time
from typing import Any

import pytest
from tests.unit.carriers.sip.desk import ACCOUNT, DOMAIN, SID, Access, Ear, Handy, Site, Tokens, phones_domain
from tests.unit.carriers.sip.wire import HOST, OFFER, Peer, eventually, run

from ringfence.carriers.sip import identity
from ringfence.carriers.sip.digest import answer_challenge, parse_challenge
from ringfence.carriers.sip.framing import StreamFramer
from ringfence.carriers.sip.message import Request, Response, parse_message
from ringfence.carriers.sip.trunk import Trunk
from ringfence.ports.line import Destination, NoRouteError
from ringfence.ports.sip_access import ClientLogin

BEARER = [("Authorization", "Bearer good")]
BOB = Destination(account=ACCOUNT, kind="client", address="bob")


class Connected(Handy):
    """The same phone over TCP."""

    async def open(self, play: object = None) -> "Connected":
        loop = asyncio.get_running_loop()
        _, self.wire = await loop.create_connection(Wire, HOST, self.site.tcp)  # type: ignore[assignment]
        return self

    def send(self, request: Request) -> None:
        request.headers.add("content-length", "0")
        self.wire.socket.write(bytes(request))


class Wire(asyncio.Protocol):
    def __init__(self) -> None:
        self.heard: list[Request | Response] = []
        self._framer = StreamFramer()

    def connection_made(self, transport: Any) -> None:
        self.socket = transport
        self.port = transport.get_extra_info("sockname")[1]

    def data_received(self, data: bytes) -> None:
        self.heard += map(parse_message, self._framer.feed(data))


async def with_alice(**more: object) -> Site:
    return await Site(access=Access(phones_domain(), {"alice": "secret"}), **more).open()  # type: ignore[arg-type]


async def proof(phone: Handy, *, uri: str, nonce: str = "") -> list[tuple[str, str]]:
    """A right answer to a challenge, for this address; under another nonce where one is given."""
    challenged = await phone.answer_to(phone.request("INVITE", f"sip:1000@{DOMAIN}"))
    assert challenged is not None
    challenge = parse_challenge(challenged.headers.get_all("www-authenticate")[0])
    assert challenge is not None
    if nonce:
        challenge = type(challenge)(realm=challenge.realm, nonce=nonce, algorithm=challenge.algorithm)
    made = answer_challenge(challenge, username="alice", password="secret", method="INVITE", uri=uri, cnonce="c")
    return [("Authorization", str(made))]


def test_a_proof_holds_for_the_user_it_was_made_for() -> None:
    async def story() -> None:
        site = await with_alice()
        phone = await Handy(site).open()
        # The host may differ, where a proxy stands between; who is called may not.
        for uri, taken in ((f"sip:1000@{HOST}", True), (f"sip:2000@{DOMAIN}", False), ("tel:1000", False)):
            shown = await proof(phone, uri=uri)
            phone.send(phone.request("INVITE", f"sip:1000@{DOMAIN}", more=shown))
            if taken:
                await eventually(lambda: len(site.desk.lines) == 1)
                site.desk.lines[0].refuse(486)
            else:
                await eventually(
                    lambda: [one.status for one in phone.wire.heard if isinstance(one, Response)][-1] == 403
                )
        assert len(site.desk.lines) == 1
        await site.close()

    run(story)


def test_a_proof_is_good_once_and_an_old_one_is_told_to_be_stale() -> None:
    async def story() -> None:
        site = await with_alice()
        phone = await Handy(site).open()
        shown = await proof(phone, uri=f"sip:1000@{DOMAIN}")
        phone.send(phone.request("INVITE", f"sip:1000@{DOMAIN}", more=shown))
        await eventually(lambda: len(site.desk.lines) == 1)
        again = await phone.answer_to(phone.request("INVITE", f"sip:1000@{DOMAIN}", more=shown))
        assert again is not None
        assert again.status == 401
        assert all("stale=true" in text for text in again.headers.get_all("www-authenticate"))
        assert (len(site.desk.lines), site.bans) == (1, [])
        await site.close()

    run(story)


def test_a_nonce_that_is_not_ours_is_a_bad_packet_without_an_answer() -> None:
    async def story() -> None:
        site = await with_alice()
        for _ in range(3):
            phone = await Handy(site).open()
            shown = await proof(phone, uri=f"sip:1000@{DOMAIN}", nonce="18c0-00-00")
            assert await phone.answer_to(phone.request("INVITE", f"sip:1000@{DOMAIN}", more=shown)) is None
        assert len(site.bans) == 1
        await site.close()

    run(story)


def test_a_right_password_makes_up_for_wrong_ones_before_it() -> None:
    async def story() -> None:
        site = await with_alice()
        for password in ("wrong", "wrong", "secret", "wrong", "wrong"):
            phone = await Handy(site, "alice", password).open()
            await phone.ask("REGISTER")
        assert site.bans == []
        await site.close()

    run(story)


def test_a_token_is_believed_on_its_connection_until_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        now_ms = int(time.time() * 1_000)
        login = ClientLogin(account=ACCOUNT, identity="bob", expires_ms=now_ms + 400)
        site = await with_alice(tokens=Tokens(good=login))
        phone = await Connected(site, "bob").open()
        registered = await phone.answer_to(phone.request("REGISTER", "", more=BEARER))
        assert registered is not None
        assert registered.status == 200
        phone.send(phone.request("INVITE", f"sip:+12025550123@{HOST}"))
        await eventually(lambda: len(site.desk.lines) == 1)
        assert site.desk.lines[0].sender == "client:bob"
        # It is called no longer than that either.
        (contact,) = registered.contacts
        assert contact.parameter("expires") == "1"
        await asyncio.sleep(0.5)
        assert await phone.answer_to(phone.request("INVITE", f"sip:+12025550123@{HOST}")) is None
        assert len(site.desk.lines) == 1
        await site.close()

    run(story)


def test_over_udp_each_call_shows_its_token() -> None:
    async def story() -> None:
        site = await with_alice(tokens=Tokens(good=ClientLogin(account=ACCOUNT, identity="bob")))
        phone = await Handy(site, "bob").open()
        registered = await phone.answer_to(phone.request("REGISTER", "", more=BEARER))
        assert registered is not None
        assert registered.status == 200
        refused = await phone.answer_to(phone.request("INVITE", f"sip:+12025550123@{HOST}"))
        assert refused is not None
        assert refused.status == 404
        assert site.desk.lines == []
        phone.send(phone.request("INVITE", f"sip:+12025550123@{HOST}", more=BEARER))
        await eventually(lambda: len(site.desk.lines) == 1)
        await site.close()

    run(story)


def test_each_registration_shows_its_token_anew() -> None:
    async def story() -> None:
        tokens = Tokens(good=ClientLogin(account=ACCOUNT, identity="bob"))
        site = await with_alice(tokens=tokens)
        phone = await Handy(site, "bob").open()
        first = await phone.answer_to(phone.request("REGISTER", "", more=BEARER))
        assert first is not None
        assert first.status == 200
        without = await phone.answer_to(phone.request("REGISTER", ""))
        assert without is not None
        assert without.status == 401
        tokens.known.clear()
        for method in ("INVITE", "REGISTER"):
            refused = await phone.answer_to(phone.request(method, f"sip:+12025550123@{HOST}", more=BEARER))
            assert refused is None
        assert site.desk.lines == []
        await site.close()

    run(story)


def test_a_token_without_incoming_calls_registers_nobody() -> None:
    async def story() -> None:
        site = await with_alice(tokens=Tokens(good=ClientLogin(account=ACCOUNT, identity="bob", incoming=False)))
        phone = await Handy(site, "bob").open()
        refused = await phone.answer_to(phone.request("REGISTER", "", more=BEARER))
        assert refused is not None
        assert refused.status == 403
        with pytest.raises(NoRouteError):
            await site.lines.routes(BOB)
        await site.close()

    run(story)


def test_a_phone_at_a_trunks_address_is_a_phone_where_it_names_its_domain() -> None:
    async def story() -> None:
        trunk = Trunk(name="carrier", host=HOST, port=9, ask=False)
        site = await with_alice(trunks=[trunk], treat=lambda line: line.refuse(486))
        phone = await Handy(site).open()
        for to in (f"sip:1000@{DOMAIN}", f"sip:+12025550123@{HOST}"):
            await phone.ask("INVITE", to)
        assert [line.source for line in site.desk.lines] == [f"domain:{SID}", "trunk:carrier"]
        await site.close()

    run(story)


@pytest.mark.parametrize(
    ("username", "password", "status", "lines"),
    [("4930", "of-the-trunk", 486, 1), ("4930", "guess", 403, 0), ("alice", "of-the-trunk", 403, 0)],
)
def test_a_trunk_may_call_from_anywhere_with_its_password(
    monkeypatch: pytest.MonkeyPatch, username: str, password: str, status: int, lines: int
) -> None:
    monkeypatch.setenv("CARRIER_PASSWORD", "of-the-trunk")

    async def story() -> None:
        trunk = Trunk(
            name="carrier",
            host="192.0.2.7",
            username="4930",
            password="env:CARRIER_PASSWORD",
            from_domain="us.example",
            calls_by_password=True,
            ask=False,
        )
        site = await with_alice(trunks=[trunk], treat=lambda line: line.refuse(486))
        phone = await Handy(site, username, password).open()
        answer = await phone.ask("INVITE", "sip:+12025550123@us.example")
        assert answer is not None
        assert answer.status == status
        assert [(line.source, line.to) for line in site.desk.lines] == [("trunk:carrier", "+12025550123")] * lines
        # By any other name it is nobody, and it may not register.
        assert await phone.ask("INVITE", f"sip:+12025550123@{HOST}", host=HOST) is None
        assert await phone.ask("REGISTER", host="us.example") is None
        await site.close()

    run(story)


def test_a_word_for_the_whole_user_stops_every_phone() -> None:
    async def story() -> None:
        site = await with_alice(tokens=Tokens(good=ClientLogin(account=ACCOUNT, identity="bob")))

        def rings(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            if isinstance(message, Request) and message.method == "INVITE":
                self.say(message, 180, place)

        phones = [await Handy(site, "bob").open(rings) for _ in range(2)]
        for phone in phones:
            await phone.answer_to(phone.request("REGISTER", "", host="any.example", more=BEARER))
        ear = Ear()
        (route,) = await site.lines.routes(BOB)
        await site.lines.call(route, BOB, "+12025550123", OFFER, ear)
        await eventually(lambda: all("INVITE" in phone.wire.methods() for phone in phones))
        first, second = phones
        invite = next(one for one in first.wire.heard if isinstance(one, Request) and one.method == "INVITE")
        first.wire.say(invite, 603, (HOST, site.port))
        await eventually(lambda: "CANCEL" in second.wire.methods())
        asked = next(one for one in second.wire.heard if isinstance(one, Request) and one.method == "INVITE")
        second.wire.say(asked, 487, (HOST, site.port))
        await eventually(lambda: ear.end == 603)
        await site.close()

    run(story)


@pytest.mark.parametrize("name", ["friendly-scanner", "SIPVicious", "sipcli/v1.8", "VaxSIPUserAgent/3.1"])
def test_scanners_are_known_by_name(name: str) -> None:
    assert any(scanner in name.lower() for scanner in identity.SCANNERS)
