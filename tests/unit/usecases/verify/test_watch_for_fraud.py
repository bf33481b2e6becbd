"""What keeps a code from going out, how that is explained, and what does not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from ringfence.domain.clock import ManualClock
from ringfence.domain.fraud_guard.blocks import Block
from ringfence.domain.fraud_guard.spending import Bound
from ringfence.domain.mail_address import MailAddress, parse_mail_address
from ringfence.domain.number import parse_e164
from ringfence.kms.memory import memory_key_service
from ringfence.ports.fraud_guard import Refusal, Sending
from ringfence.ports.verify_config import VerifyRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.verify.watch_for_fraud import CodeBounds, FraudWatch

NOW = 1_700_000_000_000
ACCOUNT, SERVICE = "AC" + "a" * 32, "VA" + "b" * 32
NUMBER = "+447900123456"


class Scene:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.keys = memory_key_service(ManualClock(NOW))

    def watch(self, **how: Any) -> FraudWatch:
        return FraudWatch(self.store, self.keys, **({"level": "standard"} | how))


def sending(number: str = NUMBER, **how: Any) -> Sending:
    to = parse_e164(number)
    assert to is not None
    return Sending(account=ACCOUNT, service=SERVICE, to=to, channel="sms", at_ms=NOW, **how)


def play(story: Callable[[Scene], Awaitable[None]]) -> None:
    async def played() -> None:
        scene = Scene()
        await scene.keys.open()
        await scene.store.open()
        await story(scene)

    asyncio.run(asyncio.wait_for(played(), 30))


async def fill(watch: FraudWatch) -> Refusal | None:
    """Codes until one is refused: that refusal."""
    for _ in range(4):
        assert await watch.refusal(sending()) is None
    return await watch.refusal(sending())


def test_a_refusal_says_why_in_figures_and_shows_no_subscriber() -> None:
    async def story(scene: Scene) -> None:
        refused = await fill(scene.watch())
        assert refused == Refusal(
            60410,
            "of the codes to numbers that begin +44790012, 4 are unanswered and 0 were brought back lately; "
            "4 may be unanswered.",
        )

    play(story)


def test_a_refusal_is_logged_without_the_number() -> None:
    async def story(scene: Scene) -> None:
        with capture_logs() as lines:
            await fill(scene.watch())
        (line,) = lines
        assert (line["event"], line["rule"], line["region"]) == ("verify.code_refused", "block", "GB")
        assert "790012" not in str(line)

    play(story)


def test_codes_that_come_back_make_room() -> None:
    async def story(scene: Scene) -> None:
        watch = scene.watch()
        assert await fill(watch) is not None
        await watch.approved(ACCOUNT, SERVICE, sending().to, NOW)
        assert await watch.refusal(sending()) is None

    play(story)


def test_a_safe_number_is_never_refused() -> None:
    async def story(scene: Scene) -> None:
        (index,) = await scene.keys.blind(ACCOUNT, "safe_list", [NUMBER])
        safe = VerifyRow(
            account=ACCOUNT, kind="safe_number", sid="GN1", name=index.hex(), created_ms=NOW, updated_ms=NOW
        )
        await scene.store.create_verify(safe, 9)
        assert await fill(scene.watch()) is None
        assert await scene.watch().refusal(sending("+447900123457")) is not None

    play(story)


def test_a_program_that_asks_for_no_check_gets_none_and_is_counted() -> None:
    async def story(scene: Scene) -> None:
        watch = scene.watch()
        for _ in range(5):
            assert await watch.refusal(sending(checked=False)) is None
        assert await watch.refusal(sending()) is not None

    play(story)


def test_without_a_level_nothing_is_refused() -> None:
    async def story(scene: Scene) -> None:
        assert await fill(scene.watch(level=None)) is None

    play(story)


@pytest.mark.parametrize(("countries", "code"), [((), None), (("GB",), None), (("US", "CA"), 60605)])
def test_codes_go_to_the_countries_that_are_named(countries: tuple[str, ...], code: int | None) -> None:
    async def story(scene: Scene) -> None:
        refused = await scene.watch(countries=frozenset(countries)).refusal(sending())
        assert (refused and refused.code) == code

    play(story)


def test_a_country_that_is_named_too_often_says_so() -> None:
    async def story(scene: Scene) -> None:
        watch = scene.watch(level="max")
        for block in range(10_000):
            refused = await watch.refusal(sending(f"+447{block:04d}00{block % 1000:03d}"[:13]))
            if refused is not None and "in GB" in refused.why:
                return
        raise AssertionError("never refused")

    play(story)


def bounded(scene: Scene, micros: int, **own: int) -> FraudWatch:
    return scene.watch(level=None, bounds=CodeBounds(whole_micros=micros, own=own))


def test_codes_cost_what_they_may_and_then_none_goes_out() -> None:
    async def story(scene: Scene) -> None:
        watch = bounded(scene, 100_000)
        assert await watch.refusal(sending(price_micros=60_000)) is None
        assert await watch.refusal(sending(price_micros=60_000)) == Refusal(
            60410,
            "codes of this account and its subaccounts have cost 0.06 of the 0.10 USD that they may within a day (the "
            "operator's `verify_spend`); this one could exceed that.",
        )
        assert await watch.refusal(sending(price_micros=40_000)) is None

    play(story)


def test_a_service_with_a_bound_of_its_own_is_named() -> None:
    async def story(scene: Scene) -> None:
        refused = await bounded(scene, 100_000, **{SERVICE: 0}).refusal(sending(price_micros=1))
        assert refused is not None
        assert refused.why.startswith(f"codes of {SERVICE} have cost 0.00 of the 0.00 USD")

    play(story)


def test_what_is_over_the_bound_is_logged_without_the_number() -> None:
    async def story(scene: Scene) -> None:
        with capture_logs() as lines:
            await bounded(scene, 0).refusal(sending(price_micros=1))
        assert [(line["event"], line["rule"]) for line in lines] == [("verify.code_refused", "spend")]

    play(story)


def test_a_safe_number_costs_too() -> None:
    async def story(scene: Scene) -> None:
        (index,) = await scene.keys.blind(ACCOUNT, "safe_list", [NUMBER])
        safe = VerifyRow(
            account=ACCOUNT, kind="safe_number", sid="GN1", name=index.hex(), created_ms=NOW, updated_ms=NOW
        )
        await scene.store.create_verify(safe, 9)
        watch = scene.watch(level="max", bounds=CodeBounds(whole_micros=100))
        answers = [await watch.refusal(sending(price_micros=10)) for _ in range(11)]
        assert [answer is None for answer in answers] == [True] * 10 + [False]

    play(story)


def test_what_was_not_sent_no_longer_counts() -> None:
    async def story(scene: Scene) -> None:
        watch = bounded(scene, 100)
        for _ in range(3):
            assert await watch.refusal(sending(price_micros=100)) is None
            await watch.not_sent(sending(price_micros=100))

    play(story)


@pytest.mark.parametrize(
    ("own", "bounds"),
    [
        ({}, [("", 9)]),
        ({"AC1": 5}, [("", 5)]),
        ({"AC2": 5}, [("", 9), ("AC2", 5)]),
        ({"VA1": 4, "AC1": 5, "AC2": 6}, [("", 5), ("AC2", 6), ("VA1", 4)]),
        ({"VA2": 4}, [("", 9)]),
    ],
    ids=str,
)
def test_bounds_are_of_the_whole_of_a_subaccount_and_of_a_service(
    own: dict[str, int], bounds: list[tuple[str, int]]
) -> None:
    assert CodeBounds(whole_micros=9, own=own).of("AC1", "AC2", "VA1") == tuple(Bound(*each) for each in bounds)


ADDRESS = "address:" + "a" * 64


async def many(watch: FraudWatch, **how: Any) -> int:
    """How many codes go out to numbers all over the country, before one does not; 100 at most."""
    for n in range(100):
        if await watch.refusal(sending(f"+4474{n:02d}{n:02d}0123", **how)) is not None:
            return n
    return 100


def test_an_address_from_which_nobody_answers_is_refused_and_named_as_such() -> None:
    async def story(scene: Scene) -> None:
        watch = scene.watch()
        assert await many(watch, origins=(ADDRESS,)) == 30
        assert await watch.refusal(sending("+447512340123", origins=(ADDRESS,))) == Refusal(
            60410,
            "of the codes that were asked for from this address (DeviceIp), 30 are unanswered and 0 were brought back "
            "lately; 30 may be unanswered.",
        )
        assert await watch.refusal(sending("+447512340123")) is None

    play(story)


def test_an_address_from_which_people_answer_has_room() -> None:
    async def story(scene: Scene) -> None:
        watch = scene.watch()
        for n in range(60):
            number = sending(f"+4474{n:02d}{n:02d}0123", origins=(ADDRESS,))
            assert await watch.refusal(number) is None
            await watch.approved(ACCOUNT, SERVICE, number.to, NOW, [ADDRESS])
        assert await many(watch, origins=(ADDRESS,)) == 100

    play(story)


PAID_FOR = ["+19005550100", "+448712345678", "+447012345678", "+37190000000", "+882160000000"]


@pytest.mark.parametrize("number", PAID_FOR)
def test_no_code_goes_to_a_number_whose_owner_is_paid_for_it(number: str) -> None:
    async def story(scene: Scene) -> None:
        refused = await scene.watch().refusal(sending(number))
        assert refused == Refusal(60410, "whoever texts or calls a number of this kind pays its owner for it.")
        assert await scene.watch(level=None).refusal(sending(number)) is None
        assert await scene.watch().refusal(sending(number, checked=False)) is None

    play(story)


@pytest.mark.parametrize("number", ["+12025550177", "+447900123456", "+37126000000", "+252615550100", "+18095550100"])
def test_peoples_numbers_of_dear_countries_get_theirs(number: str) -> None:
    async def story(scene: Scene) -> None:
        assert await scene.watch().refusal(sending(number)) is None

    play(story)


def test_a_mailbox_gets_ten_codes_that_it_does_not_answer_through_whatever_service() -> None:
    async def story(scene: Scene) -> None:
        mail = parse_mail_address("ann@customer.example")
        other = parse_mail_address("bob@customer.example")
        assert mail is not None
        assert other is not None

        def to(mailbox: MailAddress, n: int) -> Sending:
            return Sending(account=ACCOUNT, service=f"VA{n:032x}", to=mailbox, channel="email", at_ms=NOW)

        watch = scene.watch(countries=frozenset({"GB"}))
        answers = [await watch.refusal(to(mail, n)) for n in range(11)]
        assert answers[:10] == [None] * 10
        assert answers[10] is not None
        assert answers[10].why.startswith("of the codes that were mailed to this address, 10 are unanswered")
        assert await watch.refusal(to(other, 1)) is None
        await watch.approved(ACCOUNT, SERVICE, mail, NOW)
        assert await watch.refusal(to(mail, 1)) is None

    play(story)


def test_a_network_of_which_nobody_brings_codes_back_is_told_by_its_name() -> None:
    async def story(scene: Scene) -> None:
        scene.store._blocks[ACCOUNT, "network:aa"] = Block(unanswered=400, at_ms=NOW)
        refused = await scene.watch().refusal(sending(origins=("network:aa",), network="AS64500 OWL-NET"))
        assert refused is not None
        assert (refused.code, refused.why) == (
            60410,
            "of the codes that were asked for from the network of this address (DeviceIp), AS64500 OWL-NET, 400 are "
            "unanswered and 0 were brought back lately; 400 may be unanswered.",
        )

    play(story)
