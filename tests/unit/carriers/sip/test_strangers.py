"""What a stranger can take up here: one answer a question, no connection for long, and a bounded number of tries."""

import asyncio

import pytest
from tests.unit.carriers.sip.desk import DOMAIN, SID, Access, Handy, Site, phones_domain
from tests.unit.carriers.sip.wire import HOST, eventually, run

from ringfence.carriers.sip import endpoint, identity


async def with_alice(**more: object) -> Site:
    return await Site(access=Access(phones_domain(**more), {"alice": "secret"})).open()


@pytest.mark.parametrize("method", ["INVITE", "REGISTER"])
def test_a_challenge_is_given_once_and_forgotten(method: str) -> None:
    async def story() -> None:
        site = await with_alice()
        phone = await Handy(site).open()
        request = phone.request(method, f"sip:1000@{DOMAIN}")
        response = await phone.answer_to(request)
        assert response is not None
        assert response.status == 401
        # Nothing is left that would repeat it at an address that may be somebody else's.
        assert repr(site.lines.endpoint) == "Endpoint(0 sent, 0 taken)"
        phone.send(request)
        await eventually(lambda: len(phone.wire.heard) == 2)
        await site.close()

    run(story)


def test_a_call_back_of_what_was_never_taken_is_not_answered() -> None:
    async def story() -> None:
        site = await with_alice()
        phone = await Handy(site).open()
        for method in ("CANCEL", "BYE", "ACK"):
            assert await phone.answer_to(phone.request(method, f"sip:1000@{DOMAIN}")) is None
        assert phone.wire.heard == []
        await site.close()

    run(story)


def test_who_is_challenged_again_and_again_is_looking_for_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "MAX_UNANSWERED", 5)

    async def story() -> None:
        site = await with_alice()
        answered = 0
        for number in range(12):
            guess = await Handy(site, str(100 + number)).open()
            answered += await guess.answer_to(guess.request("REGISTER", "")) is not None
        assert (answered, len(site.bans)) == (8, 1)
        await site.close()

    run(story)


def test_a_phone_that_proves_itself_starts_afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "MAX_UNANSWERED", 2)

    async def story() -> None:
        site = await with_alice()
        for _ in range(6):
            phone = await Handy(site).open()
            registered = await phone.ask("REGISTER")
            assert registered is not None
            assert registered.status == 200
        assert site.bans == []
        await site.close()

    run(story)


def test_a_connection_that_proves_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "STRANGER_S", 0.05)

    async def story() -> None:
        site = await with_alice()
        reader, writer = await asyncio.open_connection(HOST, site.tcp)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        await site.close()

    run(story)


def test_a_connection_whose_phone_has_proven_itself_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "STRANGER_S", 0.3)

    async def story() -> None:
        # By its network alone: a call proves enough.
        site = await with_alice(by_network=True, networks=("127.0.0.0/8",), call_lists=())
        phone = await Handy(site).open()
        reader, writer = await asyncio.open_connection(HOST, site.tcp)
        writer.write(bytes(phone.request("INVITE", f"sip:1000@{DOMAIN}")).replace(b"SIP/2.0/UDP", b"SIP/2.0/TCP"))
        await eventually(lambda: len(site.desk.lines) == 1)
        assert site.desk.lines[0].source == f"domain:{SID}"
        await asyncio.sleep(0.4)
        site.desk.lines[0].refuse(486)
        heard = await asyncio.wait_for(reader.readuntil(b"486"), 5)
        assert b"100 Trying" in heard
        writer.close()
        await site.close()

    run(story)


def test_a_banned_addresss_connection_is_closed_at_its_first_word() -> None:
    async def story() -> None:
        site = await with_alice()
        site.lines.bans.count(f"connected {HOST}", 3)
        phone = await Handy(site).open()
        reader, writer = await asyncio.open_connection(HOST, site.tcp)
        writer.write(bytes(phone.request("OPTIONS", f"sip:{DOMAIN}")))
        assert await asyncio.wait_for(reader.read(), 5) == b""
        # Over UDP somebody else may have forged the address: that ban is another.
        registered = await phone.ask("REGISTER")
        assert registered is not None
        assert registered.status == 200
        writer.close()
        await site.close()

    run(story)


def test_requests_that_wait_for_a_verdict_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "MAX_UNPROVEN", 2)

    async def story() -> None:
        waiting = asyncio.Event()
        access = Access(phones_domain(), {"alice": "secret"})
        look_up = access.domain

        async def slow(host: str) -> object:
            await waiting.wait()
            return await look_up(host)

        access.domain = slow  # type: ignore[assignment,method-assign]
        site = await Site(access=access).open()
        phones = [await Handy(site, f"user{number}").open() for number in range(4)]
        for phone in phones:
            phone.send(phone.request("REGISTER", ""))
        await eventually(lambda: repr(site.lines.endpoint) == "Endpoint(0 sent, 2 taken)")
        waiting.set()
        await eventually(lambda: sum(len(phone.wire.heard) for phone in phones) == 2)
        await site.close()

    run(story)


def test_a_store_that_is_away_leaves_strangers_without_an_answer_and_costs_them_nothing() -> None:
    async def story() -> None:
        access = Access(phones_domain(), {"alice": "secret"})

        async def away(host: str) -> object:
            raise ConnectionError("away")

        access.domain = away  # type: ignore[assignment,method-assign]
        site = await Site(access=access).open()
        phone = await Handy(site).open()
        for _ in range(5):
            assert await phone.ask("REGISTER") is None
        assert (site.bans, phone.wire.heard) == ([], [])
        assert repr(site.lines.endpoint) == "Endpoint(0 sent, 0 taken)"
        await site.close()

    run(story)


def test_a_check_that_fails_in_a_way_nobody_foresaw_keeps_no_place() -> None:
    async def story() -> None:
        access = Access(phones_domain(), {"alice": "secret"})

        async def fails(host: str) -> object:
            raise RecursionError

        access.domain = fails  # type: ignore[assignment,method-assign]
        site = await Site(access=access).open()
        unforeseen: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: unforeseen.append(context))
        phone = await Handy(site).open()
        for method in ("REGISTER", "INVITE"):
            assert await phone.ask(method, f"sip:1@{DOMAIN}") is None
        assert repr(site.lines.endpoint) == "Endpoint(0 sent, 0 taken)"
        await site.close()

    run(story)
