"""What a start costs is counted before anything is sent, and taken back where nothing was."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.errors import ApiError
from ringfence.domain.rating import DEVELOPMENT_RATES
from ringfence.domain.recipient import Recipient
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.verify_service import VerifyService
from ringfence.kms.memory import memory_key_service
from ringfence.kms.service import KeyService
from ringfence.ports.fraud_guard import Refusal, Sending
from ringfence.ports.keys import Caller
from ringfence.ports.verification_codes import CodeOf
from ringfence.ports.verify_config import VerifyRow
from ringfence.roles.composition import compose_verifying
from ringfence.store.memory import MemoryStore
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.verify.services import create_verify_service
from ringfence.usecases.verify.start_request import StartRequest
from ringfence.usecases.verify.watch_for_fraud import CodeBounds, FraudWatch

NOW = 1_700_000_000_000
TEXT = DEVELOPMENT_RATES.outbound["US"]


class Bell:
    def ring(self) -> None: ...


class Counted(FraudWatch):
    """Notes what it was told."""

    def __init__(self, store: MemoryStore, keys: KeyService, bounds: CodeBounds) -> None:
        super().__init__(store, keys, level=None, bounds=bounds)
        self.sendings: list[Sending] = []
        self.brought_back: list[list[str]] = []

    async def refusal(self, sending: Sending) -> Refusal | None:
        self.sendings.append(sending)
        return await super().refusal(sending)

    async def approved(
        self, account: str, service: str, to: Recipient, at_ms: int, origins: Sequence[str] = ()
    ) -> None:
        self.brought_back.append(list(origins))
        await super().approved(account, service, to, at_ms, origins)


class Scene:
    async def open(self, texts: int) -> None:
        self.store, self.clock = MemoryStore(), ManualClock(NOW)
        self.keys = memory_key_service(self.clock)
        await self.keys.open()
        await self.store.open()
        made = await create_account(self.store, self.keys, self.clock, friendly_name="Shop")
        self.caller = Caller(account=made.sid, credential=made.sid, seed=slot_seed(made.auth_token, made.sid))
        self.guard = Counted(self.store, self.keys, CodeBounds(whole_micros=texts * TEXT))
        self.verifying = compose_verifying(
            self.store,
            self.keys,
            self.clock,
            Bell(),
            carrier="simulator",
            stock_sender=True,
            guard=self.guard,
            voices=Bell(),
        )
        self.service: VerifyRow = await create_verify_service(
            self.store, self.clock, made.sid, VerifyService(friendly_name="Shop")
        )

    async def bring_back(self, number: str) -> None:
        row = await self.verifying.reader.find(self.caller.account, self.service.sid, number)
        assert row is not None
        code = CodeOf(account=row.account, sid=row.sid, service=row.service, to=number)
        (told,) = await self.keys.reveal_codes([code])
        assert told is not None
        await self.verifying.checker.check(self.caller, self.service, told, to=number)

    async def start(self, number: str = "+12025550177", channel: str = "sms", **more: str) -> int:
        """0, or the code of the refusal."""
        request = StartRequest(to=number, channel=channel, **more)
        try:
            await self.verifying.starter.start(self.caller, self.service, request)
        except ApiError as error:
            return error.code
        return 0


def play(story: Callable[[Scene], Awaitable[None]], texts: int) -> None:
    async def played() -> None:
        scene = Scene()
        await scene.open(texts)
        await story(scene)

    asyncio.run(asyncio.wait_for(played(), 30))


def test_of_a_hundred_starts_at_once_as_many_go_out_as_may() -> None:
    async def story(scene: Scene) -> None:
        ends = await asyncio.gather(*(scene.start(f"+120255501{n:02d}") for n in range(100)))
        assert sorted(ends) == [0] * 7 + [60410] * 93
        epoch = (await scene.keys.sealing_key(scene.caller, scene.caller.account)).epoch
        assert len(await scene.store.unfinished(scene.caller.account, epoch)) == 7

    play(story, texts=7)


def test_who_asks_for_a_sixth_text_again_and_again_spends_nothing_of_the_others() -> None:
    async def story(scene: Scene) -> None:
        assert [await scene.start() for _ in range(5)] == [0] * 5
        assert {await scene.start() for _ in range(50)} == {60203}
        assert [await scene.start("+12025550178") for _ in range(2)] == [0, 60410]

    play(story, texts=6)


def test_where_a_start_came_from_is_told_again_when_its_code_is_brought_back() -> None:
    async def story(scene: Scene) -> None:
        await scene.start(device_ip="192.0.2.7")
        await scene.start(device_ip="192.0.2.8", tags='{"device_id": "7"}')
        held = [sending.origins for sending in scene.guard.sendings]
        assert [len(origins) for origins in held] == [1, 2]
        await scene.bring_back("+12025550177")
        assert scene.guard.brought_back == [sorted({*held[0], *held[1]})]

    play(story, texts=100)


@pytest.mark.parametrize("channel", ["sms", "call"])
def test_a_start_is_priced_by_its_channel(channel: str) -> None:
    async def story(scene: Scene) -> None:
        await scene.start(channel=channel)
        (sending,) = scene.guard.sendings
        assert (sending.price_micros == TEXT) is (channel == "sms")
        assert sending.price_micros > 0

    play(story, texts=100)


def test_long_words_cost_more_with_all_that_stands_around_them() -> None:
    async def story(scene: Scene) -> None:
        await scene.start(custom_friendly_name="Ж" * 32, app_hash="abcdefghijk")
        (sending,) = scene.guard.sendings
        assert sending.price_micros == 2 * TEXT

    play(story, texts=100)
