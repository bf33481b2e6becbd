"""A telephone that registers while its user is being called rings with the others."""

from tests.unit.carriers.sip.desk import ACCOUNT, Ear, Handy, Site, Tokens
from tests.unit.carriers.sip.test_lines import CALLER
from tests.unit.carriers.sip.wire import ANSWER, HOST, OFFER, Peer, eventually, run

from ringfence.carriers.sip.message import Request, Response
from ringfence.ports.line import Destination
from ringfence.ports.sip_access import ClientLogin

BEARER = [("Authorization", "Bearer good")]
BOB = Destination(account=ACCOUNT, kind="client", address="bob")


def rings(self: Peer, message: Request | Response, place: tuple[str, int]) -> None:
    if isinstance(message, Request) and message.method == "INVITE":
        self.say(message, 180, place)
    if isinstance(message, Request) and message.method in {"CANCEL", "BYE"}:
        self.say(message, 200, place)


async def registered(site: Site) -> Handy:
    phone = await Handy(site, "bob").open(rings)
    answer = await phone.answer_to(phone.request("REGISTER", "", host="any.example", more=BEARER))
    assert answer is not None
    assert answer.status == 200
    return phone


def invite_of(phone: Handy) -> Request:
    return next(one for one in phone.wire.heard if isinstance(one, Request) and one.method == "INVITE")


async def called() -> tuple[Site, Handy, Ear]:
    site = await Site(tokens=Tokens(good=ClientLogin(account=ACCOUNT, identity="bob"))).open()
    first, ear = await registered(site), Ear()
    (route,) = await site.lines.routes(BOB)
    site.line = await site.lines.call(route, BOB, CALLER, OFFER, ear)  # type: ignore[attr-defined]
    await eventually(lambda: "INVITE" in first.wire.methods())
    return site, first, ear


def test_it_rings_and_may_be_the_one_that_answers() -> None:
    async def story() -> None:
        site, first, ear = await called()
        late = await registered(site)
        await eventually(lambda: "INVITE" in late.wire.methods())
        late.wire.say(invite_of(late), 200, (HOST, site.port))
        await eventually(lambda: "CANCEL" in first.wire.methods())
        assert ear.told == [("ringing", 180, b""), ("answered", ANSWER)]
        await site.close()

    run(story)


def test_a_telephone_that_only_refreshes_rings_once() -> None:
    async def story() -> None:
        site, first, _ = await called()
        again = first.request("REGISTER", "", host="any.example", more=BEARER)
        assert await first.answer_to(again) is not None
        late = await registered(site)
        await eventually(lambda: "INVITE" in late.wire.methods())
        branches = {one.headers.get("via") for one in first.wire.heard if isinstance(one, Request)}
        assert len(branches) == 1
        await site.close()

    run(story)


def test_after_an_answer_nobody_is_rung_any_more() -> None:
    async def story() -> None:
        site, first, ear = await called()
        first.wire.say(invite_of(first), 200, (HOST, site.port))
        await eventually(lambda: ("answered", ANSWER) in ear.told)
        late = await registered(site)
        third = await registered(site)
        assert "INVITE" not in late.wire.methods() + third.wire.methods()
        await site.close()

    run(story)
