"""Trunks are kept: registered, renewed, asked for, and left for last while they are away."""

import asyncio

import pytest
from tests.unit.carriers.sip.desk import ACCOUNT, Site
from tests.unit.carriers.sip.wire import HOST, Peer, eventually, peer, run

from ringfence.carriers.sip import trunk_keeper
from ringfence.carriers.sip.digest import Challenge, hashed_secret, parse_answer, verify_answer
from ringfence.carriers.sip.message import Request, Response
from ringfence.carriers.sip.trunk import Trunk
from ringfence.ports.line import Destination

NUMBER = Destination(account=ACCOUNT, kind="number", address="+493012345678")
REALM = "carrier.example"


class Registrar:
    """A carrier's registrar: challenges, checks, and grants what it is told to."""

    def __init__(self, *, least_s: int = 0, grants_s: int = 600, refuses: int = 0) -> None:
        self.good: list[Request] = []
        self._least_s = least_s
        self._grants_s = grants_s
        self._refuses = refuses

    def __call__(self, self_: Peer, message: Request | Response, place: tuple[str, int]) -> None:
        if not isinstance(message, Request) or message.method != "REGISTER":
            return
        if self._refuses:
            self_.say(message, self._refuses, place)
            return
        text = message.headers.get("authorization")
        if text is None:
            challenge = Challenge(realm=REALM, nonce=f"n{len(self_.heard)}")
            self_.say(message, 401, place, ("www-authenticate", str(challenge)))
            return
        answer = parse_answer(text)
        assert answer is not None
        secret = hashed_secret("SHA-256", "4930", REALM, "secret")
        assert verify_answer(answer, method="REGISTER", secret=secret)
        if self._least_s and int(message.headers.get("expires") or 0) < self._least_s:
            self_.say(message, 423, place, ("min-expires", str(self._least_s)))
            return
        self.good.append(message)
        self_.say(message, 200, place, ("expires", str(self._grants_s)))


def registering(port: int, **more: object) -> Trunk:
    settings = {"username": "4930", "password": "env:CARRIER_PASSWORD", "register": True, **more}
    return Trunk(name="carrier", host=HOST, port=port, **settings)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARRIER_PASSWORD", "secret")


def test_a_trunk_is_registered_with_and_left_when_we_go() -> None:
    async def story() -> None:
        registrar = Registrar()
        carrier = await peer(registrar)
        site = await Site(trunks=[registering(carrier.port)]).open()
        await eventually(lambda: len(registrar.good) == 1)
        first = registrar.good[0]
        assert str(first.uri) == f"sip:{HOST}:{carrier.port}"
        assert str(first.to.uri) == str(first.from_.uri) == f"sip:4930@{HOST}"
        assert (first.contacts[0].uri.port, first.headers.get("expires")) == (site.port, "3600")  # type: ignore[union-attr]
        await site.close()
        # With the password: hardly a carrier takes a registration back without.
        assert [one.headers.get("expires") for one in registrar.good] == ["3600", "0"]

    run(story)


def test_a_carrier_that_has_gone_does_not_keep_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunk_keeper, "GOOD_BYE_S", 0.05)

    async def story() -> None:
        registrar = Registrar()
        carrier = await peer(registrar)
        site = await Site(trunks=[registering(carrier.port)]).open()
        await eventually(lambda: site.lines._keepers["carrier"].registered)
        carrier.socket.close()
        await site.close()
        assert [one.headers.get("expires") for one in registrar.good] == ["3600"]

    run(story)


def test_an_expiry_that_is_too_short_is_made_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunk_keeper, "EXPIRES_S", 60)

    async def story() -> None:
        registrar = Registrar(least_s=120)
        carrier = await peer(registrar)
        site = await Site(trunks=[registering(carrier.port)]).open()
        await eventually(lambda: len(registrar.good) == 1)
        assert registrar.good[0].headers.get("expires") == "120"
        await site.close()

    run(story)


def test_a_registration_is_renewed_under_one_call_id_with_growing_numbers() -> None:
    async def story() -> None:
        registrar = Registrar(grants_s=1)
        carrier = await peer(registrar)
        site = await Site(trunks=[registering(carrier.port)]).open()
        await eventually(lambda: len(registrar.good) == 2)
        first, second = registrar.good
        assert first.call_id == second.call_id
        assert first.cseq[0] < second.cseq[0]
        await site.close()

    run(story)


def test_a_trunk_that_refuses_us_is_tried_again_later_and_called_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trunk_keeper, "FIRST_DELAY_S", 0.05)

    async def story() -> None:
        carrier = await peer(Registrar(refuses=403))
        other = Trunk(name="other", host=HOST, port=9, ask=False)
        told: list[tuple[str, bool]] = []
        site = await Site(trunks=[registering(carrier.port), other], trunk_is_up=lambda *it: told.append(it)).open()
        await eventually(lambda: len(carrier.heard) > 1)
        assert told[0] == ("carrier", False)
        assert [route.name for route in await site.lines.routes(NUMBER)] == ["other", "carrier"]
        await site.close()

    run(story)


def test_a_trunk_that_answers_whatever_it_says_is_there() -> None:
    async def story() -> None:
        def play(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
            assert isinstance(message, Request)
            self.say(message, 405, place)

        carrier = await peer(play)
        trunks = [
            Trunk(name="carrier", host=HOST, port=carrier.port),
            Trunk(name="other", host=HOST, port=9, ask=False),
        ]
        site = await Site(trunks=trunks).open()
        await eventually(lambda: carrier.methods() == ["OPTIONS"])
        await asyncio.sleep(0.02)
        assert [route.name for route in await site.lines.routes(NUMBER)] == ["carrier", "other"]
        await site.close()

    run(story)


def test_a_connection_that_breaks_is_registered_anew() -> None:
    async def story() -> None:
        echoed = ("Via", "From", "To", "Call-ID", "CSeq")
        registered: list[str] = []
        writers: list[asyncio.StreamWriter] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            while head := await reader.readuntil(b"\r\n\r\n"):
                text = head.decode()
                registered.append(text)
                copied = [line for line in text.split("\r\n") if line.startswith(echoed)]
                answer = ["SIP/2.0 200 OK", *copied, "Expires: 600", "Content-Length: 0", "", ""]
                writer.write("\r\n".join(answer).encode())

        server = await asyncio.start_server(serve, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        site = await Site(trunks=[registering(port, transport="tcp")]).open()
        await eventually(lambda: len(registered) == 1)
        writers[0].transport.abort()
        await eventually(lambda: len(registered) == 2)
        await site.close()
        server.close()

    run(story)
