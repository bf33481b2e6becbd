"""What keeps a code from going out, how that is explained, and what does not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from ringfence.domain.clock import ManualClock
from ringfence.domain.number import parse_e164
from ringfence.kms.memory import memory_key_service
from ringfence.ports.fraud_guard import Refusal, Sending
from ringfence.ports.verify_config import VerifyRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.verify.watch_for_fraud import FraudWatch

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
